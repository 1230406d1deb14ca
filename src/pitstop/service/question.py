"""A question for a path, as people put it: where to, what to have least of, with advice or without."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.errors import InvalidInput
from pitstop.policy.objectives import Objective
from pitstop.policy.path import Target

OBJECTIVES = {
    "time": Objective.LEAST_TIME,
    "restarts": Objective.FEWEST_RESTARTS,
    "windows": Objective.FEWEST_WINDOWS,
}
"""The short words; the long ones are understood as well."""


@dataclass(frozen=True, slots=True)
class PathQuestion:
    """Attributes:
    target: newest, supported, or a release by name or build.
    recommended: whether newest hotfixes go on though no gate asks for them; None: as the target has it.
    """

    target: str = Target.NEWEST
    objective: Objective = Objective.LEAST_TIME
    recommended: bool | None = None


def objective_of(text: str) -> Objective:
    """Raises InvalidInput: it is neither a short nor a long word for an objective."""
    if text in OBJECTIVES:
        return OBJECTIVES[text]
    if text in tuple(Objective):
        return Objective(text)
    raise InvalidInput(f"{text!r} is no objective", hint=f"Objectives are: {', '.join(OBJECTIVES)}.")
