"""Microsoft.Update.Admin 2021-07-01 over HTTP: paths, envelope, statuses, errors, as published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.api.update_admin.routes import OPERATIONS
from pitstop.model.errors import TrustError
from pitstop.model.updates import UpdateState
from simulators import desk as simulated
from simulators import scenes
from simulators.desk import Scene

Client = TestClient[Litestar]
SUBSCRIPTION = "20ff7fc3-e762-44dd-bd96-b71116dcdc23"
ROOT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/System.aurora/providers/Microsoft.Update.Admin"
LOCATION = f"{ROOT}/updateLocations/aurora"
HOTFIX = f"{LOCATION}/updates/{scenes.HOTFIX}"
FIRMWARE = f"{LOCATION}/updates/{scenes.FIRMWARE}"
VERSION = {"api-version": "2021-07-01"}
LOCATION_FIELDS = {
    "oemFamily",
    "hardwareModel",
    "packageVersions",
    "currentVersion",
    "currentOemVersion",
    "lastUpdated",
    "lastChecked",
    "state",
}
UPDATE_FIELDS = {
    "displayName",
    "description",
    "version",
    "oemVersion",
    "state",
    "availabilityType",
    "releaseLink",
    "packagePath",
    "packageSizeInMb",
    "publisher",
    "packageType",
    "updatePrerequisites",
    "updateStateProperties",
    "additionalProperties",
    "kbLink",
    "minVersionRequired",
    "minOemVersionRequired",
    "installedDate",
}


@pytest.fixture
def begin() -> Scene:
    return simulated.failed()


def error_of(answer: Any) -> dict[str, Any]:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "target", "details", "additionalInfo"}
    found: dict[str, Any] = body["error"]
    return found


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_system_is_the_one_location(client: Client, slash: str) -> None:
    answer = client.get(f"{ROOT}/updateLocations{slash}", params=VERSION)
    assert answer.status_code == 200
    assert answer.json()["nextLink"] is None
    (location,) = answer.json()["value"]
    assert location == client.get(LOCATION, params=VERSION).json()
    assert {key: location[key] for key in ("id", "name", "type", "location", "tags")} == {
        "id": LOCATION,
        "name": "aurora",
        "type": "Microsoft.Update.Admin/updateLocations",
        "location": "aurora",
        "tags": {},
    }
    assert set(location["properties"]) == LOCATION_FIELDS
    assert location["properties"]["packageVersions"][0]["packageType"] == "Platform"


def test_updates_are_listed_and_got_alike(client: Client) -> None:
    listed = client.get(f"{LOCATION}/updates", params=VERSION).json()
    assert [item["name"] for item in listed["value"]] == [update.name for update in scenes.quiet_updates()]
    got = client.get(HOTFIX, params=VERSION).json()
    assert got in listed["value"]
    assert (got["id"], got["type"]) == (HOTFIX, "Microsoft.Update.Admin/updateLocations/updates")
    assert set(got["properties"]) == UPDATE_FIELDS
    assert set(got["properties"]["updateStateProperties"]) == {"progressPercentage", "notifyMessage"}


@pytest.mark.parametrize(
    ("path", "count"),
    [(f"{HOTFIX}/updateRuns", 1), (f"{FIRMWARE}/updateRuns", 0), (f"{LOCATION}/updateRuns", 2)],
)
def test_runs_are_listed_below_their_update_and_all_together(client: Client, path: str, count: int) -> None:
    answer = client.get(path, params=VERSION)
    assert (answer.status_code, len(answer.json()["value"])) == (200, count)


@pytest.mark.parametrize("parent", [HOTFIX, LOCATION])
def test_a_run_has_its_tree_and_one_id_wherever_it_is_asked_for(client: Client, parent: str) -> None:
    run = client.get(f"{parent}/updateRuns/{scenes.RUN_FAILED}", params=VERSION).json()
    assert run["id"] == f"{HOTFIX}/updateRuns/{scenes.RUN_FAILED}"
    assert run["type"] == "Microsoft.Update.Admin/updateLocations/updates/updateRuns"
    assert str(UUID(run["name"])) == scenes.RUN_FAILED
    assert set(run["properties"]) == {"progress", "timeStarted", "duration", "state"}
    assert [step["name"] for step in run["properties"]["progress"]["steps"]] == [
        "Prepare",
        "Health check",
        "Install",
    ]


def test_a_run_of_another_update_is_not_found_below_this_one(client: Client) -> None:
    answer = client.get(f"{FIRMWARE}/updateRuns/{scenes.RUN_FAILED}", params=VERSION)
    assert (answer.status_code, error_of(answer)["code"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("verb", "root"), [("prepare", "Preparing"), ("apply", "Installing"), ("APPLY", "Installing")]
)
def test_a_verb_is_accepted_with_the_run_and_where_to_follow_it(client: Client, verb: str, root: str) -> None:
    answer = client.post(f"{FIRMWARE}/{verb}", params=VERSION)
    assert answer.status_code == 202
    run = answer.json()
    assert (run["properties"]["progress"]["name"], run["properties"]["state"]) == (root, "InProgress")
    assert answer.headers["location"] == f"http://testserver.local{run['id']}?api-version=2021-07-01"
    assert client.get(answer.headers["location"]).json()["id"] == run["id"]


def test_a_health_check_is_a_run_too(client: Client, scene: Scene) -> None:
    scene.set_state(scenes.FIRMWARE, UpdateState.READY_TO_INSTALL)
    answer = client.post(f"{FIRMWARE}/healthCheck", params=VERSION)
    assert (answer.status_code, answer.json()["properties"]["progress"]["name"]) == (202, "HealthChecking")


def test_rerun_resumes_the_failed_run_under_its_id(client: Client, scene: Scene) -> None:
    answer = client.post(f"{HOTFIX}/updateRuns/{scenes.RUN_FAILED}/rerun", params=VERSION)
    assert (answer.status_code, answer.json()["name"]) == (202, scenes.RUN_FAILED)
    assert scene.reports[scenes.RUN_FAILED].run.attempt == 2
    again = client.post(f"{HOTFIX}/updateRuns/{scenes.RUN_FAILED}/rerun", params=VERSION)
    assert (again.status_code, error_of(again)["code"]) == (409, "OperationNotAllowed")


def test_fixed_words_and_names_are_compared_without_case(client: Client) -> None:
    path = f"{HOTFIX}/updateRuns/{scenes.RUN_FAILED}"
    for spelled in (path.lower(), path.upper().replace("/SUBSCRIPTIONS", "/Subscriptions")):
        answer = client.get(spelled, params={"API-Version": "2021-07-01"})
        assert (answer.status_code, answer.json()["id"]) == (200, path)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "MissingApiVersionParameter"),
        ({"api-version": ""}, "MissingApiVersionParameter"),
        ({"api-version": "2016-05-01"}, "InvalidApiVersionParameter"),
    ],
)
def test_the_api_version_is_required_and_checked(client: Client, query: dict[str, str], code: str) -> None:
    answer = client.get(LOCATION, params=query)
    assert (answer.status_code, error_of(answer)["code"]) == (400, code)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (LOCATION.replace(SUBSCRIPTION, "mine"), 400, "InvalidSubscriptionId"),
        (LOCATION.replace("System.aurora", "System.redmond"), 404, "ResourceGroupNotFound"),
        (f"{ROOT}/updateLocations/redmond", 404, "ResourceNotFound"),
        (f"{ROOT}/updateLocations/redmond/updates", 404, "ResourceNotFound"),
        (f"{LOCATION}/updates/Microsoft1.0", 404, "ResourceNotFound"),
        (f"{LOCATION}/updates/Microsoft1.0/updateRuns", 404, "ResourceNotFound"),
        (f"{LOCATION}/updateRuns/0000", 404, "ResourceNotFound"),
        (LOCATION.replace("Microsoft.Update.Admin", "Microsoft.Compute"), 404, "InvalidResourceType"),
        (f"{LOCATION}/nothing", 404, "InvalidResourceType"),
        (f"{HOTFIX}/apply", 405, "MethodNotAllowed"),
    ],
)
def test_what_is_not_there_is_an_arm_error(client: Client, path: str, status: int, code: str) -> None:
    answer = client.get(path, params=VERSION)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


def test_a_post_to_what_can_only_be_read_is_an_arm_error(client: Client) -> None:
    assert error_of(client.post(LOCATION, params=VERSION))["code"] == "MethodNotAllowed"
    assert error_of(client.delete(LOCATION, params=VERSION))["code"] == "MethodNotAllowed"


def test_a_refusal_names_what_blocks_and_keeps_pitstops_code(client: Client) -> None:
    answer = client.post(f"{LOCATION}/updates/{scenes.EXPRESS}/apply", params=VERSION)
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (409, "OperationNotAllowed")
    assert error["details"][0]["code"] == "HotfixRequired"
    assert scenes.HOTFIX in error["details"][0]["message"]
    assert error["additionalInfo"][0]["info"]["code"] == "not-allowed"


def test_distrust_is_said_in_arms_shape(client: Client, scene: Scene) -> None:
    scene.failing = TrustError("volume 1 is not the one that was signed")
    error = error_of(client.get(LOCATION, params=VERSION))
    assert (error["code"], error["message"]) == ("NotTrusted", "volume 1 is not the one that was signed")


def test_an_unforeseen_error_gives_nothing_away(client: Client, scene: Scene) -> None:
    scene.failing = RuntimeError("hunter2")
    answer = client.get(LOCATION, params=VERSION)
    assert (answer.status_code, error_of(answer)["code"]) == (500, "InternalServerError")
    assert "hunter2" not in answer.text


def test_lists_longer_than_a_page_are_followed_to_their_end(client: Client, scene: Scene) -> None:
    for number in range(45):
        run_id = f"00000000-0000-4000-8000-0000000000{number:02}"
        scene.reports[run_id] = scenes.a_report(run_id, scenes.HOTFIX, "succeeded", started=scenes.NOW)
    names, pages, link = [], 0, f"{LOCATION}/updateRuns?api-version=2021-07-01"
    while link:
        page = client.get(link).json()
        names += [run["name"] for run in page["value"]]
        pages, link = pages + 1, page["nextLink"]
        assert link is None or link.startswith("http://testserver.local/subscriptions/")
    assert (pages, names) == (3, list(scene.reports))


@pytest.mark.parametrize("token", ["-1", "x", "1e3", "9" * 40])
def test_a_page_that_was_never_given_is_refused(client: Client, token: str) -> None:
    answer = client.get(f"{LOCATION}/updates", params={**VERSION, "$skiptoken": token})
    assert error_of(answer)["code"] == "InvalidSkipToken"


@pytest.mark.parametrize("host", ["evil.example/x?", 'a"b', "a b", "a\\b"])
def test_a_host_header_that_is_no_host_is_refused_before_it_gets_into_a_link(
    client: Client, scene: Scene, host: str
) -> None:
    answer = client.post(f"{FIRMWARE}/apply", params=VERSION, headers={"Host": host})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "BadRequest")
    assert scene.calls["updates.start"] == 0


def test_all_operations_of_the_specification_are_there() -> None:
    assert [operation.name for operation in OPERATIONS] == [
        "UpdateLocations_List",
        "UpdateLocations_Get",
        "Updates_List",
        "Updates_Get",
        "Updates_Prepare",
        "Updates_HealthCheck",
        "Updates_Apply",
        "UpdateRuns_List",
        "UpdateRuns_Get",
        "UpdateRuns_ListTopLevel",
        "UpdateRuns_GetTopLevel",
        "UpdateRuns_Rerun",
    ]
