"""``pitstop case verify``, without what the other commands need."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pitstop.diagnostics.case_reading import opened_case
from pitstop.wire.base import View


class CheckedCase(View, frozen=True):
    """``known_key``: it was checked with a key that was given, not with the file's own."""

    system: str
    case: int
    made: datetime
    pitstop: str
    members: int
    fingerprint: str
    known_key: bool


def checked(file: Path, known: Path | None) -> CheckedCase:
    """Raises NotFound, InvalidCase, CaseNotGenuine."""
    key = known.read_text(encoding="utf-8", errors="replace") if known else None
    with opened_case(file, key) as opened:
        return CheckedCase(
            system=opened.contents.system,
            case=opened.contents.case,
            made=opened.contents.made,
            pitstop=opened.contents.pitstop,
            members=opened.check_all(),
            fingerprint=opened.fingerprint,
            known_key=known is not None,
        )
