"""Reading one node: its journal, its files, what commands say; one by one, so that it is not felt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pitstop.diagnostics import node_sources
from pitstop.diagnostics.budget import Purse
from pitstop.diagnostics.intake import Intake
from pitstop.diagnostics.node_sources import MOST_FILES, NOT_HERE, ListedFile
from pitstop.diagnostics.work import Work
from pitstop.model.errors import NoSpace, PitstopError, StateUnusable, Unreachable
from pitstop.model.logs import Collected, Outcome, Wanted
from pitstop.model.system import Node
from pitstop.ports.logs import NodeStreams, Streamed
from pitstop.wire.formats import size

_NOT_FOUND: Final = 127
_MOST_LISTED: Final = 4 << 20
_LOST_IN_A_ROW: Final = 2
_TEXTS: Final = (".log", ".txt")
"""Of files that are named so, any machine knows that they are texts; the others get the latter behind."""
_SOS: Final = "var/tmp/pitstop-sos"


@dataclass(frozen=True, slots=True)
class What:
    """What is read on nodes.

    Attributes:
        files: patterns of paths in the node's root; ``*`` stands for slashes too.
        commands: shell texts by name.
        sos: whether each node always makes a report with ``sos``.
    """

    files: tuple[str, ...] = node_sources.DEFAULT_FILES
    commands: Mapping[str, str] = field(default_factory=lambda: dict(node_sources.DEFAULT_COMMANDS))
    sos: bool = False


@dataclass(frozen=True, slots=True)
class _Thing:
    """What one script brings.

    Attributes:
        before: why it will not be whole, known before it is read.
        after: what is said of it where the limit was met; it comes through a pipe then, from the middle on.
        tolerant: whether it is of worth whatever it ends with.
    """

    name: str
    script: str
    place: tuple[str, ...]
    before: str = ""
    after: str = ""
    tolerant: bool = False


class NodeReading:
    """One node of one bundle."""

    def __init__(self, work: Work, streams: NodeStreams, what: What, wanted: Wanted, node: Node) -> None:
        self._work = work
        self._streams = streams
        self._what = what
        self._wanted = wanted
        self._node = node
        self._purse = Purse(work.bounds.node, work.purse)
        self._origin = f"node {node.name}"
        self._lost = 0

    async def everything(self) -> list[Collected]:
        """All of it. Raises NoSpace."""
        most = self._work.bounds.thing
        journal = node_sources.journal(self._wanted.since, self._wanted.until, most)
        newest = f"the newest {size(most)}"
        collected = [await self._thing(_Thing("journal", journal, self._place("journal.log"), after=newest))]
        collected += await self._commands()
        listing = node_sources.list_files(self._what.files, self._wanted.since)
        collected += await self._files("files", listing)
        if self._wanted.sos or self._what.sos:
            collected += await self._sos()
        return collected

    async def _commands(self) -> list[Collected]:
        return [
            await self._thing(
                _Thing(
                    name,
                    node_sources.run_command(command),
                    self._place("commands", f"{name}.txt"),
                    tolerant=True,
                )
            )
            for name, command in self._what.commands.items()
        ]

    async def _files(self, called: str, listing: str) -> list[Collected]:
        """The files that a listing names, the newest first."""
        files, collected = await self._listed(called, listing)
        if not files and not collected:
            note = "no file was changed in this span"
            return [Collected(self._origin, called, Outcome.COLLECTED, note=note)]
        collected += [await self._one_of(called, file) for file in files[:MOST_FILES]]
        if len(files) > MOST_FILES:
            note = f"{len(files) - MOST_FILES} further files, older ones: only {MOST_FILES} are taken"
            collected.append(Collected(self._origin, f"further {called}", Outcome.LEFT_OUT, note=note))
        return collected

    async def _one_of(self, called: str, file: ListedFile) -> Collected:
        if not file.is_named:
            note = "its name is no UTF-8"
            return Collected(self._origin, self._work.shown(file.shown), Outcome.LEFT_OUT, note=note)
        return await self._thing(self._file(called, file))

    def _file(self, called: str, file: ListedFile) -> _Thing:
        most = self._work.bounds.thing
        too_long = file.size > most and not file.is_packed
        before = f"the newest {size(most)} of {size(file.size)}" if too_long else ""
        after = f"the newest {size(most)}" if file.is_packed else ""
        place = self._place(called, file.shown if file.shown.endswith(_TEXTS) else f"{file.shown}.txt")
        return _Thing(file.shown, node_sources.read_file(file, most), place, before, after)

    async def _listed(self, called: str, listing: str) -> tuple[Sequence[ListedFile], list[Collected]]:
        """The files that a listing names, and what is to be said of those that it does not."""
        why_not = self._why_not()
        if why_not:
            return (), [Collected(self._origin, called, Outcome.FAILED, note=why_not)]
        output = bytearray()

        async def take(piece: bytes) -> bool:
            output.extend(piece)
            return len(output) < _MOST_LISTED

        try:
            ended = await self._streams.stream(self._node, listing, take, deadline=self._work.time_for_one())
        except PitstopError as error:
            return (), [self._failed(called, error)]
        lacking = []
        if ended.status or ended.complaint:
            note = self._work.shown(ended.complaint) or f"it ended with status {ended.status}"
            lacking.append(Collected(self._origin, f"some {called}", Outcome.FAILED, note=note))
        if ended.status is None:
            note = "there are more files than can be listed"
            lacking.append(Collected(self._origin, f"further {called}", Outcome.LEFT_OUT, note=note))
        return node_sources.listed(bytes(output)), lacking

    async def _thing(self, thing: _Thing) -> Collected:
        """Read one thing. Raises NoSpace."""
        why_not = self._why_not()
        if why_not:
            return Collected(self._origin, thing.name, Outcome.FAILED, note=why_not)
        if self._purse.left <= 0:
            note = "the limit of bytes for this node, or for the bundle, was reached before it"
            return Collected(self._origin, thing.name, Outcome.LEFT_OUT, note=note)
        from_middle = bool(thing.before or thing.after)
        intake = self._work.intake(self._purse, most=self._work.bounds.thing, from_middle=from_middle)
        try:
            ended = await self._streams.stream(
                self._node, thing.script, intake.take, deadline=self._work.time_for_one()
            )
        except (NoSpace, StateUnusable, asyncio.CancelledError):
            intake.drop()
            raise
        except PitstopError as error:
            failed = self._failed(thing.name, error)
            if not intake.taken:
                return failed
            return await self._work.put(self._origin, thing.name, thing.place, intake, failed.note)
        self._lost = 0
        return await self._put(thing, ended, intake)

    async def _put(self, thing: _Thing, ended: Streamed, intake: Intake) -> Collected:
        said = self._work.shown(ended.complaint)
        if ended.status == NOT_HERE or (thing.tolerant and ended.status == _NOT_FOUND):
            return Collected(
                self._origin, thing.name, Outcome.LEFT_OUT, note=said or "this node has no such command"
            )
        if not ended.status:
            met = thing.after if intake.taken >= self._work.bounds.thing else ""
            return await self._work.put(self._origin, thing.name, thing.place, intake, thing.before or met)
        why = f"it ended with status {ended.status}" + (f": {said}" if said else "")
        if intake.taken <= bool(thing.after):
            return Collected(self._origin, thing.name, Outcome.FAILED, note=why)
        if thing.tolerant:
            collected = await self._work.put(self._origin, thing.name, thing.place, intake)
            return replace(collected, note=collected.note or why)
        return await self._work.put(self._origin, thing.name, thing.place, intake, why)

    def _why_not(self) -> str:
        """Why nothing more is tried on this node."""
        if self._lost >= _LOST_IN_A_ROW:
            return "not tried: the node had not answered twice before"
        return "" if self._work.time_for_one() else "not tried: the time for the bundle was used up"

    def _failed(self, name: str, error: PitstopError) -> Collected:
        self._lost += isinstance(error, Unreachable)
        return Collected(self._origin, name, Outcome.FAILED, note=self._work.shown(error.message))

    async def _sos(self) -> list[Collected]:
        """A report of ``sos``, taken file by file like any other; then it is removed from the node."""
        folder = f"{_SOS}-{self._wanted.until:%Y%m%d%H%M%S}"
        made = await self._thing(
            _Thing("sos report", node_sources.make_sos_report(folder), self._place("sos.txt"))
        )
        if made.outcome is not Outcome.COLLECTED:
            return [made]
        collected = await self._files("sos", node_sources.list_folder(folder))
        try:
            await self._streams.stream(
                self._node, node_sources.drop_folder(folder), _ignore, deadline=self._work.bounds.each
            )
        except PitstopError as error:
            note = f"{folder} stays on the node: {self._work.shown(error.message)}"
            collected.append(Collected(self._origin, "removal of the sos report", Outcome.FAILED, note=note))
        return collected

    def _place(self, *parts: str) -> tuple[str, ...]:
        return ("nodes", self._node.name, *parts)


async def _ignore(_piece: bytes) -> bool:
    return True
