"""One update of one component by a node's management controller, from what an earlier attempt has begun to a
version that was read back.

A controller is told nothing while it is at something: the task of an earlier attempt is watched on, another's
is waited for. Where it is not known whether it took what it was told (the link was lost before it answered),
its own list of tasks says so. A controller that works on firmware is never interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

from pitstop.model.errors import (
    FirmwareBusy,
    FirmwareFailed,
    FirmwareHangs,
    OtherModel,
    StepFailed,
    Unreachable,
)
from pitstop.model.system import Node
from pitstop.ports.controllers import ApplyTime, Controllers, Hardware, Image, Task, TaskEnd
from pitstop.steps.content import sound_file
from pitstop.steps.kind import StepContext
from pitstop.steps.refusals import not_back

WAS, TASK, BOOT = "was", "task", "boot"
"""What is noted with a step: the version before its first attempt, the address of the controller's task (""
once its end is settled), and the boot identity of the node before its restart was ordered."""

_EVERY = timedelta(seconds=2)
_READ_BACK = timedelta(minutes=2)
_BOOT_ID = 'cat "$PITSTOP_ROOT/proc/sys/kernel/random/boot_id"'
_AWAY = "away"
_STAGED = "Pending"
"""DMTF's word for a task that waits for a condition, such as the restart, and has not begun to execute."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Update:
    """One component of one node, to this version with this image, until then at most."""

    context: StepContext
    component: str
    models: Sequence[str]
    version: str
    image: str
    apply: ApplyTime
    restart: bool
    until: datetime
    noted: dict[str, str] = field(default_factory=dict)

    @property
    def has_begun(self) -> bool:
        """Whether an earlier attempt has told the controller, and how that has ended is not settled."""
        return bool(self.noted.get(TASK))

    async def whole(self) -> None:
        """Bring it to its end. Raises StepFailed, Unreachable."""
        if self.has_begun:
            task = await self._watched(Task(self.noted[TASK], "Running"))
            if task.end in (TaskEnd.GOOD, None) or self.noted.get(BOOT):
                await self._used(task)
                return
            await self._settled()
        if WAS not in self.noted:
            await self._note(**{WAS: await self.installed()})
        await self._used(await self._told())

    async def free(self, uri: str = "") -> None:
        """Wait until the controller is at nothing: not at the task that another step has begun at this
        address, and at no other update.

        Raises:
            FirmwareHangs, FirmwareBusy: it still is when the time is over. Unreachable.
        """
        if uri:
            await self._watched(Task(uri, "Running"))
        while task := await self._call(lambda: self._controllers.busy(self._node)):
            await self._wait_while(FirmwareBusy(f"{self._of_node} is at another update: {task}"))

    async def hardware(self) -> Hardware:
        """What the controller says, where it is of the right model and has the component."""
        found = await self._call(lambda: self._controllers.hardware(self._node))
        if found.model not in self.models:
            wanted = " or ".join(self.models)
            raise OtherModel(f"node {self._node.name} is a {found.model!r}, and the image is for {wanted}")
        if self.component not in found.firmware:
            known = ", ".join(sorted(found.firmware)) or "nothing"
            raise FirmwareFailed(
                f"{self._of_node} knows of no {self.component}; it has {known}",
                hint="Is this the package for this hardware? Abort the run, and tell the publisher.",
            )
        return found

    async def installed(self) -> str:
        return (await self.hardware()).firmware[self.component]

    # --- telling it, and watching it

    async def _told(self) -> Task | None:
        """What the controller was told, at its end or waiting for the restart; None: it was told nothing, for
        the version is there by now."""
        await self.free()
        if await self.installed() == self.version:
            return None
        file = await sound_file(self.context, self.image)
        image = Image(file, PurePosixPath(self.image).name, self.component, self.apply)
        async with self._offered(image) as address:
            task = await self._taken(image, address)
            await self._note(**{TASK: task.uri})
            task = await self._watched(task)
        await self._require_good(task)
        if task.end is TaskEnd.GONE:
            await self._read_back("does not know its task any more")
        return task

    async def _require_good(self, task: Task) -> None:
        if task.end is TaskEnd.BAD:
            await self._settled()
            raise FirmwareFailed(f"{self._of_node} has not updated {self.component}: {_said_of(task)}")

    async def _taken(self, image: Image, address: str) -> Task:
        """The task, once the controller takes it: it may be at something that its list does not say."""
        while True:
            try:
                return await self._call(lambda: self._controllers.update(self._node, image, address))
            except FirmwareBusy as busy:
                await self._wait_while(busy)

    async def _watched(self, task: Task) -> Task:
        """The task at its end, or waiting for a restart that is still to be ordered. The controller may be
        away meanwhile: some restart themselves.

        Raises:
            FirmwareHangs, Unreachable: it has not ended when the time is over, or nobody can say.
        """
        lost: Unreachable | None = None
        while task.end is None and not (task.state == _STAGED and self._is_before_restart):
            await self._wait(f"its management controller to update {self.component} (task {task.uri})")
            self.context.report(task.percent or 0, 100)
            if self._now() > self.until:
                raise lost or FirmwareHangs(
                    f"{self._of_node} is still at it: task {task.uri} is {_said_of(task)}"
                )
            await self._sleep()
            try:
                task, lost = await self._call(partial(self._controllers.task, self._node, task.uri)), None
            except Unreachable as error:
                lost = error
        return task

    # --- putting it to use

    async def _used(self, task: Task | None) -> None:
        if self.restart and self.noted[WAS] != self.version:
            await self._restarted()
        if task is not None and task.end is None:
            await self._require_good(await self._watched(task))
        await self._read_back("has ended its task well")

    async def _restarted(self) -> None:
        """The machine has another boot identity than before it was told to restart, and answers. It is told
        so again only where it is still up as before."""
        before, now = self.noted.get(BOOT), await self._boot_id()
        if not before or now == before:
            before = now or _AWAY
            await self._note(**{BOOT: before})
            await self._call(lambda: self._controllers.restart(self._node))
        node = self._node.name
        await self._wait(f"node {node} to come back restarted")
        while await self._boot_id() in ("", before):
            if self._now() > self.until:
                raise not_back(self._node, "was restarted by its management controller and is not back")
            await self._sleep()

    async def _boot_id(self) -> str:
        try:
            answer = await self.context.world.nodes.ask(self._node, _BOOT_ID, deadline=timedelta(seconds=20))
        except (Unreachable, StepFailed):
            return ""
        return answer.output.strip() if answer.status == 0 else ""

    async def _read_back(self, ended: str) -> None:
        until = min(self.until, self._now() + _READ_BACK)
        while (said := await self._said_version()) != self.version:
            if self._now() > until:
                await self._settled()
                raise FirmwareFailed(
                    f"{self._of_node} {ended}, and {self.component} is at "
                    f"{said or 'a version that it does not say'}, not {self.version}"
                )
            await self._wait(f"its management controller to say {self.version} of {self.component}")
            await self._sleep()

    async def _said_version(self) -> str:
        try:
            return await self.installed()
        except Unreachable:
            return ""

    # --- what is noted, waited for and called

    async def _settled(self) -> None:
        """What was begun has come to an end that is of no use: it is begun anew."""
        await self._note(**{TASK: "", BOOT: ""})

    async def _note(self, **record: str) -> None:
        self.noted.update(record)
        await self.context.note(record)

    async def _wait_while(self, busy: FirmwareBusy) -> None:
        """Let a moment go by. Raises FirmwareBusy: the time is over."""
        if self._now() > self.until:
            raise busy
        await self._wait(f"its management controller to be free: {busy.message}")
        await self._sleep()

    async def _wait(self, what: str) -> None:
        await self.context.wait(what, self.until + _READ_BACK)

    async def _sleep(self) -> None:
        await self.context.world.clock.sleep_until(self._now() + _EVERY)

    @asynccontextmanager
    async def _offered(self, image: Image) -> AsyncIterator[str]:
        offer = self._controllers.offer(self._node, image)
        address = await asyncio.to_thread(offer.__enter__)
        try:
            yield address
        finally:
            await asyncio.to_thread(offer.__exit__, None, None, None)

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.to_thread(call)

    @property
    def _node(self) -> Node:
        return self.context.here

    @property
    def _controllers(self) -> Controllers:
        return self.context.world.controllers

    @property
    def _is_before_restart(self) -> bool:
        return self.apply is ApplyTime.ON_RESET and not self.noted.get(BOOT)

    @property
    def _of_node(self) -> str:
        return f"the management controller of node {self._node.name}"

    def _now(self) -> datetime:
        return self.context.world.clock.now()


def _said_of(task: Task) -> str:
    percent = "" if task.percent is None else f" at {task.percent} %"
    return f"{task.state}{percent}{': ' if task.said else ''}{task.said}"
