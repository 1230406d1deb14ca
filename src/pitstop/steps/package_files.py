"""What the kinds for an operating system's packages share, whatever the packages' form: which files go along
to a node, what their shell text is told, and how its operation is watched and ends."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pitstop.model.errors import InvalidPlan
from pitstop.model.packages import ContentFile
from pitstop.steps.content import WHOLE, require_whole, staged_answer
from pitstop.steps.kind import Done, StepContext
from pitstop.steps.refusals import ended
from pitstop.steps.shell import node_side
from pitstop.steps.watching import watched

_PATIENCE_SHARE = 0.5
"""Of the step's deadline, for waiting until the package database is free."""


class Held(StrEnum):
    """What is done about packages that the operator holds."""

    REFUSE = "refuse"
    CHANGE = "change"


COMMON = node_side("packages.sh")


@dataclass(frozen=True, slots=True)
class Form:
    """What the files of an operating system's packages are named like.

    Attributes:
        architecture: finds it in a file's name, as its group 1; a file without one goes to every node.
        of_node: shell text that prints the architectures whose packages a node takes.
    """

    suffix: str
    architecture: re.Pattern[str]
    of_node: str


async def files_for_node(
    context: StepContext, folder: str, form: Form, *, required: bool
) -> list[ContentFile]:
    """What goes along to the node: the folder's packages of its architectures.

    Raises:
        InvalidPlan: some are required, and the content has no such folder.
        DigestMismatch: the package is not the one that the run began with.
    """
    await asyncio.to_thread(context.require_package)
    manifest = await asyncio.to_thread(context.world.payloads.manifest, context.package)
    found = [file for file in manifest.below(folder.removesuffix("/")) if file.path.endswith(form.suffix)]
    if required and not found:
        where = f"{folder!r} of the package's content"
        raise InvalidPlan(f"step {context.step.index}: there are no {form.suffix} files in {where}")
    asked = await context.ask(form.of_node)
    of_node = set(asked.output.split())
    return [file for file in found if (m := form.architecture.search(file.path)) is None or m[1] in of_node]


def settings(context: StepContext, index: str, told: Mapping[str, str]) -> str:
    """Shell text that sets what :file:`packages.sh` and what follows it are told; ``index``: whose step keeps
    what it replaces."""
    work = shlex.quote(_work(context))
    kept = shlex.quote(f"{context.run.id}-packages-{index}")
    patience = max(1, int(context.step.deadline.total_seconds() * _PATIENCE_SHARE))
    lines = (f"{name}={shlex.quote(word)}\n" for name, word in told.items())
    return "".join([f'kept="$PITSTOP_NOTES"/{kept}\nwork={work}\npatience={patience}\n', *lines])


async def brought_about(context: StepContext, script: str, along: Sequence[ContentFile] = ()) -> Done:
    """The end of the operation that this text is, with these files staged for it.

    Raises:
        StepFailed: it has not ended well.
        DigestMismatch: something of what was staged is not what was signed; nothing was done with it.
    """
    doing = staged_answer(context, WHOLE + script, along) if along else context.answer_of(script)
    return ended(await watched(context, doing, _progress_file(context)))


async def reattach(context: StepContext) -> Done | None:
    """As the table of kinds has it."""
    answer = await watched(context, context.earlier_answer(), _progress_file(context))
    if answer is None:
        return None
    await require_whole(context, answer)
    return ended(answer)


def _progress_file(context: StepContext) -> str:
    return f"{_work(context)}/progress"


def _work(context: StepContext) -> str:
    return f"/run/pitstop-{context.run.id}-{context.step.index}"
