"""``restart``: restart the node, and wait until it is back and ready.

That a node answers does not say that it was restarted: it may not have gone down yet. What counts is its
*boot identity*, which the kernel makes anew at each start. The operation notes it on the node, durably and
before anything else, under a name that is the same for every attempt of the run; a note that is there already
is believed. Once the node's identity differs from the note it has been restarted, whoever cut the step short
meanwhile, and is not restarted again.

The order is given detached and a moment later, so that the operation has ended before the link goes. From
then on the step waits, for all to see: for the node, then for what must be ready on it. A node that lost its
power may know nothing of the operation any more; that the step waits says that the order was given.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.errors import NodeNotRestarted, StepFailed, Unreachable
from pitstop.ports.nodes import Answer
from pitstop.steps.kind import Done, StepContext, StepKind, concluded, is_under_way
from pitstop.steps.refusals import not_back
from pitstop.steps.service import ServiceName, service_script
from pitstop.steps.shell import Command, quoted

EVERY = timedelta(seconds=1)
"""From one look at the node to the next."""

_SHORTEST_LOOK = timedelta(seconds=5)
_LONGEST_LOOK = timedelta(seconds=20)
_SHARE_OF_DEADLINE = 0.95
"""The wait ends a little before the step's deadline, so that the failure says what was waited for."""

_SHOWN = 200
_KERNELS_OWN = 'cat "$PITSTOP_ROOT/proc/sys/kernel/random/boot_id"'


class RestartArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Restart the node, and wait until it has another boot identity and what is named here is ready.

    All of it within the step's deadline. A node that was restarted already, by an attempt of this step that
    was cut short or by hand after it had failed, is not restarted again. A restart cannot be taken back by
    itself: a plan that has a way back past it says so with the step's `undo`.
    """

    run: Annotated[
        Command,
        Meta(
            description="Restarts the node; `systemctl reboot` unless told. Started detached, a second after "
            "the step's own act has ended."
        ),
    ] = msgspec.field(default_factory=lambda: ["systemctl", "reboot"])
    identity: Annotated[
        Command | None,
        Meta(
            description="A command that changes nothing and prints what differs from one start of the node "
            "to the next. Unless told, the kernel's `/proc/sys/kernel/random/boot_id` below the node's root."
        ),
    ] = None
    services: Annotated[
        list[ServiceName], Meta(description="Services, as `service` has them, that must run afterwards.")
    ] = []
    ready_when: Annotated[
        Command | None,
        Meta(description="A command that changes nothing and ends with 0 once the node is ready."),
    ] = None


class _Look(IntEnum):
    """What a look at the node says, as exit status of its script."""

    RESTARTED = 0
    NOT_YET = 1
    NOTHING_NOTED = 3
    NO_IDENTITY = 4
    REFUSED = 5


_ORDER = """\
now=$(identity) && [ -n "$now" ] || { echo "the node does not tell its boot identity" >&2; exit 1; }
if [ ! -s "$note" ]; then
    mkdir -p "$PITSTOP_NOTES" && echo "$now" >"$note.new" && sync "$note.new" || exit 1
    mv "$note.new" "$note" && sync "$PITSTOP_NOTES" || exit 1
fi
if [ "$now" != "$(cat "$note")" ]; then
    echo "was restarted already"
    exit 0
