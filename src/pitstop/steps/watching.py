"""Looking at what an operation says of itself while it lasts: how far it has come, and whom it waits for.

It writes lines into a file on its node; the last one counts. ``held:WHO``: it waits until they are done.
``STAGE:WHAT:PERCENT:TEXT`` as apt writes it (``APT::Status-Fd``): so far it has come.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pitstop.model.errors import StepFailed, Unreachable
from pitstop.steps.kind import StepContext

_EVERY_SECONDS = 2.0
_WHOLE = 1000
T = TypeVar("T")


async def watched(context: StepContext, doing: Coroutine[Any, Any, T], file: str) -> T:
    """Wait for the operation's end, and show meanwhile what it says in its file."""
    task = asyncio.ensure_future(doing)
    look = _Look(context, file, context.world.clock.now() + context.step.deadline)
    try:
        while not (await asyncio.wait({task}, timeout=_EVERY_SECONDS))[0]:
            with suppress(Unreachable, StepFailed):
                await look.again()
        return task.result()
    finally:
        task.cancel()


@dataclass
class _Look:
    context: StepContext
    file: str
    until: datetime
    waits: bool = False

    async def again(self) -> None:
        answer = await self.context.ask(f"tail -n 1 {shlex.quote(self.file)} 2>/dev/null")
        last = answer.output.strip()
        if last.startswith("held:"):
            await self._wait(f"{last.removeprefix('held:')} to be done")
        elif self.waits:
            await self._wait("the operation on the node to end", waits=False)
        with suppress(ValueError, IndexError):
            self.context.report(int(float(last.split(":")[2]) * _WHOLE / 100), _WHOLE)

    async def _wait(self, reason: str, *, waits: bool = True) -> None:
        await self.context.wait(reason, self.until)
        self.waits = waits
