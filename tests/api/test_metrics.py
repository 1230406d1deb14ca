"""What Prometheus reads: well-formed, named as it should be, true, and enough for the examples."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from pitstop.model.accounts import Role
from pitstop.model.alerts import AlertState
from pitstop.model.errors import NotSignedIn
from pitstop.model.findings import Severity
from pitstop.service.metrics_access import MetricsAccess
from pitstop.wire.alert_views import ChannelView
from simulators import scenes
from simulators.desk import Scene
from simulators.scenes import NOW

Client = TestClient[Litestar]
RULES = Path(__file__).parents[2] / "examples" / "prometheus" / "pitstop.rules.yml"


def scraped(client: Client) -> dict[str, Metric]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def values(family: Metric) -> dict[tuple[str, ...], float]:
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_updates_runs_alerts_and_support_are_as_every_other_face_has_them(
    client: Client, scene: Scene
) -> None:
    families = scraped(client)
    updates = client.get("/api/v1/updates").json()
    assert values(families["pitstop_updates"])[("Ready",)] == sum(u["state"] == "Ready" for u in updates)
    assert sum(values(families["pitstop_updates"]).values()) == len(updates)
    runs = client.get("/api/v1/runs").json()
    assert sum(values(families["pitstop_runs"]).values()) == len(runs)
    active = client.get("/api/v1/alerts", params={"active": "true"}).json()
    assert sum(values(families["pitstop_alerts_active"]).values()) == len(active)
    assert set(values(families["pitstop_alerts_active"])) == {("Critical",), ("Warning",), ("Informational",)}
    support = client.get("/api/v1/support").json()["status"]
    assert values(families["pitstop_support_state"])[(support,)] == 1
    state = client.get("/api/v1/system").json()["state"]
    assert values(families["pitstop_system_state"])[(state,)] == 1
    assert sum(values(families["pitstop_system_state"]).values()) == 1


def test_what_is_held_back_and_a_channel_that_fails_are_told(client: Client, scene: Scene) -> None:
    held = msgspec.structs.replace(scenes.alert_failed(), state=AlertState.HELD)
    scene.alerts = {"x": held}
    scene.channels["mail"] = _channel(7)
    families = scraped(client)
    assert values(families["pitstop_alerts_held"]) == {(): 1}
    assert values(families["pitstop_alert_channel_failures"]) == {("mail",): 7}
    took = values(families["pitstop_alert_channel_last_success_timestamp_seconds"])
    assert took == {("mail",): NOW.timestamp()}


def test_openmetrics_is_spoken_to_who_prefers_it(client: Client) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    families = openmetrics.text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
    assert list(families)


def test_every_metric_of_the_rules_is_there(client: Client, scene: Scene) -> None:
    scene.channels["mail"] = _channel(0)
    there = set(scraped(client))
    named = set(re.findall(r"\bpitstop_[a-z_]+\b", "\n".join(rule["expr"] for rule in _rules())))
    assert len(named) >= 9
    assert named - there == set()


def test_the_rules_say_how_bad_it_is_and_what_to_do() -> None:
    for rule in _rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert rule["annotations"]["description"], rule["alert"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not here")
def test_prometheus_own_tool_takes_rules_and_metrics(client: Client) -> None:
    rules = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert rules.returncode == 0, rules.stdout + rules.stderr
    said = client.get("/metrics").content
    metrics = subprocess.run(["promtool", "check", "metrics"], input=said, capture_output=True, check=False)
    assert (metrics.returncode, metrics.stdout, metrics.stderr) == (0, b"", b"")


def test_a_token_of_its_own_reads_the_metrics_and_nothing_else(tmp_path: Path, scene: Scene) -> None:
    file = tmp_path / "token"
    file.write_text("scrape-me\n")
    access = MetricsAccess(scene.desk.accounts, file)
    assert access.actor("scrape-me", "api x").role is Role.READER
    with pytest.raises(NotSignedIn):
        scene.desk.accounts.actor("scrape-me", "api x")
    assert access.actor(scene.token("ada"), "api x").name == "ada"
    for wrong in ("", "scrape-m", "scrape-me2"):
        with pytest.raises(NotSignedIn):
            access.actor(wrong, "api x")
    file.unlink()
    with pytest.raises(NotSignedIn):
        access.actor("scrape-me", "api x")


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def _channel(failures: int) -> ChannelView:
    return ChannelView(
        name="mail",
        says="e-mail",
        at_least=Severity.WARNING,
        failures=failures,
        problem="",
        due=None,
        took=NOW,
    )
