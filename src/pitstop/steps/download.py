"""``download``: bring what the update's content lacks, with as few bytes as can be.

That is the payload volumes or, where content of an earlier package is here, deltas on top of it: whichever is
less to fetch. What is here and right is kept. Where the deltas fail, for whatever reason, it is the volumes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pitstop.model.errors import InvalidPackage, NotFound, PitstopError, TrustError, Unreachable
from pitstop.model.packages import Volume
from pitstop.package.delta_route import Delta, Route, cheapest_route
from pitstop.ports.feeds import Feed
from pitstop.ports.payloads import PayloadStore, Progress
from pitstop.steps.kind import Done, StepContext, StepKind
from pitstop.steps.nothing import NoArgs

_HERE = Done("all content is here already")
_DELTAS_FAIL = (InvalidPackage, NotFound, TrustError, Unreachable)
"""After these the full payload may still be had."""


async def _probe(context: StepContext, _args: NoArgs) -> Done | None:
    context.require_package()
    missing = await asyncio.to_thread(context.world.payloads.missing_content, context.package)
    return None if missing else _HERE


async def _act(context: StepContext, args: NoArgs) -> Done:
    here = await _probe(context, args)
    if here is not None:
        return here
    world, package = context.world, context.package
    download = _Download(world.payloads, package, lambda: world.feed(package), context.report)
    return await asyncio.to_thread(download.run)


@dataclass
class _Download:
    """Fetches what lacks. Blocks."""

    payloads: PayloadStore
    package: str
    open_feed: Callable[[], Feed]
    progress: Progress

    def run(self) -> Done:
        volumes = self.payloads.metadata(self.package).volumes
        missing = {volume for volume in volumes if not is_right(self._place(volume), volume)}
        lacking = sum(volume.size for volume in missing)
        said = ""
        if missing:
            try:
                route = self._route()
                if route and self._to_fetch(route) < lacking:
                    return self._by_deltas(route, lacking)
            except _DELTAS_FAIL as error:
                said = f"no delta could be used: {_plain(error)}\n"
        return Done(said + self._by_volumes(volumes, missing))

    @cached_property
    def _feed(self) -> Feed:
        return self.open_feed()

    def _place(self, volume: Volume) -> Path:
        return self.payloads.volume(self.package, volume.name)

    # --- deltas ------------------------------------------------------------------------------------------

    def _route(self) -> Route | None:
        """The cheapest one: of the deltas that lie here already, else of all that are signed."""
        here = self._deltas_here
        return cheapest_route(self.package, here, self._is_held) or cheapest_route(
            self.package, filter(self._is_known, self._feed.deltas()), self._is_held, self._cost
        )

    @cached_property
    def _deltas_here(self) -> frozenset[Delta]:
        return frozenset(filter(self._is_known, self.payloads.deltas(self.package)))

    def _is_known(self, delta: Delta) -> bool:
        """Whether the documents of both its ends are here."""
        try:
            for package in (delta.package, delta.base):
                self.payloads.metadata(package)
        except NotFound:
            return False
        return True

    def _is_held(self, package: str) -> bool:
        return not self.payloads.missing_content(package)

    def _cost(self, delta: Delta) -> int:
        return 0 if delta in self._deltas_here else delta.size

    def _to_fetch(self, route: Route) -> int:
        return sum(map(self._cost, route))

    def _by_deltas(self, route: Route, instead_of: int) -> Done:
        to_fetch, before = self._to_fetch(route), 0
        for delta in route:
            if self._cost(delta):
                place = self.payloads.delta(self.package, delta)
                shifted = _shifted(self.progress, before, to_fetch)
                self._feed.fetch_volume(delta.package, delta.name, place, shifted)
                before += delta.size
        # Making the content takes seconds; what is shown is bytes that were fetched.
        self.payloads.rebuild(self.package, route, lambda _done, _in_all: self.progress(to_fetch, to_fetch))
        over = "".join(f", {delta.base}" for delta in route[1:])
        return Done(
            f"made from {route[0].base}{over}: {to_fetch} bytes of {len(route)} deltas fetched instead of "
            f"{instead_of}"
        )

    # --- volumes -----------------------------------------------------------------------------------------

    def _by_volumes(self, volumes: tuple[Volume, ...], missing: set[Volume]) -> str:
        in_all, before = sum(volume.size for volume in volumes), 0
        for volume in volumes:
            if volume in missing:
                shifted = _shifted(self.progress, before, in_all)
                self._feed.fetch_volume(self.package, volume.name, self._place(volume), shifted)
            before += volume.size
            self.progress(before, in_all)
        return f"{len(missing)} fetched, {len(volumes) - len(missing)} here already, {in_all} bytes in all"


def is_right(path: Path, volume: Volume) -> bool:
    """Whether the whole volume lies there, byte for byte."""
    try:
        if path.stat().st_size != volume.size:
            return False
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == volume.sha256
    except FileNotFoundError:
        return False


def _shifted(progress: Progress, before: int, in_all: int) -> Callable[[int, int], None]:
    """One file's progress as part of all of them."""
    return lambda done, _of_file: progress(before + done, in_all)


def _plain(error: PitstopError) -> str:
    return error.message.rstrip(".")


DOWNLOAD = StepKind("download", NoArgs, _act, _probe, on_node=False, in_plans=False, changes_nothing=True)
