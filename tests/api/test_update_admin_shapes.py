"""Read models said in the words of Microsoft.Update.Admin 2021-07-01."""

from __future__ import annotations

import msgspec
import pytest

from pitstop.model.system import SystemState
from pitstop.model.updates import UpdateState
from pitstop.wire import update_admin as arm
from pitstop.wire.views import UpdateView
from simulators import scenes

SCOPE = arm.Scope("20ff7fc3-e762-44dd-bd96-b71116dcdc23", "aurora")

UPDATE_STATES = {
    "Ready",
    "Downloading",
    "DownloadFailed",
    "HealthChecking",
    "HealthCheckFailed",
    "Preparing",
    "PreparationFailed",
    "Invalid",
    "HasPrerequisite",
    "Recalled",
    "Obsolete",
    "ReadyToInstall",
    "NotApplicableBecauseAnotherUpdateIsInProgress",
    "Installing",
    "Installed",
    "InstallationFailed",
}
REGION_STATES = {
    "Unknown",
    "UpdateAvailable",
    "PreparationInProgress",
    "PreparationFailed",
    "AppliedSuccessfully",
    "AppliedUpdateAvailableSuccessfully",
    "UpdateInProgress",
    "UpdateFailed",
    "NeedsAttention",
}


def an_update(**changes: object) -> UpdateView:
    return msgspec.structs.replace(scenes.quiet_updates()[4], **changes)


def properties(update: UpdateView) -> arm.UpdateProperties:
    shown = arm.update_resource(SCOPE, update).properties
    assert isinstance(shown, arm.UpdateProperties)
    return shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "PT0S"),
        (0.9, "PT0S"),
        (-3, "PT0S"),
        (59, "PT59S"),
        (60, "PT1M"),
        (3600, "PT1H"),
        (52_982.9, "PT14H43M2S"),
        (86_400, "P1D"),
        (93_784, "P1DT2H3M4S"),
    ],
)
def test_durations_are_iso_8601(seconds: float, said: str) -> None:
    assert arm.iso_duration(seconds) == said


@pytest.mark.parametrize("state", UpdateState)
def test_every_state_of_an_update_is_one_that_the_api_knows(state: UpdateState) -> None:
    shown = properties(an_update(state=state))
    assert shown.state in UPDATE_STATES
    if shown.state != state:
        assert str(state) in shown.update_state_properties.notify_message


def test_states_that_the_api_does_not_know_show_as_the_rule_book_says() -> None:
    assert properties(an_update(state="AdditionalContentRequired")).state == "HasPrerequisite"
    assert properties(an_update(state="PendingOEMValidation")).state == "HasPrerequisite"
    assert properties(an_update(state="HealthCheckExpired")).state == "HealthCheckFailed"


def test_every_state_of_a_system_is_one_that_the_api_knows() -> None:
    assert {str(state) for state in SystemState} == REGION_STATES


@pytest.mark.parametrize(("size", "mebibytes"), [(0, 0), (1, 1), (1_048_576, 1), (1_048_577, 2)])
def test_sizes_are_rounded_up(size: int, mebibytes: int) -> None:
    assert properties(an_update(size=size)).package_size_in_mb == mebibytes


def test_what_is_not_installed_was_installed_at_the_end_of_time() -> None:
    assert properties(an_update()).installed_date == "9999-12-31T23:59:59.9999999Z"
    assert properties(an_update(installed=scenes.NOW)).installed_date == "2024-05-14T09:30:00Z"


def test_prerequisites_name_package_and_version() -> None:
    shown = properties(an_update(requires=("Northstar1.2305.1.22", "a licence key")))
    assert [(item.package_name, item.version) for item in shown.update_prerequisites] == [
        ("Northstar1.2305.1.22", "1.2305.1.22"),
        ("a licence key", ""),
    ]


@pytest.mark.parametrize(
    ("state", "availability"),
    [("Ready", "online"), ("ReadyToInstall", "local"), ("AdditionalContentRequired", "notify")],
)
def test_availability_says_where_the_content_is(state: str, availability: str) -> None:
    assert properties(an_update(state=state)).availability_type == availability


def test_an_oem_package_says_its_type_and_version() -> None:
    shown = properties(scenes.quiet_updates()[6])
    assert (shown.package_type, shown.oem_version) == ("OEM", "2.4.1")
    assert properties(an_update()).package_type == "Infrastructure"


def test_a_runs_tree_has_the_apis_statuses_and_errors() -> None:
    shown = arm.run_resource(SCOPE, scenes.report_failed()).properties
    assert isinstance(shown, arm.RunProperties)
    assert (shown.state, shown.duration, shown.progress.status) == ("Failed", "PT4M58S", "Error")

    def statuses(step: arm.Step) -> set[str]:
        return {step.status}.union(*(statuses(inner) for inner in step.steps))

    assert statuses(shown.progress) == {"Success", "Error", "NotStarted"}
    failed = shown.progress.steps[2].steps[0].steps[2].steps[0].steps[1]
    assert failed.error_message.startswith("Replace files ended with status 1: no space left on device. Free")


def test_a_step_that_has_not_begun_has_no_times() -> None:
    shown = arm.run_resource(SCOPE, scenes.report_failed()).properties
    assert isinstance(shown, arm.RunProperties)
    pending = msgspec.to_builtins(shown.progress.steps[2].steps[1])
    assert pending == {
        "name": "Confirm versions",
        "description": "",
        "errorMessage": "",
        "status": "NotStarted",
        "steps": (),
    }
