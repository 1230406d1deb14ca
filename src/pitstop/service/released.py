"""A day of release as text."""

from __future__ import annotations

from pitstop.model.releases import DatePrecision, ReleaseDate


def released_text(released: ReleaseDate | None) -> str:
    """``2026-04-21``; with month precision ``2026-04``; ``not before 2026-04-21``; "" when not known."""
    if released is None:
        return ""
    text = released.day.isoformat()
    match released.precision:
        case DatePrecision.DAY:
            return text
        case DatePrecision.MONTH:
            return text[:7]
        case DatePrecision.NOT_BEFORE:
            return f"not before {text}"
