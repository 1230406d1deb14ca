"""``/api/v1/nodes``: what the desk gives and refuses, over HTTP."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.model.node_rules import fingerprint
from simulators import desk as simulated
from simulators.desk import Scene
from simulators.rack import BROKEN, SPARE, key_of

Client = TestClient[Litestar]


@pytest.fixture
def admin(client: Client, scene: Scene) -> Client:
    client.headers["Authorization"] = f"Bearer {scene.token('admin')}"
    return client


def test_a_node_lives_from_added_to_removed(admin: Client) -> None:
    added = admin.post("/api/v1/nodes", json={"name": "n5", "address": SPARE, "jump": ["gate@10.0.1.1"]})
    assert added.status_code == 201
    assert added.json()["node"]["fingerprint"] == fingerprint(key_of(SPARE))
    assert added.json()["report"]["passed"]
    changed = admin.patch("/api/v1/nodes/n5", json={"faultDomain": "B", "jump": []})
    assert (changed.json()["node"]["faultDomain"], changed.json()["node"]["jump"]) == ("B", [])
    replaced = admin.post("/api/v1/nodes/n5/replace", json={"address": BROKEN, "untested": True})
    assert not replaced.json()["report"]["passed"]
    assert admin.get("/api/v1/nodes/n5").json()["address"] == BROKEN
    assert [node["name"] for node in admin.get("/api/v1/nodes").json()] == ["n1", "n2", "n3", "n4", "n5"]
    assert admin.delete("/api/v1/nodes/n5").status_code == 204
    assert admin.get("/api/v1/nodes/n5").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"name": "n5", "address": SPARE}),
        ("PATCH", "/n4", {"port": 23}),
        ("POST", "/n4/replace", {"address": SPARE}),
        ("DELETE", "/n4", None),
    ],
)
def test_a_change_while_a_run_lasts_says_code_reason_and_remedy(
    admin: Client, scene: Scene, method: str, path: str, body: dict[str, object] | None
) -> None:
    scene.become(simulated.running())
    admin.headers["Authorization"] = f"Bearer {scene.token('admin')}"
    answer = admin.request(method, f"/api/v1/nodes{path}", json=body)
    problem = answer.json()
    assert scene.system.active_run is not None
    assert (answer.status_code, problem["code"]) == (409, "run-lasts")
    assert scene.system.active_run in problem["detail"]
    assert "Wait until the run has ended" in problem["hint"]


def test_a_node_of_the_file_is_changed_there(admin: Client) -> None:
    answer = admin.patch("/api/v1/nodes/n1", json={"port": 23})
    assert (answer.status_code, answer.json()["code"]) == (409, "declared-in-file")
    assert "nodes file" in answer.json()["hint"]


def test_a_machine_that_is_unfit_is_refused_with_what_it_lacks(admin: Client) -> None:
    answer = admin.post("/api/v1/nodes", json={"name": "n5", "address": BROKEN})
    assert (answer.status_code, answer.json()["code"]) == (409, "node-unfit")
    (finding,) = answer.json()["findings"]
    assert (finding["subject"], finding["remedy"]) == ("node n5", "Install it: util-linux.")


def test_a_test_and_another_host_key(admin: Client, scene: Scene) -> None:
    report = admin.post("/api/v1/nodes/n4/test").json()
    assert [(check["name"], check["passed"]) for check in report["checks"]][:2] == [
        ("connects", True),
        ("programs", True),
    ]
    scene.nodes.machines["10.0.0.14"] = key_of(SPARE)
    other = admin.post("/api/v1/nodes/n4/other-key").json()
    wrong = admin.post("/api/v1/nodes/n4/trust", json={"fingerprint": other["pinned"]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "host-key-changed")
    trusted = admin.post("/api/v1/nodes/n4/trust", json={"fingerprint": other["shown"]})
    assert trusted.json()["fingerprint"] == other["shown"]
