"""How calls end: exit statuses, and errors said so that a person can act on them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pitstop.cli.exit_statuses import MEANINGS, document
from pitstop.cli.main import INTERRUPTED, run
from pitstop.model import errors
from simulators import scenes
from simulators.desk import Scene

from .conftest import Pitstop

ROOT = Path(__file__).parents[2]
PITSTOP = (sys.executable, "-m", "pitstop")
STATUSES = {
    "internal-error": 1,
    "invalid-input": 2,
    "invalid-version": 2,
    "invalid-package": 2,
    "invalid-plan": 2,
    "invalid-catalogue": 2,
    "not-found": 3,
    "not-allowed": 4,
    "invalid-move": 4,
    "conflict": 4,
    "epoch-lost": 4,
    "not-signed-in": 5,
    "not-permitted": 5,
    "not-trusted": 6,
    "wrong-publisher": 6,
    "digest-mismatch": 6,
    "metadata-expired": 6,
    "unreachable": 7,
    "step-failed": 8,
    "run-failed": 8,
    "no-space": 9,
    "state-unusable": 10,
}
"""Promised to scripts: a row may be added, none may change."""
KINDS = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.PitstopError)
}


def test_the_exit_statuses_are_those_that_were_promised() -> None:
    assert {code: KINDS[code].exit_status for code in STATUSES} == STATUSES
    assert {kind.exit_status for kind in KINDS.values()} <= set(MEANINGS)


def test_the_page_of_exit_statuses_says_what_the_code_says() -> None:
    page = (ROOT / "docs" / "exit-statuses.md").read_text()
    assert page == document(), "run: python -m pitstop.cli.exit_statuses > docs/exit-statuses.md"


@pytest.mark.parametrize("code", KINDS)
def test_every_error_ends_a_call_with_its_status_message_and_hint(
    pitstop: Pitstop, scene: Scene, code: str
) -> None:
    scene.failing = KINDS[code]("it went wrong", hint="mend it")
    ended = pitstop("system", "show")
    assert (ended.status, ended.out) == (KINDS[code].exit_status, "")
    assert ended.err == "error: it went wrong\n\nhint: mend it\n"


def test_a_refusal_shows_what_blocks(pitstop: Pitstop) -> None:
    ended = pitstop("update", "prepare", scenes.EXPRESS)
    assert ended.status == 4
    assert ended.err.splitlines()[1:3] == [
        f"  [Critical] update {scenes.EXPRESS}: The newest hotfix of family 2305 is not installed.",
        f"    remedy: Install {scenes.HOTFIX} first.",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("run", "nonsense"),
        ("run", "show", "--nonsense"),
        ("update", "install"),
        ("user", "add", "bea", "--role", "king"),
        ("audit", "list", "--limit", "0"),
        ("system", "adopt", "Lantern"),
        ("system", "adopt", "Lantern=1", "Lantern=2"),
    ],
)
def test_a_call_of_the_wrong_form_ends_with_2_and_says_where_to_look(
    pitstop: Pitstop, arguments: tuple[str, ...]
) -> None:
    ended = pitstop(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert "\n\nhint: " in ended.err


@pytest.mark.parametrize("arguments", [(), ("run",), ("publish",)])
def test_a_noun_alone_is_answered_with_its_help(pitstop: Pitstop, arguments: tuple[str, ...]) -> None:
    ended = pitstop(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("Usage: pitstop")


def test_an_unforeseen_error_is_one_line_unless_more_is_asked_for(
    pitstop: Pitstop, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ("login", "ada", "--password-stdin")
    ended = pitstop(*call, stdin=None)
    assert ended.status == 1
    assert ended.err.startswith("error: something unexpected happened: ValueError")
    assert "Traceback" not in ended.err
    monkeypatch.setenv("PITSTOP_TRACEBACK", "1")
    assert "Traceback" in pitstop(*call, stdin=None).err


def test_what_a_node_printed_cannot_drive_the_terminal(pitstop: Pitstop, scene: Scene) -> None:
    scene.failing = errors.Unreachable("n1 said \x1b[2J\x07gone")
    assert "\x1b" not in pitstop("system", "show").err


def test_a_reader_that_goes_away_is_no_error(pitstop: Pitstop) -> None:
    read, write = os.pipe()
    os.close(read)
    call = [*PITSTOP, "run", "show", "--all"]
    ended = subprocess.run(call, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_interrupting_a_watch_ends_with_130(pitstop: Pitstop, scene: Scene) -> None:
    scene.reports[scenes.RUN_NOW] = scenes.report_now()
    call = [*PITSTOP, "run", "watch", scenes.RUN_NOW]
    # As from a terminal: who runs the tests in the background has interrupts ignored, which is inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    with process:
        if process.stdout is None or process.stderr is None:
            pytest.fail("no pipes")
        assert process.stdout.readline().startswith("In progress")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == INTERRUPTED
        assert process.stderr.read() == ""


def test_nothing_there_says_how_to_start_it(pitstop: Pitstop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PITSTOP_URL", "http://127.0.0.1:1")
    ended = pitstop("system", "show")
    assert ended.status == 7
    assert "pitstop service start" in ended.err


def test_a_sign_that_the_terminal_cannot_show_does_not_end_the_call(pitstop: Pitstop) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    call = [*PITSTOP, "system", "show"]
    ended = subprocess.run(call, capture_output=True, env=environment, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_the_entry_point_and_the_function_end_alike(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"]) == 0
    said = capsys.readouterr().out
    ended = subprocess.run([*PITSTOP, "version"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, said)
