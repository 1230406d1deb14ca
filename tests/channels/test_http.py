"""Webhooks in Alertmanager's format, and an Alertmanager, against a real server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from channels.messages import AT, SECRET, certificate, message
from channels.receiver import Receiver, receiver
from pitstop.channels.http import FADES_AFTER, Alertmanager, Endpoint, Webhook
from pitstop.channels.labels import fingerprint
from pitstop.model.errors import InvalidInput, NotPermitted, TrustError, Unreachable
from pitstop.model.findings import Severity

PORTAL = "https://pitstop.example"


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


def webhook(port: int, **more: Any) -> Webhook:
    return Webhook("hook", Endpoint(f"http://127.0.0.1:{port}/hook", **more), Severity.WARNING, PORTAL)


def test_the_body_is_what_an_alertmanager_sends_to_its_receivers(server: Receiver) -> None:
    webhook(server.port).send([message(), message("a2", severity=Severity.WARNING)])
    ((path, body),) = server.posted
    assert path == "/hook"
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "hook")
    assert set(body) == {
        *("version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels"),
        *("commonAnnotations", "externalURL", "alerts"),
    }
    first, second = body["alerts"]
    assert first["labels"] == {
        "alertname": "no-space",
        "severity": "critical",
        "source": "checks",
        "subject": "node n3",
        "system": "Rack 7",
    }
    assert (first["status"], first["startsAt"]) == ("firing", "2026-03-04T05:06:07.008Z")
    assert first["endsAt"] == "0001-01-01T00:00:00Z"
    assert first["generatorURL"] == f"{PORTAL}/alerts/a1"
    assert first["annotations"]["remedy"] == '1. Make room on n3.\n2. Then resume "the run".'
    assert first["annotations"]["runbook_url"] == f"{PORTAL}/runbooks/no-space"
    assert first["fingerprint"] != second["fingerprint"]
    assert "severity" not in body["commonLabels"]
    assert body["commonLabels"]["alertname"] == "no-space"


def test_a_test_does_not_stay_active_over_there(server: Receiver) -> None:
    tried = replace(message(), is_test=True)
    webhook(server.port).send([tried])
    Alertmanager("am", Endpoint(f"http://127.0.0.1:{server.port}"), Severity.WARNING).send([tried])
    first, second, (active,), (ended,) = server.bodies
    assert [body["status"] for body in (first, second)] == ["firing", "resolved"]
    assert first["commonLabels"]["pitstop_test"] == "true"
    assert active["labels"] == ended["labels"]
    assert ended["endsAt"] < active["endsAt"]


def test_what_is_closed_is_sent_as_resolved(server: Receiver) -> None:
    webhook(server.port).send([message(closed=AT + timedelta(hours=1))])
    (body,) = server.bodies
    (alert,) = body["alerts"]
    assert (body["status"], alert["status"]) == ("resolved", "resolved")
    assert alert["endsAt"] == "2026-03-04T06:06:07.008Z"
    assert alert["annotations"]["reason"] == "made room"


def test_of_what_has_another_severity_now_the_former_one_is_resolved(server: Receiver) -> None:
    webhook(server.port).send([message(before=Severity.WARNING)])
    former, now = server.bodies[0]["alerts"]
    assert (former["status"], former["labels"]["severity"]) == ("resolved", "warning")
    assert (now["status"], now["labels"]["severity"]) == ("firing", "critical")
    assert former["fingerprint"] != now["fingerprint"]


def test_the_fingerprint_is_alertmanagers_own() -> None:
    """The values that its own code gives for these labels."""
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"alertname": "x"}) == fingerprint(dict(reversed([("alertname", "x")])))
    assert fingerprint({"a": "bc"}) != fingerprint({"ab": "c"})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, Unreachable),
        (503, Unreachable),
        (429, Unreachable),
        (401, NotPermitted),
        (403, NotPermitted),
        (400, InvalidInput),
        (404, InvalidInput),
        (302, Unreachable),
    ],
)
def test_what_is_not_taken_is_said(server: Receiver, status: int, error: type[Exception]) -> None:
    server.answers = [status]
    with pytest.raises(error, match=str(status)):
        webhook(server.port).send([message()])


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="cannot be reached"):
            webhook(taken.getsockname()[1]).send([message()])


def test_the_token_is_sent_and_never_said(server: Receiver, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{SECRET}\n")
    channel = webhook(server.port, token=token)
    channel.send([message()])
    assert server.authorizations == [f"Bearer {SECRET}"]
    server.answers = [403]
    with pytest.raises(NotPermitted) as said:
        channel.send([message()])
    assert SECRET not in f"{said.value} {said.value.hint} {channel.says} {channel!r}"
    token.unlink()
    with pytest.raises(InvalidInput, match="cannot be read"):
        channel.send([message()])


def test_the_address_is_said_without_what_may_be_secret_in_it() -> None:
    channel = Webhook(
        "hook", Endpoint(f"https://chat.example/in/{SECRET}?k={SECRET}"), Severity.WARNING, PORTAL
    )
    assert channel.says == "webhook https://chat.example"


def test_a_certificate_of_a_strange_authority_is_not_trusted(tmp_path: Path) -> None:
    ca, context = certificate(tmp_path)
    with receiver(context) as kept:
        endpoint = Endpoint(f"https://127.0.0.1:{kept.port}/")
        with pytest.raises(TrustError):
            Webhook("hook", endpoint, Severity.WARNING, PORTAL).send([message()])
        Webhook("hook", replace(endpoint, ca=ca), Severity.WARNING, PORTAL).send([message()])
        assert len(kept.posted) == 1


def test_an_alertmanager_is_told_with_an_end_ahead(server: Receiver) -> None:
    manager = Alertmanager("am", Endpoint(f"http://127.0.0.1:{server.port}"), Severity.WARNING)
    manager.send([message(), message("a2", closed=AT)])
    ((path, (active, closed)),) = server.posted
    assert path == "/api/v2/alerts"
    ends = datetime.fromisoformat(active["endsAt"])
    assert timedelta(0) < ends - datetime.now(UTC) <= FADES_AFTER
    assert closed["endsAt"] == "2026-03-04T05:06:07.008Z"
    assert set(active) == {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prometheus-alertmanager") is None, reason="no Alertmanager is here")
def test_a_real_alertmanager_takes_it_and_gives_the_same_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "am.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        "prometheus-alertmanager",
        f"--config.file={tmp_path / 'am.yml'}",
        f"--storage.path={tmp_path}",
    ]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ) as process:
        try:
            _wait_for(f"{address}/-/ready")
            manager = Alertmanager("am", Endpoint(address), Severity.WARNING)
            manager.send([message(), message("a2", severity=Severity.WARNING, closed=AT)])
            (active,) = httpx.get(f"{address}/api/v2/alerts").json()
        finally:
            process.terminate()
    assert active["fingerprint"] == fingerprint(active["labels"])
    assert active["annotations"]["summary"] == "The disk of n3 is full."


def _wait_for(address: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError("it is not ready")
