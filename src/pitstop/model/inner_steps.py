"""What a step's own tool does one after the other inside it, such as a playbook's tasks.

Inner steps are told while they are done; the engine neither orders nor repeats them, and which there are is
known to the tool alone. So they are no places of the tree: they belong to the leaf that they are done for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

INNER_LIMIT = 300
"""So many inner steps of one attempt are kept; of what comes later the last takes the last place."""


class InnerStatus(StrEnum):
    IN_PROGRESS = "in-progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class InnerStep:
    """One of them.

    Attributes:
        name: as the tool calls it.
        node: where it is done.
        said: how it ended, in the tool's words, such as ``changed`` or why it failed.
    """

    name: str
    node: str
    status: InnerStatus
    started: datetime
    ended: datetime | None = None
    said: str = ""


def told(known: Sequence[InnerStep], first: int, news: Sequence[InnerStep]) -> tuple[InnerStep, ...]:
    """``known`` with ``news`` in place of all from number ``first`` on."""
    whole = (*known[:first], *news)
    return whole if len(whole) <= INNER_LIMIT else (*whole[: INNER_LIMIT - 1], whole[-1])


def closed(known: Sequence[InnerStep], at: datetime) -> tuple[InnerStep, ...]:
    """As they are once the step itself has ended: what was being done was cut short."""
    return tuple(
        replace(each, status=InnerStatus.FAILED, ended=at, said="cut short")
        if each.status is InnerStatus.IN_PROGRESS
        else each
        for each in known
    )
