"""The table in `docs/alerts.md`, made from the one in the code; the words around it are written there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pitstop.policy.alert_kinds import ALERT_KINDS, AlertKind

PAGE = Path(__file__).parent.parent / "docs" / "alerts.md"
_BEGIN = "<!-- Made from the code by `make docs`: -->\n"
_END = "<!-- so far -->\n"


def alerts_page() -> str:
    """The whole page, with the table as it is in the code."""
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    return before + begin + "".join(f"{line}\n" for line in _table()) + end + after


def _table() -> Iterator[str]:
    yield ""
    yield "| alert | raised when | closes when | held back during updates | closed by hand, comes again |"
    yield "|---|---|---|---|---|"
    yield from map(_row, ALERT_KINDS)
    yield ""


def _row(kind: AlertKind) -> str:
    codes = ", ".join(f"`{code}`" for code in kind.codes)
    name = f"{kind.name} ({codes})" if codes else kind.name
    again = "at the next look" if kind.source else "when it happens again"
    if kind.rest >= timedelta(days=1):
        again = "a day later"
    return f"| {name} | {kind.raised} | {kind.closes} | {kind.held} | {again} |"
