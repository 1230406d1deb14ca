"""Pages that fill by themselves: what their streams say, over real HTTP. How a browser takes it is in
test_browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import msgspec
import pytest

from pitstop.model.accounts import Role
from pitstop.portal.sessions import COOKIE
from portal.test_runs import with_output
from portal.visitor import application
from simulators import desk, scenes
from simulators.desk import Scene
from simulators.scenes import RUN_DONE, RUN_NOW
from simulators.serving import serving

LIVE = f"/runs/{RUN_NOW}/live"


@dataclass
class Event:
    name: str
    text: str
    id: str


@dataclass
class Watcher:
    scene: Scene
    client: httpx.Client

    def sign_in(self, name: str) -> None:
        self.client.cookies.set(COOKIE, self.scene.token(name))

    def all(self, path: str) -> list[Event]:
        """What a stream says that ends by itself."""
        with self.client.stream("GET", path) as answer:
            return list(events(answer))


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    scene = desk.running()
    with (
        serving(application(scene.desk, heartbeat=0.15)) as url,
        httpx.Client(base_url=url, headers={"Accept": "text/event-stream"}, trust_env=False) as client,
    ):
        somebody = Watcher(scene, client)
        somebody.sign_in("ada")
        yield somebody


def events(answer: httpx.Response) -> Iterator[Event]:
    """As a browser reads them: comments and ``retry`` left out."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in answer.headers
    fields: dict[str, list[str]] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
        if not line:
            if "data" in fields:
                yield Event(fields["event"][0], "\n".join(fields["data"]), "".join(fields.get("id", [])))
            fields = {}


def whole(parts: Iterator[Event]) -> Event:
    """The next part that shows the whole tree."""
    return next(part for part in parts if 'id="live"' in part.text)


def end(scene: Scene, state: str = "succeeded") -> None:
    report = scene.reports[RUN_NOW]
    run = msgspec.structs.replace(report.run, state=state, ended=scenes.NOW)
    scene.change_run(msgspec.structs.replace(report, run=run, remaining=None, now=()))
    scene.system = msgspec.structs.replace(scene.system, active_run=None)


def test_the_part_comes_at_once_and_again_with_each_change(watcher: Watcher) -> None:
    with watcher.client.stream("GET", LIVE) as answer:
        parts = events(answer)
        first = next(parts)
        watcher.scene.change_run(msgspec.structs.replace(watcher.scene.reports[RUN_NOW], percent=77.7))
        second = whole(parts)
    assert (first.name, first.id, second.id) == ("part", "40", "41")
    assert "<title>61 % · " in first.text
    assert 'value="77.7"' in second.text
    assert "Restart Lantern: n3" in second.text
    assert "<html" not in second.text


def test_what_moves_without_a_change_comes_by_itself_and_without_the_tree(watcher: Watcher) -> None:
    with watcher.client.stream("GET", LIVE) as answer:
        parts = events(answer)
        next(parts)
        moved = next(parts)
    places = re.findall(r'id="([a-z0-9-]+)" ?[^>]*data-hx-swap-oob', moved.text)
    assert set(places) >= {"progress", "took-3", "took-3-1-3-1-4"}
    assert "8 min 5 s" in moved.text
    assert "Restart Lantern: n3" not in moved.text
    assert moved.id == ""


@pytest.mark.parametrize("state", ["succeeded", "failed"])
@pytest.mark.parametrize("path", [LIVE, "/live"])
def test_the_stream_says_that_it_is_over_when_the_run_has_ended(
    watcher: Watcher, path: str, state: str
) -> None:
    with watcher.client.stream("GET", path) as answer:
        parts = events(answer)
        next(parts)
        end(watcher.scene, state)
        last, over = list(parts)[-2:]
    assert state in last.text.lower()
    assert "data-stream" not in last.text
    assert over.name == "over"


def test_a_run_that_had_ended_before_is_over_at_once(watcher: Watcher) -> None:
    assert [event.name for event in watcher.all(f"/runs/{RUN_DONE}/live")] == ["part", "over"]


def test_the_update_page_is_told_of_the_run_in_progress(watcher: Watcher) -> None:
    with watcher.client.stream("GET", "/live") as answer:
        first = next(events(answer))
    assert f'href="/runs/{RUN_NOW}"' in first.text
    assert 'value="61.4"' in first.text
    assert 'data-stream="/live"' in first.text
    end(watcher.scene)
    assert [event.name for event in watcher.all("/live")] == ["over"]


def test_a_reader_gets_no_button_by_stream_either(watcher: Watcher) -> None:
    watcher.scene.change_run(
        msgspec.structs.replace(
            scenes.report_failed(), run=msgspec.structs.replace(scenes.report_failed().run, id=RUN_NOW)
        )
    )
    assert "Resume" in watcher.all(LIVE)[0].text
    watcher.sign_in("rea")
    assert "Resume" not in watcher.all(LIVE)[0].text


@pytest.mark.parametrize(
    ("path", "back"), [(LIVE, f"/sign-in?next=%2Fruns%2F{RUN_NOW}"), ("/live", "/sign-in")]
)
def test_without_a_session_the_browser_is_sent_to_the_sign_in(watcher: Watcher, path: str, back: str) -> None:
    with watcher.client.stream("GET", path) as answer:
        parts = events(answer)
        next(parts)
        watcher.scene.tokens.clear()
        *_, last = parts
    assert (last.name, last.text) == ("go", back)
    assert [(event.name, event.text) for event in watcher.all(path)] == [("go", back)]


def test_what_cannot_be_shown_sends_the_browser_to_the_page_that_says_why(watcher: Watcher) -> None:
    (event,) = watcher.all("/runs/none/live")
    assert (event.name, event.text) == ("go", "/runs/none")
    watcher.scene.accounts["sue"] = Role.SUPPORT
    watcher.sign_in("sue")
    assert [(event.name, event.text) for event in watcher.all("/live")] == [("go", "/")]


def test_a_service_that_is_in_trouble_is_asked_again_by_the_browser(watcher: Watcher) -> None:
    watcher.scene.failing = OSError("the disk is gone")
    assert watcher.client.get(LIVE).status_code == 500


def test_two_who_may_do_the_same_cost_one_look_and_one_report(watcher: Watcher) -> None:
    with watcher.client.stream("GET", LIVE) as one, watcher.client.stream("GET", LIVE) as other:
        parts, others = events(one), events(other)
        next(parts), next(others)
        watcher.scene.calls.clear()
        watcher.scene.change_run(watcher.scene.reports[RUN_NOW])
        assert whole(parts).id == whole(others).id == "41"
    assert watcher.scene.calls["runs.show"] <= 2


def test_line_ends_of_an_output_do_not_break_an_event(watcher: Watcher) -> None:
    said = "50 %\r100 %\r\nevent: go\n\ndata: /elsewhere"
    watcher.scene.change_run(with_output(watcher.scene.reports[RUN_NOW], said))
    with watcher.client.stream("GET", LIVE) as answer:
        parts = events(answer)
        part = next(parts)
        assert "50 %\n100 %\nevent: go\n\ndata: /elsewhere" in part.text
        assert next(parts).name == "part"
