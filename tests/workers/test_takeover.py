"""Two workers, two processes, one PostgreSQL: whatever becomes of one, the other takes its run over within 15
seconds, and every node is changed exactly once."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import postgresql
import rack
from pitstop.store.database import open_database
from workers.scene import RUN, Process, Scene, ending, until

TAKEOVER_SECONDS = 15

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgresql")]

Lay = Callable[[int], Scene]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rack.Rack]:
    folder = tmp_path_factory.mktemp("rack")
    rack.make(folder, rack.default_nodes(2))
    with rack.running(folder) as running:
        yield running


@pytest.fixture
def lay(made: rack.Rack, tmp_path: Path) -> Iterator[Lay]:
    """Lays a scene of so many steps on each node, with two workers of which one drives the run."""
    address = postgresql.new_database()
    database = open_database(address)
    scene = Scene(tmp_path, made, address, database, 0)

    def laid(steps: int) -> Scene:
        scene.steps = steps
        scene.lay()
        scene.start_workers(2)
        scene.begin(seconds=0.3)
        until(lambda: scene.succeeded(1) >= 5, "the run gets on")
        return scene

    with ending(scene):
        yield laid
    database.close()


def taken_over(scene: Scene, from_: Process, how: str) -> Process:
    """Wait until another worker has the run and gets on with it; who it is."""
    epoch = scene.epoch()
    taken = until(lambda: scene.epoch() > epoch, "the run is taken over")
    progressed = taken + until(lambda: scene.succeeded(epoch + 1) > 0, "the run gets on after that")
    print(json.dumps({"how": how, "takeover_s": round(taken, 1), "progress_s": round(progressed, 1)}))
    assert progressed < TAKEOVER_SECONDS
    other = scene.driver()
    assert other is not from_
    return other


def test_a_killed_workers_run_goes_on_in_another(lay: Lay) -> None:
    scene = lay(5)
    first = scene.driver()
    first.send(signal.SIGKILL)
    taken_over(scene, first, "killed")
    until(scene.ended, "the run ends")
    scene.done_once_everywhere()


def test_a_stopped_worker_hands_its_run_on(lay: Lay) -> None:
    scene = lay(5)
    first = scene.driver()
    first.send(signal.SIGTERM)
    taken_over(scene, first, "told to end")
    assert first.process.wait(20) == 0
    until(scene.ended, "the run ends")
    scene.done_once_everywhere()


def test_a_paused_worker_does_nothing_more_once_its_run_was_taken_over(lay: Lay) -> None:
    """It goes on, finds its epoch lost, stands by, and is there when the other one dies."""
    scene = lay(16)
    first = scene.driver()
    first.send(signal.SIGSTOP)
    second = taken_over(scene, first, "paused")
    first.send(signal.SIGCONT)
    until(lambda: "goes on in another worker" in first.said(), "the paused worker finds its epoch lost")
    overtaken = scene.taken()[1].sequence
    after = [event for event in scene.journal.history(RUN) if event.sequence >= overtaken]
    assert {event.epoch for event in after} == {2}
    second.send(signal.SIGKILL)
    assert taken_over(scene, second, "killed, after it took over") is first
    until(scene.ended, "the run ends")
    scene.done_once_everywhere()
