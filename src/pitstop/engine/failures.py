"""What a failure means to the run: the finding that its step and its end carry."""

from __future__ import annotations

import traceback
from dataclasses import replace

from pitstop.model.errors import PitstopError
from pitstop.model.findings import Finding, from_error
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, RunState, Step, StepStatus

_RESUME = "resume the run"
_UNTOUCHED = "Nothing was changed on the nodes."


class LeafFailed(Exception):
    """A leaf has failed for good (in this attempt of the run); what it carries is written already."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.what)
        self.finding = finding


def finding_of(error: Exception, tree: RunTree, step: Step) -> Finding:
    """The finding of an exception that a step ended with. What is no Pitstop error is a bug, and says so."""
    if not isinstance(error, PitstopError):
        wrapped = PitstopError(f"the step kind {step.kind!r} broke: {type(error).__name__}: {error}")
        detail = "".join(traceback.format_exception(error))
        return from_error(wrapped, subject_of(step), impact=impact_of(tree), detail=detail)
    finding = from_error(error, subject_of(step), impact=impact_of(tree))
    if tree.run.phase is Phase.INSTALL:
        return finding
    # Before the install there is nothing to resume: preparing begins anew.
    return replace(finding, remedy=finding.remedy.replace(_RESUME, "install the update again"))


def subject_of(step: Step) -> str:
    """``step 3.1.2 Copy files on node n3``."""
    where = f" on node {step.node}" if step.node and step.node not in step.name else ""
    return f"step {step.index} {step.name}{where}"


def impact_of(tree: RunTree) -> str:
    """What the failure leaves behind, from what the tree says was done."""
    touched = touched_nodes(tree)
    if not touched:
        return _UNTOUCHED
    if tree.run.state is RunState.MENDING:
        return "The run is as failed as before."
    if tree.run.state is RunState.UNDOING:
        return f"What was done is not all taken back yet. Touched so far: {', '.join(touched)}."
    return f"The run stopped before more nodes were touched. Touched so far: {', '.join(touched)}."


def touched_nodes(tree: RunTree) -> list[str]:
    """The nodes that the install has begun to act on, by name."""
    if tree.run.phase is not Phase.INSTALL:
        return []
    return sorted({leaf.node for leaf in tree.leaves() if leaf.node and _acted(tree, leaf)})


def _acted(tree: RunTree, leaf: Step) -> bool:
    return leaf.status is not StepStatus.PENDING and tree.phase_of(leaf.index) is Phase.INSTALL
