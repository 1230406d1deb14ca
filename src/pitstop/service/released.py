"""A day of release as text."""

from __future__ import annotations

from pitstop.model.releases import DatePrecision, ReleaseDate


def released_text(released: ReleaseDate | None) -> str:
    """``2026-04-21``; with month precision ``2026-04``; "" when it is not known."""
    if released is None:
        return ""
    text = released.day.isoformat()
    return text if released.precision is DatePrecision.DAY else text[:7]
