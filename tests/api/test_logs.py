"""``/api/v1/logs``: begun, seen, fetched in parts, kept, sent and removed."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.model.accounts import Role
from simulators.desk import Scene
from simulators.logs import FILE, READY

Client = TestClient[Litestar]
BUNDLE = f"/api/v1/logs/{READY}"


def test_collecting_answers_at_once_with_where_it_is(client: Client) -> None:
    answer = client.post("/api/v1/logs", json={"hours": 2, "nodes": ["n1"], "pseudonyms": True})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/v1/logs/{answer.json()['id']}"
    assert client.get(answer.headers["location"]).json()["nodes"] == ["n1"]


@pytest.mark.parametrize(
    "asked", [{"hours": "many"}, {"nodes": "n1"}, {"since": "yesterday"}, {"nodes": ["n9"]}]
)
def test_what_cannot_be_collected_is_refused(client: Client, asked: dict[str, object]) -> None:
    answer = client.post("/api/v1/logs", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")


def test_the_file_comes_whole_and_from_where_it_broke(client: Client) -> None:
    whole = client.get(f"{BUNDLE}/file", headers={"Accept-Encoding": "gzip"})
    assert (whole.status_code, whole.content) == (200, FILE)
    assert "content-encoding" not in whole.headers
    assert whole.headers["content-type"] == "application/zip"
    assert whole.headers["content-disposition"].startswith('attachment; filename="pitstop-logs-')
    part = client.get(f"{BUNDLE}/file", headers={"Range": "bytes=10-"})
    assert (part.status_code, part.content) == (206, FILE[10:])
    assert part.headers["content-range"] == f"bytes 10-{len(FILE) - 1}/{len(FILE)}"


@pytest.mark.parametrize("asked", ["bytes=22-", "bytes=-5", "bytes=0-3", "lines=1-", f"bytes={'9' * 20}-"])
def test_another_range_is_answered_with_all_of_it(client: Client, asked: str) -> None:
    answer = client.get(f"{BUNDLE}/file", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, FILE)


def test_it_is_kept_sent_and_removed(client: Client) -> None:
    assert client.post(f"{BUNDLE}/pin").json()["pinned"] is True
    assert client.delete(BUNDLE).status_code == 409
    assert client.post(f"{BUNDLE}/unpin").json()["pinned"] is False
    sent = client.post(f"{BUNDLE}/send", json={"target": "vendor"})
    assert (sent.status_code, sent.json()["sent"][0]["target"]) == (202, "vendor")
    assert client.post(f"{BUNDLE}/send", json={"target": "nobody"}).status_code == 404
    assert client.delete(BUNDLE).status_code == 204
    assert client.get(BUNDLE).status_code == 404


def test_support_sees_logs_though_it_sees_nothing_else(client: Client, scene: Scene) -> None:
    scene.accounts["sue"] = Role.SUPPORT
    client.headers["Authorization"] = f"Bearer {scene.token('sue')}"
    assert client.get("/api/v1/system").status_code == 403
    assert client.get("/api/v1/logs").status_code == 200
    assert client.get("/api/v1/logs/offer").json()["nodes"] == ["n1", "n2"]
    assert client.delete(BUNDLE).status_code == 403
