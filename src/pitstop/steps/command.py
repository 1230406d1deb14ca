"""``command``: run a program or a few lines of shell on the node."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.steps.kind import Done, StepContext, StepKind, reattach_operation
from pitstop.steps.shell import Command, Word, found_done, quoted

Name = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z")]


class CommandArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Run a program, or a shell text, in the node's root folder. It has failed unless it ends with 0.

    Exactly one of ``run`` and ``shell`` is given.
    """

    run: Annotated[
        Command | None, Meta(description="The program and its arguments; no shell reads them.")
    ] = None
    shell: Annotated[Word | None, Meta(description="POSIX shell text, run by /bin/sh.")] = None
    done_when: Annotated[
        Command | None,
        Meta(
            description="A command that changes nothing and ends with 0 when the state is there already. "
            "Asked when the step was cut short; without it the step is then done again."
        ),
    ] = None
    environment: Annotated[dict[Name, Word], Meta(description="Further environment variables.")] = {}

    def __post_init__(self) -> None:
        if (self.run is None) == (self.shell is None):
            raise ValueError("exactly one of `run` and `shell` must be given")


async def _probe(context: StepContext, args: CommandArgs) -> Done | None:
    return await found_done(context, args.done_when)


async def _act(context: StepContext, args: CommandArgs) -> Done:
    script = args.shell if args.run is None else quoted(args.run)
    return await context.operate(script or "", environment=args.environment)


COMMAND = StepKind("command", CommandArgs, _act, _probe, reattach_operation)
