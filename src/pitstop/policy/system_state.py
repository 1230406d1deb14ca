"""The state of the system as a whole, from its newest run and from what may be installed."""

from __future__ import annotations

from collections.abc import Mapping

from pitstop.model.alerts import Verdict
from pitstop.model.runs import DRIVEN, Phase, Run, RunState
from pitstop.model.system import SystemState
from pitstop.model.updates import UpdateState

_UNDER_WAY = DRIVEN | {RunState.STOPPED}
_PREPARATION_FAILED = {
    UpdateState.DOWNLOAD_FAILED,
    UpdateState.PREPARATION_FAILED,
    UpdateState.HEALTH_CHECK_FAILED,
}


def system_state(
    newest: Run | None,
    states: Mapping[str, UpdateState],
    *,
    adopted: bool,
    available: bool,
    verdict: Verdict | None = None,
) -> SystemState:
    """The state to show.

    Args:
        newest: the newest run; None when there was none.
        states: the stored state by update name.
        adopted: whether it is known what is installed.
        available: whether an update could be installed now.
        verdict: of the install that has failed, what its alert says.
    """
    if newest is not None and newest.state in _UNDER_WAY:
        installing = newest.phase is Phase.INSTALL
        return SystemState.UPDATE_IN_PROGRESS if installing else SystemState.PREPARATION_IN_PROGRESS
    if UpdateState.INSTALLATION_FAILED in states.values():
        well = verdict is Verdict.NEEDS_ATTENTION
        return SystemState.NEEDS_ATTENTION if well else SystemState.UPDATE_FAILED
    if newest is not None and states.get(newest.update) in _PREPARATION_FAILED:
        return SystemState.PREPARATION_FAILED
    if not adopted:
        return SystemState.UNKNOWN
    applied = UpdateState.INSTALLED in states.values()
    if available:
        return SystemState.APPLIED_UPDATE_AVAILABLE if applied else SystemState.UPDATE_AVAILABLE
    return SystemState.APPLIED_SUCCESSFULLY
