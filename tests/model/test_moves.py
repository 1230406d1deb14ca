"""Every state against every event: what the tables have is taken, everything else is refused by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from pitstop.model.errors import InvalidMove
from pitstop.model.findings import Finding, Severity
from pitstop.model.plans import GroupMode
from pitstop.model.releases import ReleaseId
from pitstop.model.run_effects import update_events
from pitstop.model.run_events import (
    AbortRequested,
    CancelRequested,
    PhaseEntered,
    RunAborted,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunResumed,
    RunStopped,
    RunSucceeded,
    RunTaken,
    StepEvent,
    StepFailedOnce,
    StepNoted,
    StepReset,
    StepsAdded,
    StepStarted,
    StepSucceeded,
    StepToldOf,
    StepVoided,
    StepWaited,
    StopRequested,
)
from pitstop.model.run_moves import STEP_MOVES, apply_to_run, apply_to_step, run_move
from pitstop.model.run_tree import RunTree, combined_status
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, Step, StepStatus
from pitstop.model.updates import (
    ACTIONS,
    IN_PROGRESS,
    MOVES,
    STORED_STATES,
    UpdateEvent,
    UpdateState,
    Verb,
    actions_for,
    move,
    require_open,
)
from pitstop.model.versions import Version

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FINDING = Finding("x", Severity.CRITICAL, "node n1", "broke", "mend it")
RUN = Run("r", "U", ReleaseId("p", "q", Version((1,))), RunPurpose.APPLY, RunState.IN_PROGRESS, NOW, "admin")
RUN_EVENTS: dict[type, RunEvent] = {
    RunTaken: RunTaken(NOW, 3, "w"),
    PhaseEntered: PhaseEntered(NOW, Phase.DOWNLOAD),
    StopRequested: StopRequested(NOW, "admin"),
    AbortRequested: AbortRequested(NOW, "admin"),
    CancelRequested: CancelRequested(NOW, "admin"),
    RunStopped: RunStopped(NOW),
    StepsAdded: StepsAdded(NOW, (Step("2", "back", kind="command"),)),
    RunResumed: RunResumed(NOW, "admin"),
    RunSucceeded: RunSucceeded(NOW),
    RunAborted: RunAborted(NOW),
    RunCancelled: RunCancelled(NOW),
    RunFailed: RunFailed(NOW, FINDING),
}
STEP_EVENTS: dict[type, StepEvent] = {
    StepStarted: StepStarted("1", NOW),
    StepWaited: StepWaited("1", NOW, "a pause", NOW + timedelta(seconds=5)),
    StepToldOf: StepToldOf("1", NOW, 0, ()),
    StepNoted: StepNoted("1", NOW, {"task": "/redfish/v1/TaskService/Tasks/1"}),
    StepSucceeded: StepSucceeded("1", NOW, "fine", {"was_out": "no"}),
    StepFailedOnce: StepFailedOnce("1", NOW, FINDING),
    StepReset: StepReset("1", NOW),
    StepVoided: StepVoided("1", NOW),
}


@pytest.mark.parametrize(("state", "event"), list(product(UpdateState, UpdateEvent)))
def test_an_update_takes_what_the_table_has_and_refuses_the_rest(
    state: UpdateState, event: UpdateEvent
) -> None:
    if (state, event) in MOVES:
        assert move("U", state, event) is MOVES[state, event]
        return
    with pytest.raises(InvalidMove) as refused:
        move("U", state, event)
    assert "U" in refused.value.message
    assert state in refused.value.message
    assert event in refused.value.message


def test_moves_lead_only_between_stored_states() -> None:
    assert {state for state, _ in MOVES} | set(MOVES.values()) <= STORED_STATES


def test_every_stored_state_can_be_reached_and_only_installed_is_an_end() -> None:
    reached, edge = {UpdateState.READY}, {UpdateState.READY}
    while edge:
        edge = {to for (state, _), to in MOVES.items() if state in edge} - reached
        reached |= edge
    assert reached == STORED_STATES
    assert {state for state in STORED_STATES if not any(s is state for s, _ in MOVES)} == {
        UpdateState.INSTALLED
    }


@pytest.mark.parametrize(("verb", "state"), list(product(Verb, UpdateState)))
def test_a_verb_is_open_exactly_where_its_action_says(verb: Verb, state: UpdateState) -> None:
    if verb in {action.verb for action in actions_for(state)}:
        assert require_open("U", state, verb).verb is verb
        return
    with pytest.raises(InvalidMove, match="U is") as refused:
        require_open("U", state, verb)
    assert refused.value.hint.startswith("Open now: ")


def test_nothing_can_be_started_while_the_update_is_in_progress() -> None:
    assert all(not action.states & IN_PROGRESS for action in ACTIONS)


@pytest.mark.parametrize(("state", "event"), list(product(RunState, RUN_EVENTS)))
def test_a_run_takes_what_the_table_has_and_refuses_the_rest(state: RunState, event: type) -> None:
    run = replace(RUN, state=state)
    to = run_move(state, event)
    if to is not None:
        after = apply_to_run(run, RUN_EVENTS[event])
        assert after.state is to
        assert after.revision == run.revision + 1
        return
    with pytest.raises(InvalidMove, match="run r is"):
        apply_to_run(run, RUN_EVENTS[event])


@pytest.mark.parametrize(("status", "event"), list(product(StepStatus, STEP_EVENTS)))
def test_a_step_takes_what_the_table_has_and_refuses_the_rest(status: StepStatus, event: type) -> None:
    step = Step("1", "one", kind="command", status=status, attempt=1)
    allowed, to = STEP_MOVES[event]
    if status in allowed:
        assert apply_to_step(step, STEP_EVENTS[event]).status is to
        return
    with pytest.raises(InvalidMove, match="step 1 is"):
        apply_to_step(step, STEP_EVENTS[event])


def test_a_group_takes_no_events() -> None:
    with pytest.raises(InvalidMove):
        apply_to_step(Step("1", "all", mode=GroupMode.SEQUENCE), StepStarted("1", NOW))


def test_a_finished_step_is_never_started_again() -> None:
    """But where its machine is gone: then it is as if it had never been done."""
    others = {event: allowed for event, (allowed, _) in STEP_MOVES.items() if event is not StepVoided}
    assert all(StepStatus.SUCCEEDED not in allowed for allowed in others.values())


def test_a_refused_event_leaves_the_tree_as_it_was() -> None:
    tree = RunTree(replace(RUN, state=RunState.SUCCEEDED), [Step("1", "one", kind="command")])
    with pytest.raises(InvalidMove):
        tree.apply(StepStarted("1", NOW))
    assert tree.steps["1"].status is StepStatus.PENDING


@pytest.mark.parametrize(
    ("statuses", "combined"),
    [
        ([], StepStatus.SUCCEEDED),
        ([StepStatus.SUCCEEDED, StepStatus.SUCCEEDED], StepStatus.SUCCEEDED),
        ([StepStatus.PENDING, StepStatus.PENDING], StepStatus.PENDING),
        ([StepStatus.SUCCEEDED, StepStatus.PENDING], StepStatus.IN_PROGRESS),
        ([StepStatus.FAILED, StepStatus.PENDING], StepStatus.FAILED),
        ([StepStatus.FAILED, StepStatus.IN_PROGRESS], StepStatus.IN_PROGRESS),
        ([StepStatus.WAITING, StepStatus.SUCCEEDED], StepStatus.WAITING),
    ],
)
def test_a_group_shows_what_its_leaves_say(statuses: list[StepStatus], combined: StepStatus) -> None:
    assert combined_status(statuses) is combined


def test_the_phases_of_an_apply_lead_its_update_from_ready_to_installed() -> None:
    run, state = RUN, UpdateState.READY
    seen = [state]
    events: list[RunEvent] = [*(PhaseEntered(NOW, phase) for phase in Phase), RunSucceeded(NOW)]
    for event in events:
        for happened in update_events(run, event):
            state = move("U", state, happened)
            seen.append(state)
        run = apply_to_run(run, event)
    assert seen == [
        UpdateState.READY,
        UpdateState.DOWNLOADING,
        UpdateState.PREPARING,
        UpdateState.HEALTH_CHECKING,
        UpdateState.READY_TO_INSTALL,
        UpdateState.INSTALLING,
        UpdateState.INSTALLED,
    ]


def test_a_download_that_arrived_wrong_is_a_failed_preparation() -> None:
    wrong = replace(FINDING, code="digest-mismatch")
    (event,) = update_events(replace(RUN, phase=Phase.DOWNLOAD), RunFailed(NOW, wrong))
    assert move("U", UpdateState.DOWNLOADING, event) is UpdateState.PREPARATION_FAILED


@pytest.mark.parametrize(
    ("phase", "shown"),
    [
        (Phase.DOWNLOAD, UpdateState.DOWNLOAD_FAILED),
        (Phase.PREPARE, UpdateState.PREPARATION_FAILED),
        (Phase.HEALTH_CHECK, UpdateState.HEALTH_CHECK_FAILED),
        (Phase.INSTALL, UpdateState.INSTALLATION_FAILED),
    ],
)
def test_a_failure_shows_as_the_failure_of_its_phase(phase: Phase, shown: UpdateState) -> None:
    during = {
        Phase.DOWNLOAD: UpdateState.DOWNLOADING,
        Phase.PREPARE: UpdateState.PREPARING,
        Phase.HEALTH_CHECK: UpdateState.HEALTH_CHECKING,
        Phase.INSTALL: UpdateState.INSTALLING,
    }[phase]
    (event,) = update_events(replace(RUN, phase=phase), RunFailed(NOW, FINDING))
    assert move("U", during, event) is shown
    (again,) = update_events(replace(RUN, phase=phase, state=RunState.FAILED), RunResumed(NOW, "operator"))
    if shown is UpdateState.PREPARATION_FAILED:  # it starts over with clean files, in a new run
        with pytest.raises(InvalidMove):
            move("U", shown, again)
    else:
        assert move("U", shown, again) is during


@pytest.mark.parametrize("phase", list(Phase))
def test_an_undo_that_failed_can_always_be_gone_on_with_or_cancelled(phase: Phase) -> None:
    state = {Phase.DOWNLOAD: UpdateState.DOWNLOADING, Phase.PREPARE: UpdateState.PREPARING}.get(
        phase, UpdateState.HEALTH_CHECKING if phase is Phase.HEALTH_CHECK else UpdateState.INSTALLING
    )
    run = replace(RUN, phase=phase, state=RunState.UNDOING)
    for event in (RunFailed(NOW, FINDING), CancelRequested(NOW, "operator"), RunCancelled(NOW)):
        for happening in update_events(run, event):
            state = move("U", state, happening)
        run = apply_to_run(run, event)
    assert state in (UpdateState.READY, UpdateState.READY_TO_INSTALL)
