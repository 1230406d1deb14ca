"""Alerts and their channels, as the API, the portal and the command line show them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from pitstop.model.alerts import AlertState
from pitstop.model.findings import Severity
from pitstop.wire.base import View
from pitstop.wire.views import FindingView


class LinkView(View, frozen=True):
    """Where to go: an address, or a path of the portal."""

    words: str
    url: str


class AlertView(View, frozen=True):
    """An alert. ``verdict``: of a failed run, ``needs-attention`` or ``failed``. ``steps``: what to do,
    in this order. ``run``: the run whose failure raised it."""

    id: str
    finding: FindingView
    state: AlertState
    raised: datetime
    refreshed: datetime
    closed: datetime | None
    closed_by: str
    reason: str = ""
    source: str = ""
    verdict: str = ""
    steps: tuple[str, ...] = ()
    links: tuple[LinkView, ...] = ()
    update: str | None = None
    run: str | None = None


class CloseAlert(View, frozen=True):
    """Why it is closed."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ChannelView(View, frozen=True):
    """Where alerts are sent on to, and how that does. ``problem``: what it failed with last, "" where it
    works; it is left alone until ``due``. ``took``: when it last took something."""

    name: str
    says: str
    at_least: Severity
    failures: int
    problem: str
    due: datetime | None
    took: datetime | None
