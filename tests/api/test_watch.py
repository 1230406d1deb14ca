"""Following a run: every change once, a heartbeat meanwhile, and no load however many watch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread

import httpx
import msgspec
import pytest

from pitstop.api.app import create_app
from pitstop.service.watching import Watches
from pitstop.wire.views import RunReport
from simulators import desk as simulated
from simulators import scenes
from simulators.desk import Scene
from simulators.serving import serving

WATCH = f"/api/v1/runs/{scenes.RUN_NOW}/watch"


@pytest.fixture
def scene() -> Scene:
    return simulated.running()


@pytest.fixture
def service(scene: Scene) -> Iterator[httpx.Client]:
    watches = Watches(scene.desk.runs, interval=0.02, heartbeat=0.15)
    with (
        serving(create_app(scene.desk, watches=watches)) as url,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {scene.token('ada')}"}) as client,
    ):
        yield client


def lines_of(answer: httpx.Response) -> Iterator[str]:
    """The lines of a stream without the empty ones."""
    return (line for line in answer.iter_lines() if line)


def next_report(lines: Iterator[str]) -> RunReport:
    data = next(line for line in lines if line.startswith("data: "))
    return msgspec.json.decode(data.removeprefix("data: "), type=RunReport)


def ended(scene: Scene) -> RunReport:
    """The running run's report, as it looks once it has succeeded."""
    report = scene.reports[scenes.RUN_NOW]
    run = msgspec.structs.replace(report.run, state="succeeded", ended=scenes.NOW)
    return msgspec.structs.replace(report, run=run, percent=100)


def further(scene: Scene) -> RunReport:
    return msgspec.structs.replace(scene.reports[scenes.RUN_NOW], percent=77.7)


def test_the_report_comes_at_once_and_again_with_each_change(service: httpx.Client, scene: Scene) -> None:
    with service.stream("GET", WATCH) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = lines_of(answer)
        first = next_report(lines)
        scene.change_run(further(scene))
        second = next_report(lines)
    assert (first.run.revision, second.run.revision, second.percent) == (40, 41, 77.7)


def test_while_nothing_changes_only_heartbeats_are_sent(service: httpx.Client, scene: Scene) -> None:
    with service.stream("GET", WATCH) as answer:
        lines = lines_of(answer)
        next_report(lines)
        shown = scene.calls["runs.show"]
        assert [next(lines), next(lines)] == [": still here", ": still here"]
    assert scene.calls["runs.show"] == shown
    assert scene.calls["runs.revision"] > 2


def test_the_stream_ends_with_the_run(service: httpx.Client, scene: Scene) -> None:
    with service.stream("GET", WATCH) as answer:
        lines = lines_of(answer)
        next_report(lines)
        scene.change_run(ended(scene))
        assert next_report(lines).run.state == "succeeded"
        assert list(lines) == []


def test_a_browser_that_asks_again_after_the_end_is_told_to_stop(service: httpx.Client, scene: Scene) -> None:
    scene.change_run(ended(scene))
    with service.stream("GET", WATCH) as answer:
        last = [line for line in lines_of(answer) if line.startswith("id: ")]
    again = service.get(WATCH, headers={"Last-Event-ID": last[-1].removeprefix("id: ")})
    assert (again.status_code, again.content) == (204, b"")


def test_twenty_watchers_cost_no_more_looks_than_one(service: httpx.Client, scene: Scene) -> None:
    seen: list[int] = []

    def watch() -> None:
        with (
            httpx.Client(base_url=service.base_url, headers=service.headers) as own,
            own.stream("GET", WATCH) as answer,
        ):
            lines = lines_of(answer)
            next_report(lines)
            started.append(1)
            seen.append(next_report(lines).run.revision)

    started: list[int] = []
    threads = [Thread(target=watch) for _ in range(20)]
    for thread in threads:
        thread.start()
    with service.stream("GET", WATCH) as answer:
        lines = lines_of(answer)
        next_report(lines)
        while len(started) < 20:
            next(lines)
        before = scene.calls["runs.show"]
        scene.change_run(further(scene))
        for thread in threads:
            thread.join(10)
    assert seen == [41] * 20
    assert scene.calls["runs.show"] - before == 1


def test_nobody_watching_means_nobody_looking(service: httpx.Client, scene: Scene) -> None:
    with service.stream("GET", WATCH) as answer:
        next_report(lines_of(answer))
    with service.stream("GET", f"/api/v1/runs/{scenes.RUN_DONE}/watch") as other:
        list(lines_of(other))
    service.get("/api/v1/system")
    looks = scene.calls["runs.revision"]
    for _ in range(10):
        service.get("/api/v1/system")
    assert scene.calls["runs.revision"] - looks <= 1


def test_a_session_that_has_ended_ends_the_stream(service: httpx.Client, scene: Scene) -> None:
    with service.stream("GET", WATCH) as answer:
        lines = lines_of(answer)
        next_report(lines)
        scene.tokens.clear()
        assert set(lines) <= {": still here"}


def test_a_run_that_is_not_there_is_a_problem_not_a_stream(service: httpx.Client) -> None:
    answer = service.get("/api/v1/runs/0000/watch")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not-found")


def test_a_desk_that_breaks_ends_the_stream(
    service: httpx.Client, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with service.stream("GET", WATCH) as answer:
        lines = lines_of(answer)
        next_report(lines)
        scene.failing = RuntimeError("the database is gone")
        assert set(lines) <= {": still here"}
    assert "cannot be watched" in caplog.text
