"""The audit log: who did what, when, from where, and how it ended. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. ``outcome`` is ``done``, or ``refused: <code>`` with the error's code."""

    at: datetime
    who: str
    what: str
    subject: str
    origin: str
    outcome: str
