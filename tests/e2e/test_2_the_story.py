"""What goes wrong and comes right again, on the same stage, from command line and API."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

import rack
from e2e.conftest import Operator
from pitstop.model.errors import NotAllowed
from pitstop.model.updates import Verb
from pitstop.wire.views import leaves

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stage")]

PREFIX = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/System.demo/providers"
LOCATION = f"{PREFIX}/Microsoft.Update.Admin/updateLocations/demo"
VERSION = {"api-version": "2021-07-01"}

HOTFIX = "Northstar1.2601.1.15"
TO_2604 = (HOTFIX, "Northstar1.2604.0.21", "Northstar1.2604.2.26")
OEM = "OEM2.1.2604.3"
NEXT = "Northstar1.2607.0.30"


def failed_runs(operator: Operator) -> list[dict[str, Any]]:
    """The active alerts about runs that have failed; what stands for long has its own."""
    return [alert for alert in operator.asked("alert", "list") if alert["verdict"]]


def test_the_first_hotfix_is_on_whether_the_browser_or_the_command_line_brought_it(
    operator: Operator,
) -> None:
    if operator.asked("system", "show")["currentVersion"] != "1.2601.1.15":
        operator.pitstop("update", "install", HOTFIX, "--yes", "--watch")
    assert set(operator.versions().values()) == {"1.2601.1.15"}


def test_an_update_that_must_wait_is_refused_with_all_its_reasons(operator: Operator) -> None:
    operator.pitstop("update", "install", "Northstar1.2607.0.30", "--yes", status=4)
    with operator.client() as client, pytest.raises(NotAllowed, match="cannot go on yet"):
        client.start("Northstar1.2607.0.30", Verb.APPLY)
    update = operator.asked("update", "show", "Northstar1.2607.0.30")
    assert update["state"] == "HasPrerequisite"
    assert {reason["code"] for reason in update["reasons"]} >= {"family-before-missing", "oem-too-old"}
    assert update["actions"] == []


def test_an_abort_brings_every_node_back_to_what_it_was(operator: Operator) -> None:
    operator.reach(HOTFIX)
    before = operator.versions()
    rack.break_node(operator.rack, "n3")
    run_id = operator.install("Northstar1.2604.0.21")
    assert operator.ended(run_id).run.state == "failed"
    assert operator.versions() != before
    rack.mend_node(operator.rack, "n3")
    operator.pitstop("run", "abort", run_id, "--yes", "--reason", "not tonight")
    assert operator.ended(run_id).run.state == "aborted"
    assert operator.versions() == before
    assert operator.drained() == []
    assert operator.asked("update", "show", "Northstar1.2604.0.21")["state"] == "ReadyToInstall"
    assert failed_runs(operator) == []


def test_a_rehearsal_asks_the_nodes_and_changes_nothing(operator: Operator) -> None:
    operator.reach(HOTFIX)
    before = operator.versions()
    rehearsed = operator.asked("plan", "rehearse", "Northstar1.2604.0.21", "--ask-nodes")
    assert rehearsed["nodes"] == ["n1", "n2", "n3", "n4"]
    found = [leaf["found"] for leaf in _leaves_of(rehearsed) if leaf["node"]]
    assert "passed" in found  # the package's own checks
    assert "to do" in found
    assert operator.versions() == before


def _leaves_of(place: Any) -> list[Any]:
    return [leaf for inner in place["steps"] for leaf in (_leaves_of(inner) if inner["steps"] else [inner])]


def test_a_node_that_fails_stops_the_run_before_more_nodes_are_touched(operator: Operator) -> None:
    rack.break_node(operator.rack, "n3")
    report = operator.ended(operator.install("Northstar1.2604.0.21"))
    assert report.run.state == "failed"
    assert report.run.finding is not None
    assert "n3" in report.run.finding.subject
    assert operator.versions() == {
        "n1": "1.2604.0.21",
        "n2": "1.2604.0.21",
        "n3": "1.2604.0.21",
        "n4": "1.2601.1.15",
    }
    assert report.nodes_out_of_service == ("n3",)
    assert operator.drained() == ["n3"]
    (alert,) = failed_runs(operator)
    assert alert["finding"]["remedy"]
    assert operator.asked("system", "show")["state"] in ("UpdateFailed", "NeedsAttention")


def test_of_the_run_that_failed_logs_were_collected_by_themselves(operator: Operator) -> None:
    (failed,) = [run for run in operator.asked("run", "list") if run["state"] == "failed"]
    with operator.client() as client:
        while (bundle := client.log_bundles()[0]).state in ("waiting", "collecting"):
            time.sleep(0.1)
        bundle = client.log_bundle(bundle.id)
    assert (bundle.why, bundle.run, bundle.state) == ("run-failed", failed["id"], "ready")
    origins = {thing.origin for thing in bundle.collected if thing.lines}
    assert origins == {"service", "runs", "node n1", "node n2", "node n3", "node n4"}
    saved = Path(operator.pitstop("logs", "save", bundle.id[:8], "--to", str(operator.stage.folder)).strip())
    with zipfile.ZipFile(saved) as archive:
        names = archive.namelist()
        events = archive.read(f"runs/{failed['id']}/events.txt").decode()
    assert {"index.html", "bundle.json", "service/service.log", "nodes/n3/commands/system.txt"} <= set(names)
    assert "step-failed" in events
    assert any(name.startswith(f"runs/{failed['id']}/output-") and "-n3" in name for name in names)


def test_once_the_cause_is_gone_it_is_resumed_at_the_failed_step(operator: Operator) -> None:
    (failed,) = [run for run in operator.asked("run", "list") if run["state"] == "failed"]
    with operator.client() as client:
        before = {leaf.index: leaf for leaf in leaves(client.run(failed["id"]).steps)}
    rack.mend_node(operator.rack, "n3")
    operator.pitstop("run", "resume", failed["id"])
    report = operator.ended(failed["id"])
    assert report.run.state == "succeeded"
    assert report.run.attempt == 2
    for leaf in leaves(report.steps):
        if before[leaf.index].status == "succeeded":
            assert leaf == before[leaf.index]
    assert set(operator.versions().values()) == {"1.2604.0.21"}
    assert operator.drained() == []
    assert failed_runs(operator) == []


def test_a_service_that_is_killed_in_mid_run_goes_on_by_itself_when_it_is_started_again(
    operator: Operator,
) -> None:
    run_id = operator.install("Northstar1.2604.2.26")
    with operator.client() as client:
        while client.run(run_id).steps_done < 20:
            time.sleep(0.02)
    service = operator.stage.service
    assert service is not None
    service.kill()
    operator.stage.start_service()
    report = operator.ended(run_id)
    assert report.run.state == "succeeded"
    assert set(operator.versions().values()) == {"1.2604.2.26"}
    assert operator.drained() == []
    kinds = [event["kind"] for event in operator.asked("run", "events", run_id)]
    assert kinds.count("run-taken") == 2


def test_the_oem_package_goes_on_and_lifts_what_waited_for_it(operator: Operator) -> None:
    report = operator.ended(operator.install("OEM2.1.2604.3"))
    assert report.run.state == "succeeded"
    assert operator.asked("system", "show")["currentOemVersion"] == "2.1.2604.3"
    assert operator.asked("update", "show", "Northstar1.2607.0.30")["state"] == "Ready"


def test_the_public_update_api_lists_applies_and_shows_the_run(operator: Operator) -> None:
    operator.reach(*TO_2604, OEM)
    with operator.client() as client:
        token = client.sign_in("admin", operator.stage.password).token
        http = httpx.Client(
            base_url=operator.stage.url,
            headers={"Authorization": f"Bearer {token}"},
            params=VERSION,
            trust_env=False,
        )
        location = http.get(LOCATION).json()
        assert location["properties"]["currentVersion"] == "1.2604.2.26"
        applied = http.post(f"{LOCATION}/updates/Northstar1.2607.0.30/apply")
        assert applied.status_code == 202
        shown = http.get(applied.headers["location"])
        assert shown.json()["properties"]["state"] == "InProgress"
        operator.ended(applied.json()["name"].rpartition("/")[2])
        assert http.get(applied.headers["location"]).json()["properties"]["state"] == "Succeeded"
        http.close()


def test_the_system_is_back_in_support(operator: Operator) -> None:
    operator.reach(*TO_2604, OEM, NEXT)
    support = operator.asked("system", "show")["support"]
    assert support["status"] == "supported"
    assert support["position"] == "N-1"


def test_everything_that_was_done_is_in_the_audit_log(operator: Operator) -> None:
    operator.reach(*TO_2604[:2])
    with operator.client() as client, pytest.raises(NotAllowed):
        client.start("Northstar1.2610.0.40", Verb.APPLY)
    entries = operator.asked("audit", "list", "--limit", "1000")
    said = {(entry["what"], entry["subject"], entry["outcome"]) for entry in entries}
    assert ("start apply", "Northstar1.2604.0.21", "done") in said
    assert ("start apply", "Northstar1.2610.0.40", "refused: not-allowed") in said
