"""Nobody gets past without a token, nobody does more than the role allows, and nothing is cached."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.api.openapi import HANDLERS
from pitstop.api.security import MAX_BODY
from simulators import scenes
from simulators.desk import Scene

Client = TestClient[Litestar]
ARM = (
    "/subscriptions/20ff7fc3-e762-44dd-bd96-b71116dcdc23/resourceGroups/System.aurora"
    "/providers/Microsoft.Update.Admin/updateLocations"
)
GETS = [
    "/api/v1/system",
    "/api/v1/nodes",
    "/api/v1/nodes/n4",
    "/api/v1/updates",
    f"/api/v1/updates/{scenes.HOTFIX}",
    f"/api/v1/updates/{scenes.HOTFIX}/notes",
    f"/api/v1/updates/{scenes.HOTFIX}/rehearsal",
    "/api/v1/runs",
    f"/api/v1/runs/{scenes.RUN_DONE}",
    f"/api/v1/runs/{scenes.RUN_DONE}/events",
    f"/api/v1/runs/{scenes.RUN_DONE}/steps/1",
    f"/api/v1/runs/{scenes.RUN_DONE}/watch",
    "/api/v1/issues",
    "/api/v1/issues/northstar/busy-drain",
    "/api/v1/alerts",
    f"/api/v1/alerts/{scenes.ALERT_FAILED}",
    "/api/v1/alert-channels",
    "/metrics",
    "/api/v1/sources",
    "/api/v1/accounts",
    "/api/v1/session",
    "/api/v1/audit",
    "/api/v1/support",
    "/api/v1/support/timeline",
    "/api/v1/releases",
    f"/api/v1/releases/{scenes.HOTFIX}/explain",
    "/api/v1/path",
    "/api/v1/calendar",
    "/api/v1/windows",
    "/api/v1/contract",
    "/api/v1/facts",
    "/api/v1/risks",
    "/api/v1/checks",
    "/api/v1/checks/clock",
    "/api/v1/updates/any/readiness",
    "/api/v1/imports",
    "/api/v1/imports/any",
    "/api/v1/transfer-request",
    "/api/v1/logs",
    "/api/v1/logs/offer",
    "/api/v1/logs/any",
    "/api/v1/logs/any/file",
    f"/api/v1/updates/{scenes.HOTFIX}/checklist",
    "/api/v1/cases",
    "/api/v1/cases/offer",
    "/api/v1/cases/key",
    "/api/v1/cases/1",
    "/api/v1/cases/1/file",
    f"{ARM}/?api-version=2021-07-01",
]
CHANGES = [
    f"/api/v1/updates/{scenes.HOTFIX}/apply",
    f"/api/v1/updates/{scenes.HOTFIX}/prepare",
    f"/api/v1/runs/{scenes.RUN_DONE}/resume",
    f"/api/v1/runs/{scenes.RUN_DONE}/stop",
    f"/api/v1/runs/{scenes.RUN_DONE}/abort",
    f"/api/v1/runs/{scenes.RUN_DONE}/cancel",
    f"/api/v1/alerts/{scenes.ALERT_FAILED}/close",
    "/api/v1/alert-channels/any/test",
    "/api/v1/sources/check",
    "/api/v1/system/adopt",
    "/api/v1/nodes",
    "/api/v1/nodes/n4/replace",
    "/api/v1/nodes/n4/test",
    "/api/v1/nodes/n4/other-key",
    "/api/v1/nodes/n4/trust",
    "/api/v1/risks/any/accept",
    "/api/v1/risks/any/revoke",
    "/api/v1/checks/run",
    "/api/v1/checks/clock/skip",
    "/api/v1/checks/clock/unskip",
    "/api/v1/imports",
    "/api/v1/imports/any/finish",
    "/api/v1/logs",
    "/api/v1/logs/any/cancel",
    "/api/v1/logs/any/pin",
    "/api/v1/logs/any/unpin",
    f"/api/v1/updates/{scenes.HOTFIX}/checklist/users",
    "/api/v1/cases",
    "/api/v1/cases/1/entries",
    "/api/v1/cases/1/close",
    "/api/v1/cases/1/reopen",
    "/api/v1/cases/1/renew",
    f"{ARM}/aurora/updates/{scenes.HOTFIX}/apply?api-version=2021-07-01",
]


UPLOAD = "/api/v1/imports/any/files/0"


def test_uploads_and_their_removal_need_a_session_and_an_operator(client: Client, scene: Scene) -> None:
    for token, status in (("wrong", 401), (scene.token("rea"), 403)):
        client.headers["Authorization"] = f"Bearer {token}"
        upload = client.patch(UPLOAD, content=b"x", headers={"Upload-Offset": "0"})
        removal = client.delete("/api/v1/imports/any")
        assert (upload.status_code, removal.status_code) == (status, status)


MATCH = "/api/v1/issues/match"
CONSENT = "/api/v1/issues/northstar/busy-drain/consent"
MEND = f"/api/v1/runs/{scenes.RUN_FAILED}/mend"


def test_failures_are_matched_for_all_and_mends_agreed_to_by_operators(client: Client, scene: Scene) -> None:
    for token, seen, changed in (("wrong", 401, 401), (scene.token("rea"), 200, 403)):
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.post(MATCH, json={"error": "x"}).status_code == seen
        mended = client.post(MEND, json={"issue": "northstar/busy-drain"})
        answers = [client.put(CONSENT), client.delete(CONSENT), mended]
        assert [answer.status_code for answer in answers] == [changed] * 3


SEND = "/api/v1/logs/any/send"


def test_logs_are_sent_and_removed_by_who_may(client: Client, scene: Scene) -> None:
    for token, status in (("wrong", 401), (scene.token("rea"), 403)):
        client.headers["Authorization"] = f"Bearer {token}"
        sending = client.post(SEND, json={"target": "vendor"})
        removal = client.delete("/api/v1/logs/any")
        assert (sending.status_code, removal.status_code) == (status, status)
        assert client.get("/api/v1/logs/any/file").status_code == status


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer wrong", "Basic YWRhOng="])
def test_without_a_session_nothing_is_answered(client: Client, authorization: str) -> None:
    client.headers["Authorization"] = authorization
    for method, path in [*(("GET", path) for path in GETS), *(("POST", path) for path in CHANGES)]:
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path


@pytest.mark.parametrize("path", CHANGES)
def test_a_reader_changes_nothing(client: Client, scene: Scene, path: str) -> None:
    client.headers["Authorization"] = f"Bearer {scene.token('rea')}"
    body = {"Lantern": "1.2305.0.10", "name": "n5", "fingerprint": "SHA256:any", "reason": "any"}
    body |= {"title": "x", "impact": "B", "text": "x"}
    answer = client.post(path, json=body)
    assert answer.status_code == 403
    assert "rea is reader" in answer.text
    assert "administrator" in answer.text
    assert scene.system.active_run is None


def test_an_operator_sees_no_accounts(client: Client) -> None:
    assert client.get("/api/v1/accounts").status_code == 403


def test_the_scheme_of_the_token_may_be_written_in_any_case(client: Client, scene: Scene) -> None:
    client.headers["Authorization"] = f"bearer {scene.token('ada')}"
    assert client.get("/api/v1/session").json()["name"] == "ada"


@pytest.mark.parametrize("path", ["/api/v1/system", "/api/v1/nothing", f"{ARM}/?api-version=2021-07-01", ARM])
def test_answers_and_errors_are_not_cached_sniffed_or_framed(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"


def test_a_body_beyond_the_limit_is_refused(client: Client) -> None:
    answer = client.post(
        "/api/v1/sessions",
        content=b'{"name":"' + b"x" * MAX_BODY,
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_no_cookie_is_ever_set_or_taken(client: Client, scene: Scene) -> None:
    del client.headers["Authorization"]
    client.cookies.set("token", scene.token("ada"))
    assert client.get("/api/v1/system").status_code == 401


def test_every_route_is_listed_in_this_file() -> None:
    paths = {path for handler in HANDLERS for path in getattr(handler, "paths", ())}
    tested = [path.removeprefix("/api/v1").split("?")[0].split("/") for path in [*GETS, *CHANGES]]
    tested += [path.removeprefix("/api/v1").split("/") for path in (UPLOAD, SEND, MATCH, CONSENT, MEND)]
    untested = {
        path
        for path in paths
        if not any(
            len(path.split("/")) == len(parts)
            and all(a == b or a.startswith("{") for a, b in zip(path.split("/"), parts, strict=True))
            for parts in tested
        )
    }
    assert untested == {"/sessions", "/session/password"}
