"""Support, releases, path, calendar and declarations over HTTP: the desk's read models, and who may what."""

from __future__ import annotations

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.wire.policy_views import (
    CalendarView,
    ContractView,
    Explanation,
    FactView,
    PathView,
    ReleaseView,
    RiskView,
    SupportReport,
    TimelineView,
    WindowsView,
)
from simulators import aurora, scenes
from simulators.desk import Scene

Client = TestClient[Litestar]

DAILY: dict[str, object] = {
    "name": "daily",
    "first": "2024-05-01T22:00:00",
    "recurrence": "FREQ=DAILY",
    "seconds": 3600,
    "zone": "Europe/Berlin",
}
WINDOWS = {"windows": [DAILY], "blackouts": [{"firstDay": "2024-05-20", "lastDay": "2024-05-21"}]}


def test_support_is_shown_for_any_day(client: Client) -> None:
    now = msgspec.json.decode(client.get("/api/v1/support").content, type=SupportReport)
    assert (now.status, now.position, now.about) == ("out-of-compliance", "N-3", "present")
    assert now.way_back is not None
    assert [step.name for step in now.way_back.steps] == [scenes.HOTFIX, scenes.EXPRESS]
    past = client.get("/api/v1/support", params={"at": "2024-04-22"}).json()
    assert (past["status"], past["position"], past["about"], past["wayBack"]) == (
        "supported",
        "N-2",
        "past",
        None,
    )
    assert past["asKnownOn"] == "2024-05-14"


@pytest.mark.parametrize("query", ["support?at=soon", "support?at=2024-02-30", "path?recommended=perhaps"])
def test_a_question_that_is_none_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")


def test_the_timeline_has_every_family_in_order(client: Client) -> None:
    answer = client.get("/api/v1/support/timeline")
    timeline = msgspec.json.decode(answer.content, type=TimelineView)
    assert [bar.family for bar in timeline.families] == ["2302", "2305", "2308", "2311", "2402"]
    assert [bar.family for bar in timeline.families if bar.current] == ["2305"]
    assert (timeline.newest_family, timeline.exceptions[0].behind, timeline.ends[0].behind) == (
        "2402",
        3,
        None,
    )


def test_releases_are_listed_and_explained_by_name_or_build(client: Client) -> None:
    listed = msgspec.json.decode(client.get("/api/v1/releases").content, type=tuple[ReleaseView, ...])
    assert len(listed) == 9
    for text in (scenes.FULL_2311, "1.2311.0.9"):
        answer = client.get(f"/api/v1/releases/{text}/explain")
        explained = msgspec.json.decode(answer.content, type=Explanation)
        assert explained.release in listed
        assert {item.what: item.met for item in explained.prerequisites} == {
            "family 2308": False,
            "OEM package 2.4.0 or newer": False,
            "Every node has at least 12 GiB of free memory.": True,
        }
    assert client.get("/api/v1/releases/none/explain").status_code == 404


def test_a_path_is_planned_for_target_and_objective(client: Client) -> None:
    asked = {"to": scenes.FULL_2311, "objective": "restarts", "recommended": "false"}
    path = msgspec.json.decode(client.get("/api/v1/path", params=asked).content, type=PathView)
    assert (path.target, path.objective, path.recommended) == (scenes.FULL_2311, "fewest-restarts", False)
    assert (path.reached, len(path.steps), path.restarts) == (True, 4, 2)
    answer = client.get("/api/v1/path", params={"objective": "fun"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")


def test_windows_are_replaced_whole_and_used_by_the_calendar(client: Client) -> None:
    answer = client.put("/api/v1/windows", json=WINDOWS)
    windows = msgspec.json.decode(answer.content, type=WindowsView)
    assert (windows.revision, windows.changed_by, len(windows.next)) == (2, "ada", 5)
    assert client.get("/api/v1/windows").json() == answer.json()
    answer = client.get("/api/v1/calendar", params={"to": "supported"})
    calendar = msgspec.json.decode(answer.content, type=CalendarView)
    assert {booking.opening.window for booking in calendar.bookings} == {"daily"}
    assert calendar.fits


def test_windows_that_were_changed_meanwhile_are_a_conflict(client: Client) -> None:
    assert client.put("/api/v1/windows", json={**WINDOWS, "revision": 1}).status_code == 200
    answer = client.put("/api/v1/windows", json={**WINDOWS, "revision": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    "change",
    [
        {"windows": [{**DAILY, "zone": "Mars/Base"}]},
        {"windows": [{**DAILY, "seconds": 0}]},
        {"windows": [{**DAILY, "seconds": 1e300}]},
        {"windows": [{**DAILY, "first": "2024-05-01T22:00:00Z"}]},
        {"windows": [DAILY, DAILY]},
        {"windows": [{**DAILY, "name": " "}]},
        {"blackouts": [{"firstDay": "2024-05-20", "lastDay": "2024-05-19"}]},
        {"windows": [{"name": "no more"}]},
        {"windows": 3},
    ],
)
def test_windows_that_cannot_be_are_refused_whole(
    client: Client, scene: Scene, change: dict[str, object]
) -> None:
    before = scene.records.declarations.declared()
    answer = client.put("/api/v1/windows", json=change)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")
    assert scene.records.declarations.declared() == before


def test_facts_and_contract_are_an_administrators(client: Client, scene: Scene) -> None:
    for path, body in (("facts", {"connected": "no"}), ("contract", {"valid": False})):
        answer = client.put(f"/api/v1/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    client.headers["Authorization"] = f"Bearer {scene.token('admin')}"
    answer = client.put("/api/v1/facts", json={"connected": "no", "session-store": None})
    facts = {fact.name: fact for fact in msgspec.json.decode(answer.content, type=tuple[FactView, ...])}
    assert (facts["connected"].value, facts["connected"].source) == ("no", "recorded")
    assert (facts["session-store"].value, facts["session-store"].asked_by) == (None, (scenes.FULL_2402,))
    answer = client.put("/api/v1/contract", json={"valid": True, "lastDay": "2030-01-01"})
    contract = msgspec.json.decode(answer.content, type=ContractView)
    assert (contract.valid, str(contract.last_day), contract.recorded_by) == (True, "2030-01-01", "admin")


def test_an_operator_accepts_and_revokes_a_risk(client: Client, scene: Scene) -> None:
    answer = client.post(f"/api/v1/risks/{aurora.RISK}/accept", json={"reason": "at night"})
    risk = msgspec.json.decode(answer.content, type=RiskView)
    assert (risk.standing, risk.accepted_by, risk.reason) == ("accepted", "ada", "at night")
    assert client.get("/api/v1/risks").json() == [answer.json()]
    assert scene.entries[0].what == "accept risk: at night"
    assert client.post(f"/api/v1/risks/{aurora.RISK}/revoke").json()["standing"] == "unknown"
    assert client.post(f"/api/v1/risks/{aurora.RISK}/revoke").status_code == 404
    assert client.post("/api/v1/risks/none/accept", json={"reason": "x"}).status_code == 404
    assert client.post(f"/api/v1/risks/{aurora.RISK}/accept", json={}).status_code == 400


@pytest.mark.parametrize("path", ["windows", "contract", "facts"])
def test_a_reader_declares_nothing(client: Client, scene: Scene, path: str) -> None:
    before = scene.records.declarations.declared()
    client.headers["Authorization"] = f"Bearer {scene.token('rea')}"
    assert client.put(f"/api/v1/{path}", json={}).status_code == 403
    client.headers["Authorization"] = "Bearer wrong"
    assert client.put(f"/api/v1/{path}", json={}).status_code == 401
    assert scene.records.declarations.declared() == before
