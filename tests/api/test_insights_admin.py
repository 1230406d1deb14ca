"""Microsoft.InfrastructureInsights.Admin 2016-05-01 over HTTP: alerts, listed, got and closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.model.alerts import AlertState
from pitstop.model.findings import Severity
from simulators import desk as simulated
from simulators import scenes
from simulators.desk import Scene

Client = TestClient[Litestar]
SUBSCRIPTION = "20ff7fc3-e762-44dd-bd96-b71116dcdc23"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/System.aurora/providers"
ALERTS = f"{GROUP}/Microsoft.InfrastructureInsights.Admin/regionHealths/aurora/alerts"
VERSION = {"api-version": "2016-05-01"}


@pytest.fixture
def begin() -> Scene:
    return simulated.failed()


def listed(client: Client, wanted: str = "") -> list[dict[str, Any]]:
    answer = client.get(ALERTS, params=VERSION | ({"$filter": wanted} if wanted else {}))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def test_an_alert_has_all_that_the_specification_names(client: Client) -> None:
    (alert,) = listed(client)
    assert alert == client.get(f"{ALERTS}/{scenes.ALERT_FAILED}", params=VERSION).json()
    assert {key: alert[key] for key in ("id", "name", "type", "location", "tags")} == {
        "id": f"{ALERTS}/{scenes.ALERT_FAILED}",
        "name": scenes.ALERT_FAILED,
        "type": "Microsoft.InfrastructureInsights.Admin/regionHealths/alerts",
        "location": "aurora",
        "tags": {},
    }
    said = alert["properties"]
    assert set(said) == {
        *("alertId", "faultId", "faultTypeId", "title", "severity", "state", "description", "remediation"),
        *("impactedResourceId", "impactedResourceDisplayName", "resourceRegistrationId", "alertProperties"),
        *("resourceProviderRegistrationId", "createdTimestamp", "lastUpdatedTimestamp", "closedTimestamp"),
        "closedByUserAlias",
    }
    assert (said["severity"], said["state"], said["closedTimestamp"]) == ("Critical", "Active", "")
    assert said["impactedResourceId"].endswith(f"/updates/{scenes.HOTFIX}")
    assert said["alertProperties"]["verdict"] == "failed"


def test_what_to_do_is_rich_text(client: Client) -> None:
    tokens = listed(client)[0]["properties"]["remediation"]
    texts = [token["text"] for token in tokens if token["type"] == "Text"]
    assert texts[0].startswith("1. It is a known issue: A node is not given up")
    assert "3. Free at least 120 MB on n3 under /opt" in texts
    run = tokens.index({"type": "Text", "text": "The run"})
    assert tokens[run - 1 : run + 2] == [
        {
            "type": "LinkBegin",
            "linkType": "Uri",
            "uri": f"{_base(client)}/runs/{scenes.RUN_FAILED}",
            "resourceId": "",
        },
        {"type": "Text", "text": "The run"},
        {"type": "LinkEnd"},
    ]


def test_it_is_closed_by_who_asks_for_whom_the_call_names(client: Client, scene: Scene) -> None:
    (alert,) = listed(client)
    answer = client.put(f"{ALERTS}/{scenes.ALERT_FAILED}", params=VERSION | {"user": "grace"}, json=alert)
    assert answer.status_code == 200
    said = answer.json()["properties"]
    assert (said["state"], said["closedByUserAlias"]) == ("Closed", "ada")
    assert said["closedTimestamp"] != ""
    assert scene.alerts[scenes.ALERT_FAILED].reason == "closed for grace"


def test_who_only_sees_closes_nothing(client: Client, scene: Scene) -> None:
    client.headers["Authorization"] = f"Bearer {scene.token('rea')}"
    answer = client.put(f"{ALERTS}/{scenes.ALERT_FAILED}", params=VERSION, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
    client.headers["Authorization"] = "Bearer wrong"
    assert client.put(f"{ALERTS}/{scenes.ALERT_FAILED}", params=VERSION, json={}).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("state eq 'Active'", ["a"]),
        ("Properties/State eq 'closed'", ["b"]),
        ("state ne 'Closed' and severity eq 'Warning'", []),
        ("severity eq 'Warning'", ["b"]),
        ("faultTypeId eq 'step-failed'", ["a", "b"]),
    ],
)
def test_a_filter(client: Client, scene: Scene, wanted: str, found: list[str]) -> None:
    first = scenes.alert_failed()
    milder = msgspec.structs.replace(first.finding, severity=Severity.WARNING)
    closed = first.raised + timedelta(hours=1)
    scene.alerts = {
        "a": msgspec.structs.replace(first, id="a"),
        "b": msgspec.structs.replace(first, id="b", finding=milder, state=AlertState.CLOSED, closed=closed),
    }
    assert [alert["name"] for alert in listed(client, wanted)] == found


@pytest.mark.parametrize(
    "wanted", ["state", "state eq Active", "colour eq 'red'", "state eq 'a' or state eq 'b'"]
)
def test_a_filter_that_is_none(client: Client, wanted: str) -> None:
    answer = client.get(ALERTS, params=VERSION | {"$filter": wanted})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidFilter")


def test_what_this_api_cannot_say_is_not_in_it(client: Client, scene: Scene) -> None:
    first = scenes.alert_failed()
    informational = msgspec.structs.replace(first.finding, severity=Severity.INFORMATIONAL)
    scene.alerts = {
        "a": msgspec.structs.replace(first, id="a", finding=informational),
        "b": msgspec.structs.replace(first, id="b", state=AlertState.HELD),
    }
    assert listed(client) == []
    assert client.get(f"{ALERTS}/a", params=VERSION).status_code == 404


def test_pages_are_followed_with_their_filter(client: Client, scene: Scene) -> None:
    first = scenes.alert_failed()
    scene.alerts = {str(n): msgspec.structs.replace(first, id=str(n)) for n in range(230)}
    link, names = f"{ALERTS}?api-version=2016-05-01&$filter=state eq 'Active'", []
    while link:
        answer = client.get(link.removeprefix(_base(client)))
        names += [alert["name"] for alert in answer.json()["value"]]
        link = answer.json()["nextLink"]
    assert names == [str(n) for n in range(230)]


def test_the_version_is_this_apis_own(client: Client) -> None:
    answer = client.get(ALERTS, params={"api-version": "2021-07-01"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidApiVersionParameter")
    assert client.get(f"{ALERTS}/nothing", params=VERSION).status_code == 404
    assert client.post(ALERTS, params=VERSION).status_code == 405


def _base(client: Client) -> str:
    return str(client.base_url).rstrip("/")
