"""``ansible``: play a playbook of the package's content on a node, with ansible-runner.

Each node is a step of its own, so that a playbook fails, is resumed and is taken out of service node by node
as everything else. Tasks are its inner steps, told while they are done. Check mode says whether anything is
left to do.
Whatever ends the step early ends what it has begun, here and on the node.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pitstop.model.errors import HostKeyChanged, InvalidPlan, PitstopError, PlaybookFailed, StepFailed
from pitstop.model.inner_steps import InnerStatus, InnerStep
from pitstop.ports.nodes import Operation
from pitstop.ports.playbooks import Play, PlayEvent, TaskOutcome
from pitstop.steps.content import sound_files
from pitstop.steps.kind import OUTPUT_LIMIT, Done, StepContext, StepKind
from pitstop.steps.shell import node_side

_LEFTOVERS = node_side("leftovers.sh")
_OTHER_KEY = "Host key verification failed"
"""OpenSSH's words. The driver's own links may be older than the change."""

_ENDING = timedelta(seconds=60)
_EVERY_SECONDS = 1.0
_BAD = (TaskOutcome.FAILED, TaskOutcome.UNREACHABLE)
_NOTHING_TO_DO = (TaskOutcome.OK, TaskOutcome.SKIPPED)
ContentPath = Annotated[str, Meta(min_length=1, max_length=400)]


class AnsibleArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Play a playbook of the package's content on the node.

    Its folder is the project: roles in `roles`, collections in `collections`. The inventory is the whole
    system, its groups are the roles; the playbook is limited to the step's node, so it says `hosts: all` or a
    role. It must bear being played again. It is a point of no return, unless the step has an `undo`.
    """

    playbook: Annotated[ContentPath, Meta(description="A file of the package's content.")]
    environment: Annotated[
        ContentPath | None,
        Meta(
            description="The folder of the content with wheels of ansible-core and ansible-runner, and a "
            "`requirements.txt` with digests. Unless told, the folder that the service's settings name."
        ),
    ] = None
    variables: Annotated[
        dict[str, Any], Meta(description="Extra variables. No secrets: plans are public.")
    ] = {}


@dataclass
class _Watch:
    """What has become of the tasks.

    Attributes:
        tasks: all that were begun, as inner steps of the step.
        told: so many of them are known to the run as they are now.
    """

    now: Callable[[], datetime]
    events: list[PlayEvent] = field(default_factory=list)
    tasks: list[InnerStep] = field(default_factory=list)
    told: int = 0

    def seen(self, event: PlayEvent) -> None:
        at = self.now()
        if event.outcome is TaskOutcome.STARTED:
            self.tasks.append(InnerStep(event.task, event.host, InnerStatus.IN_PROGRESS, at))
            return
        self.events.append(event)
        number = self._begun(event)
        begun = self.tasks[number].started if number < len(self.tasks) else at
        bad = event.outcome in _BAD and not event.ignored
        status = InnerStatus.FAILED if bad else InnerStatus.SUCCEEDED
        ended = InnerStep(event.task, event.host, status, begun, at, _short(f"{event.outcome}{_why(event)}"))
        self.tasks[number : number + 1] = [ended]
        self.told = min(self.told, number)

    def _begun(self, event: PlayEvent) -> int:
        """The number of the task that this is the end of; one more than there are, where none began."""
        for number in range(len(self.tasks) - 1, -1, -1):
            task = self.tasks[number]
            if task.status is InnerStatus.IN_PROGRESS and (task.node, task.name) == (event.host, event.task):
                return number
        return len(self.tasks)

    async def tell(self, context: StepContext) -> None:
        """Let the run know what is new."""
        if self.told < len(self.tasks):
            first, self.told = self.told, len(self.tasks)
            await context.tell(first, self.tasks[first:])

    def failed(self) -> PlayEvent | None:
        return next((each for each in self.events if each.outcome in _BAD and not each.ignored), None)

    def output(self) -> str:
        lines = (f"{each.outcome:<11} {each.host}  {each.task}{_why(each)}" for each in self.events)
        return "\n".join(lines)[-OUTPUT_LIMIT:]


def _why(event: PlayEvent) -> str:
    return f": {event.said}" if event.said and event.outcome in (*_BAD, TaskOutcome.UNSAID) else ""


async def _probe(context: StepContext, args: AnsibleArgs) -> Done | None:
    """Done where check mode finds nothing to change, and can tell of each task."""
    if context.step.attempt > 0:
        await _end_leftovers(context, "asked")
    watch, said = await _played(context, args, check=True)
    if said or watch.failed() or any(each.outcome not in _NOTHING_TO_DO for each in watch.events):
        return None
    return Done(watch.output()) if watch.events else None


