"""A finding is one thing an operator should know: the one shape in which Pitstop reports problems.

Rules yield findings, failed steps carry them, alerts are raised from them, the portal and the command
line show them. ``docs/runbooks/`` has a heading for each code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pitstop.model.errors import PitstopError


class Severity(StrEnum):
    """How bad it is. Critical blocks; Warning blocks unless overridden by name; Informational never."""

    CRITICAL = "Critical"
    WARNING = "Warning"
    INFORMATIONAL = "Informational"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know.

    Attributes:
        code: stable, kebab-case; the heading in the runbooks.
        subject: what it is about, such as ``node n3`` or ``update Northstar1.2402.0.8``.
        what: what is the case, in one sentence.
        remedy: what to do, as an instruction; empty only where nothing need be done.
        impact: what it means if nothing is done.
        detail: evidence, such as the last lines of an output; may have several lines.
    """

    code: str
    severity: Severity
    subject: str
    what: str
    remedy: str
    impact: str = ""
    detail: str = ""
    links: tuple[str, ...] = field(default=())

    @property
    def blocks(self) -> bool:
        """Whether this finding, not overridden, keeps an update from going on."""
        return self.severity is not Severity.INFORMATIONAL


def from_error(error: PitstopError, subject: str, *, impact: str = "", detail: str = "") -> Finding:
    """An error as a finding, for what goes on being shown. The error's notes are evidence."""
    notes = "\n".join(getattr(error, "__notes__", ()))
    return Finding(
        code=error.code,
        severity=getattr(error, "severity", None) or Severity.CRITICAL,
        subject=subject,
        what=error.message,
        remedy=error.hint,
        impact=impact,
        detail=detail or notes,
    )
