"""``probe``: asked until true, in the clock's time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.ports.nodes import Answer
from pitstop.steps.table import KINDS
from simulators.http import SimulatedHttp

from .conftest import Bench, Play

HEALTH = {"http": "{lantern_url}/health", "within": "PT10S", "every": "PT2S"}


def in_turn(answers: Iterable[Answer | None]) -> SimulatedHttp:
    turns: Iterator[Answer | None] = iter(answers)
    return SimulatedHttp(lambda _url: next(turns))


def test_it_is_asked_until_it_is_true_and_no_longer(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.facts(lantern_url="http://192.0.2.1:80")
        bench.http = in_turn([None, Answer(503, "sick"), Answer(200, "well")])
        done = await bench.act("probe", HEALTH)
        assert done.output == "http://192.0.2.1:80/health answers as it should"
        assert bench.http.asked == ["http://192.0.2.1:80/health"] * 3
        assert bench.clock.slept == [timedelta(seconds=2)] * 2

    play(scene)


def test_when_the_time_is_over_it_has_failed_with_the_last_answer(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.facts(lantern_url="http://192.0.2.1:80")
        bench.http = SimulatedHttp(lambda _url: Answer(503, "lamp is out of oil"))
        with pytest.raises(StepFailed, match=r"503, and it says 'lamp is out of oil' \(asked for 0:00:10"):
            await bench.act("probe", HEALTH)
        assert len(bench.http.asked) == 6
        bench.http = SimulatedHttp(lambda _url: None)
        with pytest.raises(StepFailed, match="does not answer"):
            await bench.act("probe", {**HEALTH, "within": "PT0S"})
        assert len(bench.http.asked) == 1, "it is asked once, however short the time"

    play(scene)


def test_status_and_content_are_as_wanted(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.http = SimulatedHttp(lambda _url: Answer(204, f"I am n1 at {bench.node.address} {{}}"))
        once = {"http": "http://{address}/", "within": "PT0S", "status": 204}
        await bench.act("probe", {**once, "contains": "I am {name} at {address} {{}}"})
        with pytest.raises(StepFailed, match="'other' is not in what it says"):
            await bench.act("probe", {**once, "contains": "other"})
        with pytest.raises(StepFailed, match="status 204"):
            await bench.act("probe", {**once, "status": 200})

    play(scene)


def test_a_port_takes_a_connection(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await bench.act("probe", {"tcp": "{address}:2201"})
        await bench.act("probe", {"tcp": "[::1]:80"})
        assert bench.http.asked == ["tcp://127.0.0.1:2201", "tcp://::1:80"]
        with pytest.raises(InvalidPlan, match="HOST:PORT"):
            await bench.act("probe", {"tcp": "{address}"})

    play(scene)


def test_a_command_is_asked_on_the_node(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.facts(product="lan tern")
        asked = {"run": ["cat", "{product}"], "within": "PT1S", "contains": "1.2"}
        with pytest.raises(StepFailed, match=r"status 1, and it says .*No such file"):
            await bench.act("probe", asked)
        (bench.server.root / "lan tern").write_text("1.1\n")
        with pytest.raises(StepFailed, match=r"'1\.2' is not in what it says, '1\.1'"):
            await bench.act("probe", asked)
        (bench.server.root / "lan tern").write_text("1.2\n")
        await bench.act("probe", asked)

    play(scene)


def test_a_node_that_restarts_meanwhile_is_waited_for(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await bench.server.unplug()
        with pytest.raises(StepFailed, match="node n1"):
            await bench.act("probe", {"run": ["true"], "within": "PT3S"})
        assert len(bench.clock.slept) == 3

    play(scene)


def test_a_fact_that_the_node_does_not_have_is_an_error_of_the_plan(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.facts(colour="red")
        with pytest.raises(InvalidPlan, match=r"n1 has no fact 'lantern_url'; it has address, colour, name"):
            await bench.act("probe", HEALTH)
        assert bench.http.asked == []

    play(scene)


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"http": "http://x/", "run": ["true"]},
        {"http": "ftp://x/"},
        {"tcp": "x:1", "status": 200},
        {"http": "http://x/", "within": 5},
        {"http": "http://x/", "every": "PT0S"},
    ],
)
def test_other_arguments_are_refused_with_their_place(args: dict[str, object]) -> None:
    with pytest.raises(InvalidPlan, match=r"^item 3: "):
        KINDS["probe"].read(args, "item 3")
