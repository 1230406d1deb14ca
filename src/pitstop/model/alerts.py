"""Alerts: findings that are raised and closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pitstop.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding with its times. Active while ``closed`` is None."""

    id: str
    finding: Finding
    raised: datetime
    refreshed: datetime
    closed: datetime | None = None
    closed_by: str = ""

    @property
    def active(self) -> bool:
        return self.closed is None
