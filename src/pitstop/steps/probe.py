"""``probe``: wait until an address, a port or a command on the node answers as it should."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.errors import InvalidPlan, StepFailed, Unreachable
from pitstop.ports.nodes import Answer
from pitstop.steps.kind import Done, StepContext, StepKind, never_known
from pitstop.steps.placeholders import filled
from pitstop.steps.shell import Command, Word, quoted

_LONGEST_TRY = timedelta(seconds=30)
_SHOWN = 200


class ProbeArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Ask, every so often, until the answer is as wanted; failed if that takes too long. Changes nothing.

    Exactly one of ``http``, ``tcp`` and ``run`` is given. In these and in ``contains``, ``{address}``,
    ``{name}`` and ``{FACT}`` stand for the node's own; a brace is written twice.
    """

    http: Annotated[
        Annotated[str, Meta(pattern=r"^(https?://|\{)")] | None,
        Meta(description="An address to GET. Redirects are not followed."),
    ] = None
    tcp: Annotated[str | None, Meta(description="`HOST:PORT` that must take a connection.")] = None
    run: Annotated[Command | None, Meta(description="A command on the node.")] = None
    within: Annotated[timedelta, Meta(description="How long it may take, as ISO 8601.")] = timedelta(
        minutes=1
    )
    every: Annotated[timedelta, Meta(description="How long between two tries, as ISO 8601.")] = timedelta(
        seconds=1
    )
    status: Annotated[
        int | None,
        Meta(description="The wanted HTTP status (200 unless told) or exit status (0 unless told)."),
    ] = None
    contains: Annotated[
        Word | None, Meta(description="What the body, or the command's output, must contain.")
    ] = None

    def __post_init__(self) -> None:
        if sum(way is not None for way in (self.http, self.tcp, self.run)) != 1:
            raise ValueError("exactly one of `http`, `tcp` and `run` must be given")
        if self.within < timedelta(0) or self.every <= timedelta(0):
            raise ValueError("`within` and `every` must be more than nothing")
        if self.tcp is not None and (self.status is not None or self.contains is not None):
            raise ValueError("a `tcp` probe takes neither `status` nor `contains`")


async def _act(context: StepContext, args: ProbeArgs) -> Done:
    """Try until it is true; at least once, however short ``within`` is."""
    clock = context.world.clock
    until = clock.now() + args.within
    while True:
        left = max(until - clock.now(), args.every)
        reason = await _try(context, args, min(left, _LONGEST_TRY))
        if reason is None:
            return Done(f"{_asked(context, args)} answers as it should")
        next_try = clock.now() + args.every
        if next_try > until:
            raise StepFailed(f"{_asked(context, args)}: {reason} (asked for {args.within})")
        await clock.sleep_until(next_try)


async def _try(context: StepContext, args: ProbeArgs, deadline: timedelta) -> str | None:
    """Ask once: None if the answer is as wanted, else what is wrong."""
    node, world = context.here, context.world
    try:
        if args.tcp is not None:
            await world.http.connect(*_place(filled(args.tcp, node)), deadline=deadline)
            return None
        if args.http is not None:
            answer = await world.http.get(filled(args.http, node), deadline=deadline)
            return _wrong(context, args, answer, wanted=200)
        command = quoted([filled(word, node) for word in args.run or ()])
        return _wrong(context, args, await world.nodes.ask(node, command, deadline=deadline), wanted=0)
    except Unreachable as error:
        return error.message


def _wrong(context: StepContext, args: ProbeArgs, answer: Answer, *, wanted: int) -> str | None:
    said = answer.output.strip()[-_SHOWN:]
    if answer.status != (wanted if args.status is None else args.status):
        return f"status {answer.status}, and it says {said!r}"
    contains = None if args.contains is None else filled(args.contains, context.here)
    if contains is not None and contains not in answer.output:
        return f"{contains!r} is not in what it says, {said!r}"
    return None


def _asked(context: StepContext, args: ProbeArgs) -> str:
    return filled(args.http or args.tcp or shlex.join(args.run or ()), context.here)


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise InvalidPlan(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


PROBE = StepKind("probe", ProbeArgs, _act, never_known, changes_nothing=True)