async def _act(context: StepContext, args: AnsibleArgs) -> Done:
    if context.step.attempt > 1:
        await _end_leftovers(context, "begun")
    try:
        watch, said = await _played(context, args, check=False)
    except BaseException:
        with suppress(PitstopError):  # what ended it is what is said; the next attempt ends what is left
            await asyncio.shield(_end_leftovers(context, "ended"))
        raise
    if (failed := watch.failed()) is not None:
        await _require_way(context, failed, watch)
        raise _failure(f"task {failed.task!r} on {failed.host} {failed.outcome}: {_line(failed.said)}", watch)
    if said:
        raise _failure(f"the playbook has not come to its end: {_line(said)}", watch, said)
    if not watch.events:
        raise StepFailed(f"no play of {args.playbook} is for node {context.here.name}: see its `hosts`")
    return Done(watch.output())


async def _require_way(context: StepContext, failed: PlayEvent, watch: _Watch) -> None:
    """Where nothing else gets to the node either, that has a name of its own.

    Raises:
        HostKeyChanged, Unreachable, StepFailed: as for every step.
    """
    try:
        await context.ask("true")
        if failed.outcome is TaskOutcome.UNREACHABLE and _OTHER_KEY in failed.said:
            raise HostKeyChanged(f"node {context.here.name}, or a jump host before it: {_line(failed.said)}")
    except PitstopError as error:
        error.add_note(watch.output())
        raise


async def _played(context: StepContext, args: AnsibleArgs, *, check: bool) -> tuple[_Watch, str]:
    watch = _Watch(context.world.clock.now)
    play = await _play(context, args, check=check)
    playing = asyncio.ensure_future(
        context.world.playbooks.play(play, watch.seen, deadline=context.step.deadline)
    )
    try:
        while True:
            ended, _ = await asyncio.wait({playing}, timeout=_EVERY_SECONDS)
            if not check:
                await watch.tell(context)
            if ended:
                return watch, playing.result()
    finally:
        if not playing.done():
            playing.cancel()
            await asyncio.wait({playing})


async def _play(context: StepContext, args: AnsibleArgs, *, check: bool) -> Play:
    folder = PurePosixPath(args.playbook).parent
    project = await _below(context, str(folder))
    name = str(PurePosixPath(args.playbook).relative_to(folder))
    if name not in project:
        raise InvalidPlan(f"step {context.step.index}: {args.playbook!r} is no file of the package's content")
    wheels = None if args.environment is None else await _below(context, args.environment)
    return Play(
        mark=_mark(context),
        project=project,
        playbook=name,
        nodes=context.world.system.nodes,
        limit=(context.here.name,),
        wheels=wheels,
        variables=args.variables,
        check=check,
    )


async def _below(context: StepContext, folder: str) -> Mapping[str, Path]:
    """The files of the content below this folder, by their path in it."""
    found = await sound_files(context, folder)
    return {path.removeprefix(f"{folder}/"): place for path, place in found.items()}


async def _end_leftovers(context: StepContext, when: str) -> None:
    """Nothing of this step runs any more, here or on its node."""
    mark = _mark(context)
    await context.world.playbooks.end(mark)
    operation = Operation(
        f"{context.run.id}-{context.step.index}.{when}-{context.step.attempt}",
        context.run.epoch,
        leftovers_ended(mark),
    )
    await context.world.nodes.operate(context.here, operation, deadline=_ENDING)


def leftovers_ended(mark: str) -> str:
    """Shell text that ends all that a play with this mark has started on a machine."""
    return f"MARK={shlex.quote(mark)}\n{_LEFTOVERS}"


def _mark(context: StepContext) -> str:
    return f"{context.run.id}-{context.step.index}"


def _failure(message: str, watch: _Watch, said: str = "") -> PlaybookFailed:
    failure = PlaybookFailed(message)
    failure.add_note("\n".join(part for part in (watch.output(), said) if part))
    return failure


def _line(text: str) -> str:
    return _short(text) or "it says nothing"


def _short(text: str) -> str:
    return " ".join(text.split())[:300]


def _content(args: AnsibleArgs) -> tuple[str, ...]:
    return (args.playbook,) if args.environment is None else (args.playbook, args.environment)


ANSIBLE = StepKind("ansible", AnsibleArgs, _act, _probe, content=_content)
