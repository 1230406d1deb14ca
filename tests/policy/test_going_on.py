"""What is said to do about a failed run is what the table of moves has open in the state that it leaves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pitstop.model.releases import ReleaseId
from pitstop.model.runs import Phase, Run, RunPurpose, RunState
from pitstop.model.updates import MOVES, UpdateEvent, UpdateState, actions_for
from pitstop.model.versions import Version
from pitstop.policy.going_on import ways_on

NOW = datetime(2026, 2, 1, tzinfo=UTC)
FAILS = {
    Phase.DOWNLOAD: UpdateState.DOWNLOAD_FAILED,
    Phase.PREPARE: UpdateState.PREPARATION_FAILED,
    Phase.HEALTH_CHECK: UpdateState.HEALTH_CHECK_FAILED,
    Phase.INSTALL: UpdateState.INSTALLATION_FAILED,
}
ENDS = (
    (RunPurpose.APPLY, Phase.DOWNLOAD, ["pitstop update install U"]),
    (RunPurpose.APPLY, Phase.PREPARE, ["pitstop update install U"]),
    (RunPurpose.APPLY, Phase.HEALTH_CHECK, ["pitstop update check U", "pitstop update install U"]),
    (RunPurpose.APPLY, Phase.INSTALL, ["pitstop run resume run-1"]),
    (RunPurpose.PREPARE, Phase.DOWNLOAD, ["pitstop update prepare U"]),
    (RunPurpose.HEALTH_CHECK, Phase.HEALTH_CHECK, ["pitstop update check U"]),
)


def run(purpose: RunPurpose, phase: Phase, state: RunState = RunState.FAILED) -> Run:
    release = ReleaseId("northstar", "lantern", Version.parse("1.1"))
    return Run("run-1", "U", release, purpose, state, NOW, "ada", phase=phase)


@pytest.mark.parametrize(("purpose", "phase", "commands"), ENDS)
def test_a_failed_run_goes_on_by_what_is_open_then(
    purpose: RunPurpose, phase: Phase, commands: list[str]
) -> None:
    *ways, support = ways_on(run(purpose, phase))
    assert [way.partition(" with: ")[2] for way in ways] == commands
    assert support.endswith("pitstop logs collect --run run-1")
    state = FAILS[phase]
    for command in commands:
        offer = next(offer for offer in actions_for(state) if command.startswith(offer.command))
        state = _once_done(state, offer.command)


def _once_done(state: UpdateState, command: str) -> UpdateState:
    """Where a health check that passes leads; the others are the last step."""
    if not command.endswith(" check"):
        return state
    checking = MOVES[state, UpdateEvent.HEALTH_CHECK_STARTED]
    return MOVES[checking, UpdateEvent.HEALTH_CHECK_PASSED]


def test_a_way_back_that_has_failed_is_resumed_and_what_has_not_failed_needs_nothing() -> None:
    back = ways_on(run(RunPurpose.APPLY, Phase.INSTALL, RunState.UNDO_FAILED))
    assert back[0].endswith("pitstop run resume run-1")
    assert ways_on(run(RunPurpose.APPLY, Phase.INSTALL, RunState.STOPPED)) == ()
