"""A failed step as it is held against known issues: what it said, where, and what is known of its node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pitstop.model.known_issues import Failure
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Step
from pitstop.model.updates import UpdateState
from pitstop.service.facts import Knowledge
from pitstop.service.named_facts import named_facts, values_of

_STATES = {
    Phase.DOWNLOAD: UpdateState.DOWNLOAD_FAILED,
    Phase.PREPARE: UpdateState.PREPARATION_FAILED,
    Phase.HEALTH_CHECK: UpdateState.HEALTH_CHECK_FAILED,
    Phase.INSTALL: UpdateState.INSTALLATION_FAILED,
}
_BEFORE = timedelta(seconds=5)


def failure_of(
    tree: RunTree,
    leaf: Step,
    knowledge: Knowledge,
    log_lines: Callable[[datetime, datetime], Sequence[str]],
) -> Failure:
    """What is known of this leaf's failure."""
    run, finding = tree.run, leaf.finding
    phase = tree.phase_of(leaf.index) or run.phase
    release = knowledge.release(run.update)
    log = log_lines(leaf.started - _BEFORE, leaf.ended or run.created) if leaf.started else ()
    return Failure(
        state=_state(phase, knowledge.catalogues.update_states().get(run.update)),
        phase=phase or "",
        step=leaf.name,
        kind=leaf.kind or "",
        error=finding.what if finding else "",
        output=leaf.output,
        log=(*log, *(finding.detail.splitlines() if finding else ())),
        facts=_facts(tree, leaf, knowledge),
        version=release.id.version if release else None,
        family=release.family or next(iter(release.families), None) if release else None,
    )


def _state(phase: Phase | None, stored: UpdateState | None) -> str:
    """The update's state; while the run is mended too, the one that it failed in."""
    if stored is not None and stored in _STATES.values():
        return stored
    return _STATES[phase] if phase is not None else ""


def _facts(tree: RunTree, leaf: Step, knowledge: Knowledge) -> dict[str, str]:
    """Those of the system, of the node over them, and those of the run."""
    system = knowledge.system
    facts = values_of(named_facts(system, knowledge.declarations.declared().facts))
    node = next((node for node in system.nodes if node.name == leaf.node), None)
    facts |= {"nodes": str(len(system.nodes)), "version": tree.run.from_version}
    facts |= {"target-version": tree.run.to_version}
    if node is not None:
        facts |= {**node.facts, "node": node.name, "role": node.roles[0] if node.roles else ""}
    return {name: value for name, value in facts.items() if value}
