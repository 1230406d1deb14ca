"""Checks over HTTP: the desk's read models, and who may what."""

from __future__ import annotations

import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.wire.check_views import ChecksView, CheckView, ReadinessView
from simulators import scenes
from simulators.desk import Scene

Client = TestClient[Litestar]


def test_what_was_found_with_status_severity_remedy_target_and_time_taken(client: Client) -> None:
    checks = msgspec.json.decode(client.get("/api/v1/checks").content, type=ChecksView)
    assert checks.counts == {"pass": 4, "warning": 2, "fail": 1, "unknown": 1}
    clock = next(each for each in checks.results if each.check == "clock")
    assert (clock.title, clock.status, clock.severity, clock.target) == (
        "Clocks agree",
        "warning",
        "Warning",
        "node n3",
    )
    assert (clock.seconds, clock.blocks, clock.runbook) == (0.14, True, "docs/runbooks/check-clock.md")
    assert clock.remedy.startswith("Set the clock")
    assert clock.since > checks.results[0].since


def test_one_check_and_how_it_has_changed(client: Client) -> None:
    check = msgspec.json.decode(client.get("/api/v1/checks/clock").content, type=CheckView)
    assert [change.status for change in check.changes] == ["warning", "pass"]
    answer = client.get("/api/v1/checks/none")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_checks_are_run_all_or_by_name(client: Client, scene: Scene) -> None:
    answer = client.post("/api/v1/checks/run", json={})
    assert (answer.status_code, answer.json()) == (202, {"after": 2})
    client.post("/api/v1/checks/run", json={"checks": ["clock"]})
    assert [each.checks for each in scene.checks.records.begun[2:]] == [(), ("clock",)]
    assert client.post("/api/v1/checks/run", json={"checks": ["none"]}).status_code == 404


def test_a_check_is_skipped_and_taken_up_again(client: Client, scene: Scene) -> None:
    answer = client.post("/api/v1/checks/clock/skip", json={"reason": "known", "target": "node n3"})
    (skip,) = msgspec.json.decode(answer.content, type=CheckView).skips
    assert (skip.by, skip.target, skip.reason) == ("ada", "node n3", "known")
    assert scene.entries[0].subject == "clock of node n3"
    answer = client.post("/api/v1/checks/clock/unskip", json={"target": "node n3"})
    assert answer.json()["skips"] == []
    for body in ({"reason": ""}, {}):
        assert client.post("/api/v1/checks/clock/skip", json=body).status_code == 400


def test_readiness_for_an_update(client: Client) -> None:
    answer = client.get(f"/api/v1/updates/{scenes.HOTFIX}/readiness")
    readiness = msgspec.json.decode(answer.content, type=ReadinessView)
    assert not readiness.ready
    assert [finding.code for finding in readiness.blockers] == ["check-node-space", "check-clock"]
    assert [finding.code for finding in readiness.skipped] == ["check-restart"]
