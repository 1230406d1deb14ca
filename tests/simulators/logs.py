"""Log bundles in memory, for faces: :class:`pitstop.service.desk.LogsDesk` without nodes behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import Conflict, InvalidInput, InvalidMove, NotFound
from pitstop.wire.log_views import (
    BundleView,
    CollectedView,
    LogsOffer,
    NewBundle,
    SentView,
    TargetView,
)

NOW = datetime(2024, 5, 14, 9, 30, tzinfo=UTC)
FILE = b"PK\x05\x06" + bytes(18)
"""An empty zip file."""
READY, FOR_RUN = "5e1c0de0-0001", "7a2f90b1-0002"


@dataclass
class SimulatedLogs:
    """Collects at once: a node answers, another one does not.

    Attributes:
        bundles: by id; a test may put others in their place.
    """

    bundles: dict[str, BundleView] = field(default_factory=dict)
    nodes: tuple[str, ...] = ("n1", "n2")

    def list(self, actor: Actor) -> tuple[BundleView, ...]:
        actor.require(Permission.READ_LOGS)
        return tuple(
            msgspec.structs.replace(bundle, collected=()) for bundle in reversed(self.bundles.values())
        )

    def show(self, actor: Actor, bundle_id: str) -> BundleView:
        actor.require(Permission.READ_LOGS)
        return self._of(bundle_id)

    def offer(self, actor: Actor) -> LogsOffer:
        actor.require(Permission.READ_LOGS)
        target = TargetView(name="vendor", says="sftp://logs@files.example:22/incoming", automatic=False)
        return LogsOffer(nodes=self.nodes, roles=("host", "storage"), targets=(target,), pseudonyms=False)

    def collect(self, actor: Actor, new: NewBundle) -> BundleView:
        actor.require(Permission.COLLECT_LOGS)
        unknown = sorted({*new.nodes} - {*self.nodes})
        if unknown:
            raise InvalidInput(
                f"there is no node {unknown[0]}", hint=f"The nodes are {', '.join(self.nodes)}."
            )
        until = new.until or NOW
        since = new.since or until - timedelta(hours=new.hours or 4)
        bundle = a_bundle(f"5e1c0de0-{len(self.bundles) + 1:04}", actor.name, since, until)
        bundle = msgspec.structs.replace(bundle, nodes=new.nodes, roles=new.roles, run=new.run)
        self.bundles[bundle.id] = bundle
        return bundle

    def cancel(self, actor: Actor, bundle_id: str) -> BundleView:
        actor.require(Permission.COLLECT_LOGS)
        bundle = self._of(bundle_id)
        if bundle.state not in ("waiting", "collecting"):
            raise InvalidMove(f"log bundle {bundle_id} is {bundle.state} and cannot be called-off")
        return self._put(msgspec.structs.replace(bundle, state="cancelled", ended=NOW))

    def pin(self, actor: Actor, bundle_id: str, *, pinned: bool) -> BundleView:
        actor.require(Permission.COLLECT_LOGS)
        return self._put(msgspec.structs.replace(self._of(bundle_id), pinned=pinned))

    def file(self, actor: Actor, bundle_id: str) -> Path:
        actor.require(Permission.READ_LOGS)
        if self._of(bundle_id).state != "ready":
            raise Conflict(f"log bundle {bundle_id} has no file")
        path = Path(mkdtemp()) / "logs.zip"
        path.write_bytes(FILE)
        return path

    def send(self, actor: Actor, bundle_id: str, target: str) -> BundleView:
        actor.require(Permission.COLLECT_LOGS)
        bundle = self._of(bundle_id)
        if target != "vendor":
            raise NotFound(f"there is no target {target!r}", hint="The settings name vendor.")
        place = f"sftp://logs@files.example:22/incoming/{bundle.file_name}"
        sent = SentView(target=target, by=actor.name, begun=NOW, done=NOW, place=place, finding=None)
        return self._put(msgspec.structs.replace(bundle, sent=(*bundle.sent, sent)))

    def remove(self, actor: Actor, bundle_id: str) -> None:
        actor.require(Permission.OPERATE)
        if self._of(bundle_id).pinned:
            raise Conflict(f"log bundle {bundle_id} is pinned", hint="Unpin it first.")
        del self.bundles[bundle_id]

    def _put(self, bundle: BundleView) -> BundleView:
        self.bundles[bundle.id] = bundle
        return bundle

    def _of(self, bundle_id: str) -> BundleView:
        if bundle_id not in self.bundles:
            raise NotFound(f"there is no log bundle {bundle_id}")
        return self.bundles[bundle_id]


def a_bundle(bundle_id: str, by: str, since: datetime, until: datetime) -> BundleView:
    """One that is ready."""
    return BundleView(
        id=bundle_id,
        file_name=f"pitstop-logs-20240514-093000-{bundle_id[:8]}.zip",
        by=by,
        why="asked",
        state="ready",
        created=NOW,
        ended=NOW + timedelta(seconds=40),
        since=since,
        until=until,
        nodes=(),
        roles=(),
        run=None,
        pseudonyms=False,
        pinned=False,
        kept_until=NOW + timedelta(days=90),
        size=len(FILE),
        sha256="8739c76e681f900923b900c9df0ef75cf421d39cabb54650c4b9ad19b6a76d85",
        parts=0,
        parts_done=0,
        failed=1,
        removed={"header": 2, "setting": 17},
        collected=tuple(_things()),
        sent=(),
        findings=(),
    )


def _things() -> list[CollectedView]:
    unreachable = "node n2 at 10.0.0.12:22 cannot be reached: timed out"
    lantern = "/var/log/lantern.log"
    return [
        _there("service", "service.log", "service/service.log", 812, size=70_204),
        _not_there("runs", "runs", "collected", "there was no run in this span"),
        _there("node n1", "journal", "nodes/n1/journal.log", 20_118, size=2_410_220),
        msgspec.structs.replace(
            _there("node n1", lantern, f"nodes/n1/files{lantern}", 611_000, size=67_108_864),
            outcome="cut",
            note="the newest 67 MB of 210 MB",
        ),
        _not_there("node n1", "/var/log/quiet.log", "collected", ""),
        _not_there("node n1", "/var/log/wtmp", "left-out", "no text: secrets could not be found in it"),
        _not_there("node n2", "everything", "failed", unreachable),
    ]


def _there(origin: str, name: str, member: str, lines: int, *, size: int) -> CollectedView:
    return CollectedView(
        origin=origin, name=name, outcome="collected", member=member, lines=lines, size=size, note=""
    )


def _not_there(origin: str, name: str, outcome: str, note: str) -> CollectedView:
    return CollectedView(origin=origin, name=name, outcome=outcome, member="", lines=0, size=0, note=note)


def some_bundles() -> SimulatedLogs:
    """One that was asked for, and one that was collected by itself and is pinned."""
    asked = a_bundle(READY, "ada", NOW - timedelta(hours=4), NOW)
    of_run = msgspec.structs.replace(
        a_bundle(FOR_RUN, "pitstop", NOW - timedelta(hours=1), NOW),
        why="run-failed",
        run="c4a1f2d0-0000-4000-8000-000000000000",
        pinned=True,
        failed=0,
        collected=tuple(thing for thing in _things() if thing.outcome != "failed"),
    )
    return SimulatedLogs({READY: asked, FOR_RUN: of_run})
