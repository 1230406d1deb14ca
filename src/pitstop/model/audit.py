"""The audit log: who did what, when, from where, and how it ended. Append-only.

A change has two entries: one that says that it has begun, written before anything is changed, and one that
completes it. A first without a second is a change of which nobody could write down how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act.

    Attributes:
        outcome: ``begun``, ``done``, ``refused: <code>`` with the error's code, or ``broke: <type>``.
        number: its place in the log; 0 until it is there.
        completes: the number of the entry that said that this act had begun; None: it stands alone.
    """

    at: datetime
    who: str
    what: str
    subject: str
    origin: str
    outcome: str
    number: int = field(default=0, compare=False)
    completes: int | None = None
