"""One bundle while it is collected: what all that is read for it has in common."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from pitstop.diagnostics.budget import Bounds, Purse, Room
from pitstop.diagnostics.bundle_file import BundleFile
from pitstop.diagnostics.intake import Intake
from pitstop.diagnostics.redaction import Rules
from pitstop.model.logs import Collected, Outcome
from pitstop.wire.formats import size


class Work:
    """Used by all tasks of one bundle.

    Attributes:
        removed: finds that were removed, by name of the pattern.
        seconds, taken: processor time that removing them took, and the bytes that were looked at.
    """

    def __init__(self, folder: Path, file: BundleFile, rules: Rules, room: Room, bounds: Bounds) -> None:
        self.file = file
        self.rules = rules
        self.bounds = bounds
        self.purse = Purse(bounds.whole)
        self.removed: Counter[str] = Counter()
        self.seconds = 0.0
        self.taken = 0
        self._folder = folder
        self._room = room
        self._spools = 0
        self._ends = asyncio.get_running_loop().time() + bounds.long.total_seconds()

    def time_for_one(self) -> timedelta:
        """How long the next thing may take; zero: the time is used up."""
        left = self._ends - asyncio.get_running_loop().time()
        return max(timedelta(0), min(self.bounds.each, timedelta(seconds=left)))

    def intake(self, purse: Purse, *, most: int, from_middle: bool = False) -> Intake:
        self._spools += 1
        spool = self._folder / f"{self._spools:06}"
        return Intake(self.rules, spool, most, purse, self._room, from_middle=from_middle)

    async def put(
        self, origin: str, name: str, place: tuple[str, ...], intake: Intake, note: str = ""
    ) -> Collected:
        """What was taken in, put into the bundle; ``note``: why it is not whole, if it is not."""
        await intake.close()
        self._count(intake)
        if intake.is_binary:
            return Collected(origin, name, Outcome.LEFT_OUT, note="no text: secrets could not be found in it")
        if intake.is_cut:
            note = f"only the first {size(intake.taken)}: a limit was reached"
        outcome = Outcome.CUT if note else Outcome.COLLECTED
        if not intake.redactor.given:
            return Collected(origin, name, outcome, note=note)
        member = self.file.name(*(self.shown(part) for part in place))
        await self.file.add(member, intake.spool)
        return Collected(origin, name, outcome, member, intake.redactor.lines, intake.redactor.given, note)

    async def put_text(self, origin: str, name: str, place: tuple[str, ...], text: str) -> Collected:
        """A text that is all there."""
        intake = self.intake(self.purse, most=self.bounds.thing)
        await intake.take(text.encode("utf-8", "replace"))
        return await self.put(origin, name, place, intake)

    def shown(self, text: str) -> str:
        """A name as the bundle may show it."""
        return self.rules.text(text)

    def _count(self, intake: Intake) -> None:
        self.removed += intake.redactor.removed
        self.seconds += intake.redactor.seconds
        self.taken += intake.redactor.taken

    def counts(self) -> Mapping[str, int]:
        """What was removed, and how many names were replaced."""
        return {
            **dict(sorted(self.removed.items())),
            **(self.rules.pseudonyms.counts() if self.rules.pseudonyms else {}),
        }
