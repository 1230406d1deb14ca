"""On a terminal: drawn anew in place, coloured unless that is not wanted, and asking where it may ask."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from threading import Timer

import msgspec
import pytest

from simulators import scenes
from simulators.desk import PASSWORD, Scene

from .conftest import Pitstop


class Terminal:
    """A call with a pseudo-terminal for standard input, output and error."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pitstop", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", **environment},
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    def until(self, text: str) -> None:
        """Read on until this was shown."""
        while text not in self.shown:
            if not self._more():
                pytest.fail(f"{text!r} was not shown: {self.shown!r}")

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def end(self) -> int:
        """Read to the end; the exit status."""
        while self._more():
            pass
        os.close(self._master)
        return self._process.wait(10)

    def _more(self) -> bool:
        """Take in what is shown next; False at the end. Fails when nothing comes for ten seconds."""
        ready, _, _ = select.select([self._master], [], [], 10)
        if not ready:
            self._process.kill()
            pytest.fail(f"nothing comes any more: {self.shown!r}")
        try:
            more = os.read(self._master, 4096)
        except OSError:  # Linux says so when the other side has closed
            return False
        self.shown += more.decode()
        return bool(more)


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_is_shown_on_a_terminal_unless_it_is_not_wanted(
    pitstop: Pitstop, environment: dict[str, str], coloured: bool
) -> None:
    terminal = Terminal("run", "show", **environment)
    assert terminal.end() == 0
    assert ("\x1b[31m[FAILED]" in terminal.shown) is coloured
    assert ("\x1b" in terminal.shown) is coloured


def test_a_watched_run_is_drawn_anew_until_it_ends(pitstop: Pitstop, scene: Scene) -> None:
    report = scenes.report_now()
    scene.reports = {scenes.RUN_NOW: report}
    run = msgspec.structs.replace(report.run, state="succeeded", ended=scenes.NOW)
    terminal = Terminal("run", "watch")
    terminal.until("In progress")
    Timer(0.1, scene.change_run, [msgspec.structs.replace(report, run=run)]).start()
    assert terminal.end() == 0
    assert "\x1b[2K" in terminal.shown
    assert "Succeeded" in terminal.shown


@pytest.mark.parametrize(("answer", "status", "started"), [("y", 0, 1), ("n", 1, 0), ("", 1, 0)])
def test_an_install_asks_and_does_what_was_answered(
    pitstop: Pitstop, scene: Scene, answer: str, status: int, started: int
) -> None:
    terminal = Terminal("update", "install", scenes.FIRMWARE)
    terminal.until("[y/N]: ")
    assert "2.3.0 -> 2.4.1" in " ".join(terminal.shown.split())
    assert "Nodes restart." in " ".join(terminal.shown.split())
    terminal.type(answer)
    assert (terminal.end(), scene.calls["updates.start"]) == (status, started)


def test_a_password_is_asked_for_and_not_shown(pitstop: Pitstop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PITSTOP_TOKEN")
    terminal = Terminal("login")
    terminal.until("Account: ")
    terminal.type("ada")
    terminal.until("Password: ")
    terminal.type(PASSWORD)
    assert terminal.end() == 0
    assert "Signed in" in terminal.shown
    assert PASSWORD not in terminal.shown
