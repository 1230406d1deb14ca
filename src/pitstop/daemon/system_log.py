"""The audit log, with the machine's system log behind it, for where the database cannot be written."""

from __future__ import annotations

import syslog
from collections.abc import Sequence

from pitstop.model.audit import AuditEntry
from pitstop.model.errors import PitstopError
from pitstop.ports.records import AuditLog

NAME = "pitstop-rescue"


class LastingAuditLog:
    """Implements :class:`pitstop.ports.records.AuditLog`.

    Attributes:
        elsewhere: why entries went to the system log instead; "" where none did.
    """

    def __init__(self, inner: AuditLog, elsewhere: str = "") -> None:
        self._inner = inner
        self.elsewhere = elsewhere

    def audit(self, entry: AuditEntry) -> int:
        if not self.elsewhere:
            try:
                return self._inner.audit(entry)
            except PitstopError as error:
                self.elsewhere = error.message
        syslog.openlog(NAME, syslog.LOG_PID, syslog.LOG_AUTHPRIV)
        syslog.syslog(syslog.LOG_NOTICE, _line(entry))
        return 0

    def entries(self, limit: int = 200) -> Sequence[AuditEntry]:
        return self._inner.entries(limit)


def _line(entry: AuditEntry) -> str:
    """On one line: nobody can write a second entry by a name with a line break."""
    said = f"{entry.who} ({entry.origin}): {entry.what}, {entry.subject}: {entry.outcome}"
    return "".join(sign if sign.isprintable() else "?" for sign in said)