fi
rm -f "$note.ended"
setsid /bin/sh -c 'sleep 1
(exec "$@") >"$0.said" 2>&1
echo $? >"$0.ended.new" && mv "$0.ended.new" "$0.ended"' "$note" "$@" </dev/null >/dev/null 2>&1 &
echo "is restarted; its boot identity was $now"
"""

_LOOK = f"""\
[ -s "$note" ] || exit {_Look.NOTHING_NOTED}
now=$(identity) && [ -n "$now" ] || exit {_Look.NO_IDENTITY}
[ "$now" = "$(cat "$note")" ] || exit {_Look.RESTARTED}
[ -s "$note.ended" ] && ended=$(cat "$note.ended") && [ "$ended" != 0 ] || exit {_Look.NOT_YET}
echo "status $ended"
tail -n 1 "$note.said"
exit {_Look.REFUSED}
"""


def _preamble(context: StepContext, args: RestartArgs) -> str:
    identity = _KERNELS_OWN if args.identity is None else quoted(args.identity)
    name = f"{context.run.id}-restart-{context.step.index}"
    return f'identity() {{ {identity}; }}\nnote="$PITSTOP_NOTES"/{shlex.quote(name)}\n'


async def _act(context: StepContext, args: RestartArgs) -> Done:
    until = context.world.clock.now() + context.step.deadline * _SHARE_OF_DEADLINE
    waiting = _Waiting(context, args, until)
    try:
        await context.operate(f"{_preamble(context, args)}set -- {shlex.join(args.run)}\n{_ORDER}")
    except StepFailed:  # cut short, perhaps by the very restart
        if await waiting.away() is not None:
            raise
    return await waiting.to_its_end()


async def _probe(context: StepContext, args: RestartArgs) -> Done | None:
    """Done if the node was restarted since the note, and is ready."""
    answer = await context.ask(_preamble(context, args) + _LOOK)
    if answer.status != _Look.RESTARTED:
        return None
    lacking = await _Waiting(context, args, _now(context)).lacks()
    return _done(context) if lacking is None else None


async def _reattach(context: StepContext) -> Done | None:
    """Go on waiting, where the order was given. One that has failed before is probed, and begun anew."""
    step = context.step
    try:
        answer = await context.earlier_answer()
    except Unreachable as error:
        if step.waiting is None:
            raise
        raise not_back(context.here, f"was restarted and is not back: {error}") from error
    if not is_under_way(step) or (answer is None and step.waiting is None):
        return None
    if answer is not None:
        concluded(answer)
    until = step.waiting.until if step.waiting else _now(context) + step.deadline * _SHARE_OF_DEADLINE
    return await _Waiting(context, RESTART.read(step.args, f"step {step.index}"), until).to_its_end()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """From the order to restart to a node that is ready."""

    context: StepContext
    args: RestartArgs
    until: datetime

    async def to_its_end(self) -> Done:
        """Wait for the node, then for what must be ready on it.

        Raises:
            NodeNotBack, NodeNotRestarted, StepFailed: it is past the time.
        """
        name = self.context.here.name
        await self.context.wait(f"node {name} to come back restarted", self.until)
        await self._until_none(self.away)
        if (lacking := await self.lacks()) is not None:
            await self.context.wait(f"node {name} to be ready: {lacking.message}", self.until)
            await self._until_none(self.lacks)
        return _done(self.context)

    async def _until_none(self, asks: Callable[[], Coroutine[None, None, StepFailed | None]]) -> None:
        """Ask, every so often, at least once, until nothing is wrong any more."""
        clock = self.context.world.clock
        while (wrong := await asks()) is not None:
            next_look = clock.now() + EVERY
            if next_look > self.until:
                raise wrong
            await clock.sleep_until(next_look)

    async def away(self) -> StepFailed | None:
        """Why the node does not count as back; None: it does.

        Raises:
            NodeNotRestarted: it will not restart.
        """
        name = self.context.here.name
        try:
            answer = await self._asked(_preamble(self.context, self.args) + _LOOK)
        except (Unreachable, StepFailed) as error:
            return not_back(self.context.here, f"was restarted and is not back: {error.message}")
        match answer.status:
            case _Look.RESTARTED:
                return None
            case _Look.REFUSED:
                raise NodeNotRestarted(
                    f"node {name} does not restart: the command ended with {_said(answer)}"
                )
            case _Look.NOT_YET:
                return NodeNotRestarted(
                    f"node {name} answers, but was not restarted: its boot identity is as before"
                )
            case _:
                return StepFailed(f"node {name} does not tell its boot identity: {_said(answer)}")

    async def lacks(self) -> StepFailed | None:
        """What is not ready on the node; None: all is."""
        try:
            for what, script in self._wanted():
                answer = await self._asked(script)
                if answer.status != 0:
                    return StepFailed(f"{what} on node {self.context.here.name}: {_said(answer)}")
        except (Unreachable, StepFailed) as error:
            return not_back(self.context.here, f"was back and is gone again: {error.message}")
        return None

    def _wanted(self) -> Iterator[tuple[str, str]]:
        """What must be so, as scripts that end with 0, each with what to say where it is not."""
        for service in self.args.services:
            yield f"service {service} does not run", service_script("status", service)
        if self.args.ready_when is not None:
            yield f"{shlex.join(self.args.ready_when)} does not end well", quoted(self.args.ready_when)

    async def _asked(self, script: str) -> Answer:
        left = self.until - _now(self.context)
        deadline = min(max(left, _SHORTEST_LOOK), _LONGEST_LOOK)
        return await self.context.world.nodes.ask(self.context.here, script, deadline=deadline)


def _said(answer: Answer) -> str:
    return "; ".join(answer.output.split("\n"))[-_SHOWN:].strip("; ") or "it says nothing"


def _now(context: StepContext) -> datetime:
    return context.world.clock.now()


def _done(context: StepContext) -> Done:
    return Done(f"{context.here.name} was restarted and is ready")


RESTART = StepKind("restart", RestartArgs, _act, _probe, _reattach)
