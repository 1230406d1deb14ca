"""Errors of ``/api/v1`` say what is wrong and what to do, with a stable code, and give nothing away."""

from __future__ import annotations

import logging

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from pitstop.api.problems import problem_of
from pitstop.model import errors
from pitstop.wire.http_statuses import status_of
from simulators import scenes
from simulators.desk import Scene

Client = TestClient[Litestar]


def test_a_problem_has_code_hint_and_its_media_type(client: Client) -> None:
    answer = client.get("/api/v1/updates/Northstar9")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:pitstop:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no update Northstar9",
        "code": "not-found",
        "hint": "List what there is and check the name.",
        "findings": [],
    }


def test_a_refusal_carries_the_findings_that_block(client: Client) -> None:
    answer = client.post(f"/api/v1/updates/{scenes.EXPRESS}/apply")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-allowed")
    assert answer.json()["findings"][0]["remedy"] == f"Install {scenes.HOTFIX} first."


@pytest.mark.parametrize(
    ("request_line", "status", "code", "named"),
    [
        ("GET /api/v1/nothing", 404, "not-found", "/api/v1/nothing"),
        ("DELETE /api/v1/system", 405, "method-not-allowed", "Method Not Allowed"),
        ("GET /api/v1/audit?limit=0", 400, "invalid-input", "limit"),
        ("GET /api/v1/alerts?active=perhaps", 400, "invalid-input", "active"),
        (f"POST /api/v1/updates/{scenes.HOTFIX}/explode", 400, "invalid-input", "verb"),
        ("POST /api/v1/sessions", 400, "invalid-input", "body"),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(
    client: Client, request_line: str, status: int, code: str, named: str
) -> None:
    method, path = request_line.split()
    answer = client.request(method, path)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert named in problem["detail"]
    assert problem["hint"]


def test_an_unknown_role_is_named_with_those_there_are(client: Client, scene: Scene) -> None:
    client.headers["Authorization"] = f"Bearer {scene.token('admin')}"
    answer = client.post("/api/v1/accounts", json={"name": "bea", "role": "king", "password": "x" * 12})
    assert answer.status_code == 400
    assert "operator" in answer.json()["hint"]


def test_an_unforeseen_error_is_logged_and_says_only_its_reference(
    client: Client, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.failing = RuntimeError("password is hunter2")
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/v1/system")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    reference = answer.json()["detail"].split("reference ")[1].rstrip(")")
    assert reference in caplog.text
    assert "hunter2" in caplog.text


def test_a_malformed_sign_in_does_not_repeat_the_password(client: Client) -> None:
    answer = client.post("/api/v1/sessions", json={"name": ["hunter2"], "password": "hunter2"})
    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def _all_errors() -> list[type[errors.PitstopError]]:
    known = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in known if issubclass(kind, errors.PitstopError)]


@pytest.mark.parametrize("kind", _all_errors())
def test_every_error_has_a_status_that_says_whose_fault_it_is(kind: type[errors.PitstopError]) -> None:
    error = kind("it went wrong", hint="mend it")
    ours = (
        errors.Unreachable,
        errors.NoSpace,
        errors.StateUnusable,
        errors.StepFailed,
        errors.RunEndedFailed,
    )
    expected_ours = kind is errors.PitstopError or issubclass(kind, ours)
    assert (status_of(error) >= 500) is expected_ours
    problem = problem_of(error, "/api/v1/x")
    assert (problem.code, problem.detail, problem.hint) == (kind.code, "it went wrong", "mend it")
