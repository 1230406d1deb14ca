"""Every resource of ``/api/v1`` answers with the read model that the desk gives, as it is."""

from __future__ import annotations

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.wire.alert_views import AlertView
from pitstop.wire.views import (
    AccountView,
    AuditView,
    EventView,
    RunReport,
    RunView,
    SourceView,
    StepView,
    SystemView,
    UpdateView,
    WhoAmI,
)
from simulators import desk as simulated
from simulators import scenes
from simulators.desk import PASSWORD, Scene

Client = TestClient[Litestar]


@pytest.fixture
def begin() -> Scene:
    return simulated.failed()


def test_the_system_is_shown_as_the_desk_shows_it(client: Client, scene: Scene) -> None:
    answer = client.get("/api/v1/system")
    assert msgspec.json.decode(answer.content, type=SystemView) == scene.system


def test_updates_are_listed_in_the_desks_order(client: Client, scene: Scene) -> None:
    answer = client.get("/api/v1/updates")
    assert msgspec.json.decode(answer.content, type=tuple[UpdateView, ...]) == tuple(scene.updates.values())


def test_one_update_has_reasons_and_actions(client: Client, scene: Scene) -> None:
    answer = client.get(f"/api/v1/updates/{scenes.HOTFIX}").json()
    assert [action["verb"] for action in answer["actions"]] == ["rerun"]
    assert answer["reasons"][0]["code"] == "step-failed"


def test_release_notes_are_markdown(client: Client) -> None:
    answer = client.get(f"/api/v1/updates/{scenes.HOTFIX}/notes")
    assert answer.headers["content-type"].startswith("text/markdown")
    assert answer.text == scenes.NOTES


def test_runs_can_be_asked_for_one_update(client: Client) -> None:
    answer = client.get("/api/v1/runs", params={"update": scenes.HOTFIX})
    runs = msgspec.json.decode(answer.content, type=tuple[RunView, ...])
    assert [run.id for run in runs] == [scenes.RUN_FAILED]
    both = [run["id"] for run in client.get("/api/v1/runs").json()]
    assert len(both) == 2
    pages = [client.get("/api/v1/runs", params={"limit": 1}).json()]
    pages.append(client.get("/api/v1/runs", params={"limit": 1, "before": pages[0][0]["id"]}).json())
    assert [run["id"] for page in pages for run in page] == both
    assert client.get("/api/v1/runs", params={"before": both[-1]}).json() == []
    assert client.get("/api/v1/runs", params={"limit": 0}).status_code == 400


def test_a_run_is_shown_with_its_tree(client: Client) -> None:
    answer = client.get(f"/api/v1/runs/{scenes.RUN_FAILED}")
    assert msgspec.json.decode(answer.content, type=RunReport) == scenes.report_failed()


def test_one_step_of_a_run_is_shown_by_its_index(client: Client) -> None:
    (first, *_) = scenes.report_failed().steps
    answer = client.get(f"/api/v1/runs/{scenes.RUN_FAILED}/steps/{first.steps[0].index}")
    assert msgspec.json.decode(answer.content, type=StepView) == first.steps[0]
    assert client.get(f"/api/v1/runs/{scenes.RUN_FAILED}/steps/9.9").status_code == 404


def test_a_runs_journal_is_listed(client: Client) -> None:
    answer = client.get(f"/api/v1/runs/{scenes.RUN_FAILED}/events")
    assert msgspec.json.decode(answer.content, type=tuple[EventView, ...])[-1].kind == "RunFailed"


@pytest.mark.parametrize("path", [f"runs/{scenes.RUN_FAILED}/resume", f"updates/{scenes.HOTFIX}/rerun"])
def test_resuming_keeps_the_runs_id_and_raises_its_attempt(client: Client, path: str) -> None:
    answer = client.post(f"/api/v1/{path}")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/v1/runs/{scenes.RUN_FAILED}"
    assert (answer.json()["id"], answer.json()["attempt"]) == (scenes.RUN_FAILED, 2)


def test_an_update_that_never_ran_cannot_be_rerun(client: Client) -> None:
    answer = client.post(f"/api/v1/updates/{scenes.FIRMWARE}/rerun")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid-move")


@pytest.mark.parametrize(("verb", "purpose"), [("apply", "apply"), ("prepare", "prepare")])
def test_a_verb_begins_a_run(client: Client, verb: str, purpose: str) -> None:
    answer = client.post(f"/api/v1/updates/{scenes.FIRMWARE}/{verb}")
    assert answer.status_code == 202
    assert (answer.json()["purpose"], answer.json()["requestedBy"]) == (purpose, "ada")


def test_alerts_are_listed_closed_and_kept(client: Client) -> None:
    assert msgspec.json.decode(client.get("/api/v1/alerts").content, type=tuple[AlertView, ...])
    answer = client.post(f"/api/v1/alerts/{scenes.ALERT_FAILED}/close")
    assert (answer.status_code, answer.json()["closedBy"]) == (200, "ada")
    assert client.get("/api/v1/alerts", params={"active": "true"}).json() == []
    assert len(client.get("/api/v1/alerts").json()) == 1


def test_sources_are_listed_and_looked_into(client: Client, scene: Scene) -> None:
    listed = client.get("/api/v1/sources")
    assert msgspec.json.decode(listed.content, type=tuple[SourceView, ...]) == scene.sources
    checked = client.post("/api/v1/sources/check")
    assert (checked.status_code, scene.calls["sources.check"]) == (200, 1)


def test_the_audit_log_says_who_did_what_from_where(client: Client) -> None:
    client.post(f"/api/v1/alerts/{scenes.ALERT_FAILED}/close")
    answer = client.get("/api/v1/audit", params={"limit": 1})
    entry = msgspec.json.decode(answer.content, type=tuple[AuditView, ...])[0]
    assert (entry.who, entry.what, entry.origin) == ("ada", "close alert", "api testclient")


def test_a_sign_in_gives_a_token_that_a_sign_out_ends(client: Client) -> None:
    session = client.post("/api/v1/sessions", json={"name": "rea", "password": PASSWORD})
    assert session.status_code == 201
    client.headers["Authorization"] = f"Bearer {session.json()['token']}"
    who = msgspec.json.decode(client.get("/api/v1/session").content, type=WhoAmI)
    assert (who.name, who.role) == ("rea", "reader")
    assert client.delete("/api/v1/sessions").status_code == 204
    assert client.get("/api/v1/session").status_code == 401


def test_an_administrator_adds_accounts(client: Client, scene: Scene) -> None:
    client.headers["Authorization"] = f"Bearer {scene.token('admin')}"
    new = {"name": "bea", "role": "operator", "password": "a long enough one"}
    answer = client.post("/api/v1/accounts", json=new)
    assert answer.status_code == 201
    assert msgspec.json.decode(answer.content, type=AccountView).name == "bea"
    assert "bea" in {account["name"] for account in client.get("/api/v1/accounts").json()}
    assert client.post("/api/v1/accounts", json=new).status_code == 409


def test_everybody_changes_their_own_password(client: Client, scene: Scene) -> None:
    change = {"old": PASSWORD, "new": "another long password"}
    assert client.post("/api/v1/session/password", json=change).status_code == 204
    assert scene.passwords["ada"] == "another long password"
