"""Running, skipping and asking checks from the command line, and how that ends."""

from __future__ import annotations

import json

from simulators import scenes
from simulators.desk import Scene

from .conftest import Pitstop


def test_a_run_waits_says_what_is_wrong_and_ends_with_8(pitstop: Pitstop, scene: Scene) -> None:
    ended = pitstop("check", "run")
    assert ended.status == 8
    assert "12 s behind" in ended.out
    assert "it answered" not in ended.out
    assert "4 of 8 passed, 2 keep updates off." in ended.err
    assert scene.checks.records.begun[-1].why == "asked by ada"


def test_checks_that_pass_end_with_0(pitstop: Pitstop, scene: Scene) -> None:
    ended = pitstop("check", "run", "nodes")
    assert (ended.status, ended.out) == (0, "")
    assert "4 of 4 passed" in ended.err
    assert scene.checks.records.begun[-1].checks == ("nodes",)


def test_a_run_need_not_be_waited_for(pitstop: Pitstop) -> None:
    ended = pitstop("check", "run", "--no-wait")
    assert (ended.status, ended.out) == (0, "")
    assert "pitstop check list" in ended.err


def test_a_skip_is_said_and_shown(pitstop: Pitstop) -> None:
    ended = pitstop("check", "skip", "clock", "--target", "node n3", "--reason", "no NTP")
    assert (ended.status, ended.err) == (0, "The check clock is skipped at node n3.\n")
    assert "[skipped by ada: no NTP]" in " ".join(pitstop("check", "list").out.split())
    assert pitstop("check", "unskip", "clock", "--target", "node n3").status == 0
    ended = pitstop("check", "unskip", "clock")
    assert ended.status == 3
    assert "not skipped" in ended.err


def test_a_skip_needs_a_reason_and_a_target_that_is_there(pitstop: Pitstop) -> None:
    assert pitstop("check", "skip", "clock").status == 2
    assert pitstop("check", "skip", "clock", "--reason", " ").status == 2
    ended = pitstop("check", "skip", "clock", "--target", "node n9", "--reason", "why not")
    assert ended.status == 3
    assert "Its targets: node n3." in ended.err


def test_readiness_says_what_keeps_an_update_off_and_what_to_do(pitstop: Pitstop) -> None:
    ended = pitstop("check", "ready", scenes.HOTFIX)
    assert ended.status == 8
    assert "What keeps it off" in ended.out
    assert "remedy: Free 3.3 GB at least" in ended.out
    assert "Skipped by ada: restarts with the update" in ended.out


def test_machines_read_json(pitstop: Pitstop) -> None:
    assert json.loads(pitstop("check", "list", "--json").out)["counts"]["pass"] == 4
    assert json.loads(pitstop("check", "show", "clock", "--json").out)["name"] == "clock"
    assert json.loads(pitstop("check", "ready", scenes.HOTFIX, "--json").out)["ready"] is False
