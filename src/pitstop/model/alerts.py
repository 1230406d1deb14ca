"""Alerts: findings that are raised and closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pitstop.model.findings import Finding, Severity

KEPT = timedelta(days=7)
"""How long an alert is still there after it was closed."""

ITSELF = "pitstop"
"""Who has closed an alert whose cause is gone."""


CLOSED = "closed"
"""What channels are told of an alert that is not active any more; before, they are told its severity."""

QUIET = timedelta(minutes=2)
"""How long nobody is told of a failed run, while the system's own checks find out how bad it is."""


class AlertState(StrEnum):
    """``held``: seen, and held back while an update is under way, during which it would only be noise."""

    ACTIVE = "active"
    HELD = "held"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What a failed run has left. ``needs-attention``: the system's own checks pass, it can wait for business
    hours; ``failed``: they do not, or nobody knows."""

    NEEDS_ATTENTION = "needs-attention"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Owed:
    """What a channel is to be told of an alert: its ``state``, a severity or ``closed``; and what it was told
    ``before``, "" for nothing."""

    alert: Alert
    state: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding with its times.

    Attributes:
        raised: when it became active; of one that is held back, when it was first seen.
        refreshed: when its cause was seen last.
        reason: why it was closed, in the words of whoever closed it.
        source: which look found it, such as ``source northstar``; "" for what an event raised.
        update: the update whose failed run raised it.
    """

    id: str
    finding: Finding
    raised: datetime
    refreshed: datetime
    closed: datetime | None = None
    closed_by: str = ""
    reason: str = ""
    source: str = ""
    update: str | None = None
    held: bool = False

    @property
    def state(self) -> AlertState:
        if self.closed is not None:
            return AlertState.CLOSED
        return AlertState.HELD if self.held else AlertState.ACTIVE

    @property
    def active(self) -> bool:
        return self.state is AlertState.ACTIVE

    @property
    def verdict(self) -> Verdict | None:
        """Of an alert that a failed run raised."""
        if self.update is None:
            return None
        critical = self.finding.severity is Severity.CRITICAL
        return Verdict.FAILED if critical else Verdict.NEEDS_ATTENTION
