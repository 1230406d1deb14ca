"""Portal and API are down in mid-update: its run is stopped, and goes on, on the machine itself."""

from __future__ import annotations

import json

import pytest

from e2e.conftest import Operator

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stage")]

HOTFIX = "Northstar1.2601.1.15"
NEXT = "Northstar1.2604.0.21"


def test_a_run_is_stopped_and_goes_on_from_the_console_whether_a_service_runs_or_not(
    operator: Operator,
) -> None:
    operator.reach(HOTFIX)
    if operator.asked("update", "show", NEXT)["state"] == "Installed":
        pytest.skip("the stage is past this update already")
    settings = ("--settings", str(operator.stage.folder / "pitstop.toml"), "--as", "ada")
    run_id = operator.install(NEXT)
    operator.pitstop("rescue", *settings, "stop", run_id, "--reason", "not tonight")
    assert operator.asked("run", "show", run_id)["run"]["state"] == "stopped"

    service = operator.stage.service
    assert service is not None
    service.stop()
    said = json.loads(operator.pitstop("rescue", *settings, "status", "--json"))
    assert said["service"] == ""
    assert said["faces"]
    assert said["run"]["run"]["state"] == "stopped"
    operator.pitstop("rescue", *settings, "resume", run_id)
    assert set(operator.versions().values()) == {"1.2604.0.21"}
    assert operator.drained() == []

    operator.stage.start_service()
    assert operator.asked("update", "show", NEXT)["state"] == "Installed"
    acts = [(entry["who"], entry["what"]) for entry in operator.asked("audit", "list")]
    assert {("ada", "stop run"), ("ada", "resume run"), ("ada", "rescue status")} <= set(acts)
