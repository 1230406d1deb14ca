"""The read models of log bundles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pitstop.wire.base import View
from pitstop.wire.views import FindingView


class CollectedView(View, frozen=True):
    """One thing of a bundle. ``outcome``: collected, cut, left-out or failed; ``member``: where it lies in
    the file, "" where nothing of it does; ``note``: why it is not there, or not whole."""

    origin: str
    name: str
    outcome: str
    member: str
    lines: int
    size: int
    note: str


class SentView(View, frozen=True):
    """That a bundle was to be sent. ``place``: where it is now; without ``done`` it is under way."""

    target: str
    by: str
    begun: datetime
    done: datetime | None
    place: str
    finding: FindingView | None


class BundleView(View, frozen=True):
    """A log bundle. ``why``: asked or run-failed; ``state``: waiting, collecting, ready, failed or cancelled.

    ``parts`` and ``partsDone``: how many places are read, while it is collected; ``keptUntil``: when it goes,
    unless it is pinned or space is short before.
    """

    id: str
    file_name: str
    by: str
    why: str
    state: str
    created: datetime
    ended: datetime | None
    since: datetime
    until: datetime
    nodes: tuple[str, ...]
    roles: tuple[str, ...]
    run: str | None
    pseudonyms: bool
    pinned: bool
    kept_until: datetime
    size: int
    sha256: str
    parts: int
    parts_done: int
    failed: int
    removed: Mapping[str, int]
    collected: tuple[CollectedView, ...]
    sent: tuple[SentView, ...]
    findings: tuple[FindingView, ...]


class NewBundle(View, frozen=True):
    """What collecting logs asks for. Without a span the last ``hours`` (by default four); with neither nodes
    nor roles all nodes; ``pseudonyms`` and ``sos`` by default as the settings say."""

    since: datetime | None = None
    until: datetime | None = None
    hours: float | None = None
    nodes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    run: str | None = None
    pseudonyms: bool | None = None
    sos: bool = False


class Sending(View, frozen=True):
    """Where a bundle is to be sent: a target of the settings."""

    target: str


class TargetView(View, frozen=True):
    """A place that bundles may be sent to."""

    name: str
    says: str
    automatic: bool


class LogsOffer(View, frozen=True):
    """What may be chosen when logs are collected and sent."""

    nodes: tuple[str, ...]
    roles: tuple[str, ...]
    targets: tuple[TargetView, ...]
    pseudonyms: bool
