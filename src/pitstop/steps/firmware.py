"""``firmware``: bring firmware onto a node by way of its management controller (Redfish).

The controller is asked what it has, told to update, and watched until its task has ended; then the version is
read back, and only that counts. Nothing is begun on a machine of another model. That the controller was told
is written down with the address of its task: whoever takes the run over goes on watching, and tells it
nothing twice. A controller that works on firmware is never interrupted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from pitstop.model.errors import (
    FirmwareFailed,
    FirmwareHangs,
    NodeNotBack,
    OtherModel,
    StepFailed,
    Unreachable,
)
from pitstop.model.system import Node
from pitstop.ports.controllers import ApplyTime, Controllers, Hardware, Image, Task, TaskEnd
from pitstop.steps.content import sound_file
from pitstop.steps.kind import Done, StepContext, StepKind, is_under_way

WAS = "was"
_EVERY = timedelta(seconds=2)
_SHARE_OF_DEADLINE = 0.95
_READ_BACK = timedelta(minutes=2)
_BOOT_ID = 'cat "$PITSTOP_ROOT/proc/sys/kernel/random/boot_id"'
_TASK = re.compile(r"\(task (\S+)\)\Z")
T = TypeVar("T")

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Earlier(msgspec.Struct, forbid_unknown_fields=True):
    """The firmware to go back to."""

    version: Annotated[Name, Meta(description="As the controller says it.")]
    image: Annotated[Name, Meta(description="The file of the package's content that holds it.")]


class FirmwareArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Bring firmware onto the node, by way of its management controller, which speaks Redfish.

    The node's facts say how it is reached (docs/firmware.md). The image is sent where the controller takes
    it, else the controller fetches it from the service. Done when the controller itself says the version.
    """

    image: Annotated[Name, Meta(description="The file of the package's content that the controller gets.")]
    component: Annotated[
        Name, Meta(description="`Id` in the controller's firmware inventory, such as `BIOS`.")
    ]
    version: Annotated[Name, Meta(description="What the inventory says of it afterwards.")]
    models: Annotated[
        list[Name],
        Meta(min_length=1, description="The models that the image is for, as the controller says them."),
    ]
    apply: Annotated[
        ApplyTime, Meta(description="`immediate`, or `on-reset`: when the machine is restarted.")
    ] = ApplyTime.IMMEDIATE
    restart: Annotated[
        bool,
        Meta(description="Restart the machine afterwards, by the controller, and wait until it is back."),
    ] = False
    earlier: Annotated[
        Earlier | None,
        Meta(
            description="What is gone back to. With it the step can be taken back, and begins nothing on a "
            "node that has yet another version."
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.apply is ApplyTime.ON_RESET and not self.restart:
            raise ValueError(
                "`apply: on-reset` needs `restart: true`: before that the version cannot be read back"
            )


@dataclass(frozen=True, slots=True)
class Update:
    """One component of one node, to this version with this image."""

    context: StepContext
    args: FirmwareArgs
    version: str
    image: str
    until: datetime

    async def whole(self) -> None:
        """Begin it, and bring it to its end. Raises StepFailed, Unreachable."""
        file = await sound_file(self.context, self.image)
        image = Image(file, PurePosixPath(self.image).name, self.args.component, self.args.apply)
        async with self._offered(image) as address:
            task = await self._call(lambda: self._controllers.update(self._node, image, address))
            await self.watched(task)

    async def watched(self, task: Task) -> None:
        """From a task that was begun to a version that was read back."""
        while task.end is None:
            await self._wait(f"its management controller to update {self.args.component} (task {task.uri})")
            self.context.report(task.percent or 0, 100)
            if self._now() > self.until:
                raise FirmwareHangs(f"{self._of_node} is still at it: task {task.uri} is {_told(task)}")
            await self.context.world.clock.sleep_until(self._now() + _EVERY)
            task = await self._again(task)
        if task.end is TaskEnd.BAD:
            raise FirmwareFailed(f"{self._of_node} has not updated {self.args.component}: {_told(task)}")
        if self.args.restart:
            await self._restarted()
        await self._read_back()

    async def hardware(self) -> Hardware:
        """What the controller says, where it is of the right model and has the component."""
        found = await self._call(lambda: self._controllers.hardware(self._node))
        if found.model not in self.args.models:
            wanted = " or ".join(self.args.models)
            raise OtherModel(f"node {self._node.name} is a {found.model!r}, and the image is for {wanted}")
        if self.args.component not in found.firmware:
            known = ", ".join(sorted(found.firmware)) or "nothing"
            raise FirmwareFailed(
                f"{self._of_node} knows of no {self.args.component}; it has {known}",
                hint="Is this the package for this hardware? Abort the run, and tell the publisher.",
            )
        return found

    async def installed(self) -> str:
        return (await self.hardware()).firmware[self.args.component]

    async def _again(self, task: Task) -> Task:
        """The controller may be away meanwhile: some restart themselves."""
        try:
            return await self._call(lambda: self._controllers.task(self._node, task.uri))
        except Unreachable:
            return task

    async def _restarted(self) -> None:
        """The machine has another boot identity, and answers."""
        node = self._node.name
        before = await self._boot_id()
        await self._call(lambda: self._controllers.restart(self._node))
        await self._wait(f"node {node} to come back restarted")
        while await self._boot_id() in ("", before):
            if self._now() > self.until:
                raise NodeNotBack(f"node {node} was restarted by its management controller and is not back")
            await self.context.world.clock.sleep_until(self._now() + _EVERY)

    async def _boot_id(self) -> str:
        try:
            answer = await self.context.world.nodes.ask(self._node, _BOOT_ID, deadline=timedelta(seconds=20))
        except (Unreachable, StepFailed):
            return ""
        return answer.output.strip() if answer.status == 0 else ""

    async def _read_back(self) -> None:
        until = min(self.until, self._now() + _READ_BACK)
        while True:
            said = await self._said_version()
            if said == self.version:
                return
            if self._now() > until:
                raise FirmwareFailed(
                    f"{self._of_node} has ended its task well, and {self.args.component} is at "
                    f"{said or 'a version that it does not say'}, not {self.version}"
                )
            await self._wait(f"its management controller to say {self.version} of {self.args.component}")
            await self.context.world.clock.sleep_until(self._now() + _EVERY)

    async def _said_version(self) -> str:
        try:
            return await self.installed()
        except Unreachable:
            return ""

    @asynccontextmanager
    async def _offered(self, image: Image) -> AsyncIterator[str]:
        offer = self._controllers.offer(self._node, image)
        address = await asyncio.to_thread(offer.__enter__)
        try:
            yield address
        finally:
            await asyncio.to_thread(offer.__exit__, None, None, None)

    async def _wait(self, what: str) -> None:
        await self.context.wait(what, self.until + _READ_BACK)

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.to_thread(call)

    @property
    def _node(self) -> Node:
        return self.context.here

    @property
    def _controllers(self) -> Controllers:
        return self.context.world.controllers

    @property
    def _of_node(self) -> str:
        return f"the management controller of node {self._node.name}"

    def _now(self) -> datetime:
        return self.context.world.clock.now()


def forward(context: StepContext, args: FirmwareArgs) -> Update:
    return Update(context, args, args.version, args.image, until(context))


def until(context: StepContext) -> datetime:
    """A little before the step's deadline, so that the failure says what was waited for."""
    if context.step.waiting is not None and is_under_way(context.step):
        return context.step.waiting.until - _READ_BACK
    return context.world.clock.now() + context.step.deadline * _SHARE_OF_DEADLINE


async def _probe(context: StepContext, args: FirmwareArgs) -> Done | None:
    update = forward(context, args)
    return _done(update, args.version) if await update.installed() == args.version else None


async def _act(context: StepContext, args: FirmwareArgs) -> Done:
    update = forward(context, args)
    was = await update.installed()
    if was != args.version:
        if args.earlier is not None and was != args.earlier.version:
            raise FirmwareFailed(
                f"{args.component} of node {context.here.name} is at {was}, and the package can go back to "
                f"{args.earlier.version} alone",
                hint=f"Bring the node to {args.earlier.version} first, then resume the run.",
            )
        await update.whole()
    return _done(update, was)


async def _reattach(context: StepContext) -> Done | None:
    args = FIRMWARE.read(context.step.args, f"step {context.step.index}")
    return await attached(forward(context, args))


async def attached(update: Update) -> Done | None:
    """Go on watching the task that an earlier worker has begun, where it is known."""
    step = update.context.step
    known = _TASK.search(step.waiting.reason) if step.waiting is not None and is_under_way(step) else None
    if known is None:
        return None
    await update.watched(Task(known[1], "Running"))
    return _done(update, "")


def _done(update: Update, was: str) -> Done:
    said = f"{update.args.component} of {update.context.here.name} is at {update.version}"
    return Done(said, {WAS: was} if was else {})


def _told(task: Task) -> str:
    percent = "" if task.percent is None else f" at {task.percent} %"
    return f"{task.state}{percent}{': ' if task.said else ''}{task.said}"


def _undone_by(args: FirmwareArgs) -> str | None:
    return None if args.earlier is None else "restore-firmware"


FIRMWARE = StepKind("firmware", FirmwareArgs, _act, _probe, _reattach, undone_by=_undone_by)
