"""``pitstop``: the update service itself, replaced by another version of it in the middle of the run.

The new version is installed beside the running one, out of the package alone. Then the step waits and the
service ends; the launcher starts the new version on trial, which takes the run up by itself and finds this
step done: it *is* the wanted version. If it does not come up, the former version is back, finds that written
down, and the step has failed.

Each attempt is a switch of its own, known by the id that an operation on a node would have.
"""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.errors import InvalidPlan, PitstopFellBack, StepFailed
from pitstop.model.runs import operation_id
from pitstop.ports.installation import Installation
from pitstop.steps.kind import Done, StepContext, StepKind

REQUIREMENTS = "requirements.txt"


class PitstopArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Replace the update service itself by another version, once for the system.

    A plan does this first, before it touches nodes: what comes after is then done by the new version. The
    files are wheels and a `requirements.txt` that names every distribution with its version and sha256
    digests; nothing is fetched from elsewhere. Wheels that the running version came with may be left out.
    """

    version: Annotated[
        str,
        Meta(
            pattern=r"^[0-9A-Za-z][0-9A-Za-z.+]*\Z",
            description="What `pitstop version` says of the new version.",
        ),
    ]
    wheels: Annotated[
        str, Meta(min_length=1, description="The folder of the package's content that holds the files.")
    ]


async def _probe(context: StepContext, args: PitstopArgs) -> Done | None:
    """Done where this very process is the wanted version."""
    running = _installation(context).running
    return Done(f"Pitstop {running} runs") if running == args.version else None


async def _act(context: StepContext, args: PitstopArgs) -> Done:
    done = await _probe(context, args)
    if done is not None:
        return done
    own = _installation(context)
    own.require_launcher()
    files = await asyncio.to_thread(_files, context, args)
    deadline = context.step.deadline
    await asyncio.to_thread(own.install, args.version, files, deadline=deadline, report=context.report)
    until = context.world.clock.now() + deadline
    await context.wait(f"Pitstop {args.version} to start in place of {own.running}", until)
    own.switch(args.version, operation_id(context.run, context.step))
    await asyncio.Event().wait()  # the end of this process ends this, or the deadline
    raise AssertionError("nobody sets this")


async def _reattach(context: StepContext) -> Done | None:
    """Nothing to attach to; but where the new version has come to grief, that is this attempt's end."""
    fell = _installation(context).fell_back(operation_id(context.run, context.step))
    if fell is None:
        return None
    said = f"; the last that it said: {fell.said}" if fell.said else ""
    raise PitstopFellBack(
        f"Pitstop {fell.version} did not come up, and {fell.back_to} runs again: {fell.reason}{said}"
    )


def _installation(context: StepContext) -> Installation:
    installation = context.world.installation
    if installation is None:
        raise StepFailed("this service cannot replace itself")
    return installation


def _files(context: StepContext, args: PitstopArgs) -> dict[str, Path]:
    """What lies in the folder, by name."""
    payloads = context.world.payloads
    folder = PurePosixPath(args.wheels)
    files = {
        PurePosixPath(file.path).name: payloads.content(file)
        for file in payloads.manifest(context.package).files
        if PurePosixPath(file.path).parent == folder
    }
    if REQUIREMENTS not in files:
        raise InvalidPlan(
            f"the package's content has no {args.wheels}/{REQUIREMENTS}",
            hint="The package was built wrongly: tell the publisher.",
        )
    return files


PITSTOP = StepKind(
    "pitstop",
    PitstopArgs,
    _act,
    _probe,
    _reattach,
    on_node=False,
    changes_nothing=True,
    content=lambda args: (args.wheels,),
)
"""Nothing is taken back: a newer service stays, and serves the system as it was."""
