"""What the kinds that act through a node's shell share: how a plan writes a command, how it is put."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib.resources import files
from typing import Annotated

import msgspec

from pitstop.steps.kind import Done, StepContext, done_of

Word = Annotated[str, msgspec.Meta(pattern=r"^[^\0]*\Z")]
Command = Annotated[list[Word], msgspec.Meta(min_length=1)]
"""A program and its arguments, each a word of its own; no shell reads them."""


def quoted(command: Sequence[str]) -> str:
    """The command as shell text that stands for itself, word by word, whatever is in the words.

    ``exec`` looks for a program alone: the first word is no keyword, assignment, function or builtin to it.
    """
    options_end = "-- " if command[0].startswith("-") else ""
    return f"(exec {options_end}{shlex.join(command)})"


def node_side(name: str) -> str:
    """A text of this folder that is done on nodes."""
    return (files("pitstop.steps") / name).read_text(encoding="ascii")


async def found_done(context: StepContext, done_when: Sequence[str] | None) -> Done | None:
    """Done if the question ends with 0 on the node; None if it does not, or there is none."""
    if done_when is None:
        return None
    answer = await context.ask(quoted(done_when))
    return done_of(answer) if answer.status == 0 else None
