"""The launcher, with versions that are a few lines each: what it starts, takes back, and leaves alone."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pitstop.daemon import launcher

SWITCH = "run-1.2-1"
COMES_UP = "healthy(); end(0)"
ASKS_FOR_NEW = "ask() if first() else end(0)"
MIGRATES = 'write("new")\n'
PATIENCE = 20.0

PROGRAM = """#!{python} -S
import json, os, pathlib, signal, sqlite3, sys, time
home = pathlib.Path(os.environ["PITSTOP_LAUNCHER"])
(home / "log").open("a").write("{version} " + " ".join(sys.argv[1:]) + "\\n")
def first(): return (home / "log").read_text().count("{version} ") == 1
def end(status): sys.exit(status)
def healthy():
    if "PITSTOP_SWITCH" in os.environ: (home / "healthy").write_text(os.environ["PITSTOP_SWITCH"])
def write(text):
    database = sqlite3.connect(home / "pitstop.db")
    with database: database.execute("INSERT INTO told VALUES (?)", [text])
def ask():
    told = {{"id": "{switch}", "to": "2", "from": "1", "database": str(home / "pitstop.db")}}
    (home / "switch.json").write_text(json.dumps(told))
    end({restart})
{does}
"""


@dataclass
class Home:
    """The launcher's folder with its versions; 1 is the current one."""

    folder: Path

    def lay(self, **versions: str) -> None:
        for name, does in versions.items():
            program = self.folder / "versions" / name.removeprefix("v") / "venv" / "bin" / "python"
            program.parent.mkdir(parents=True)
            program.write_text(
                PROGRAM.format(
                    python=sys.executable,
                    version=name,
                    switch=SWITCH,
                    restart=launcher.RESTART,
                    does=does,
                )
            )
            program.chmod(0o755)
        (self.folder / "current").symlink_to("versions/1")
        (self.folder / "launcher").write_bytes(Path(launcher.__file__).read_bytes())
        with closing(sqlite3.connect(self.folder / "pitstop.db")) as database, database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE told (what TEXT)")

    def start(self, *arguments: str, patience: float = PATIENCE) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.folder / "launcher"), *arguments],
            env={**os.environ, "PITSTOP_TRIAL_SECONDS": str(patience)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def kill(self, process: subprocess.Popen[str]) -> None:
        """The launcher and what it has started, as the service that ends with its launcher."""
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)

    def run(self, *arguments: str, patience: float = PATIENCE) -> int:
        """Its status."""
        process = self.start(*arguments, patience=patience)
        process.communicate(timeout=60)
        return process.returncode

    def asked(self) -> None:
        """A switch that was asked for and not begun."""
        told = {"id": SWITCH, "to": "2", "from": "1", "database": str(self.folder / "pitstop.db")}
        (self.folder / "switch.json").write_text(json.dumps(told))

    def started(self) -> list[str]:
        return [line.split()[0] for line in (self.folder / "log").read_text().splitlines()]

    def wait_for(self, *names: str) -> None:
        until = time.monotonic() + PATIENCE
        while not all((self.folder / name).exists() for name in names):
            assert time.monotonic() < until, f"no {names}"
            time.sleep(0.01)

    @property
    def current(self) -> str:
        return (self.folder / "current").readlink().name

    @property
    def fell_back(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / "fell-back.json").read_text())
        return told

    def told(self) -> list[str]:
        with closing(sqlite3.connect(self.folder / "pitstop.db")) as database:
            return [what for (what,) in database.execute("SELECT what FROM told")]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_current_version_is_started_and_its_end_is_the_launchers(home: Home) -> None:
    home.lay(v1="end(3)")
    assert home.run("--settings", "some.toml") == 3
    assert (home.folder / "log").read_text() == "v1 -I -m pitstop service start --settings some.toml\n"


def test_a_version_that_is_asked_for_and_comes_up_is_the_current_one(home: Home) -> None:
    home.lay(v1='write("old"); ask()', v2=MIGRATES + COMES_UP)
    assert home.run() == 0
    assert home.started() == ["v1", "v2"]
    assert home.current == "2"
    assert home.told() == ["old", "new"]
    assert not (home.folder / "switch.json").exists()
    assert not (home.folder / "fell-back.json").exists()


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ('print("error: no such thing", file=sys.stderr); end(1)', "it ended with status 1 before it was up"),
        ("end(75)", "it ended with status 75 before it was up"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "it ended with status -9 before it was up"),
        ("time.sleep(60)", "it was not up after 2 seconds"),
    ],
)
def test_a_version_that_does_not_come_up_is_taken_back_with_what_it_wrote(
    home: Home, does: str, reason: str
) -> None:
    home.lay(v1='write("old")\n' + ASKS_FOR_NEW, v2=MIGRATES + does)
    assert home.run(patience=2) == 0
    assert home.started() == ["v1", "v2", "v1"]
    assert home.current == "1"
    assert home.told() == ["old", "old"], "what 2 wrote is gone, what 1 wrote is there"
    assert home.fell_back["reason"] == reason
    assert home.fell_back["id"] == SWITCH
    assert ("error: no such thing" in home.fell_back["said"]) is ("no such thing" in does)
    assert not (home.folder / "switch.json").exists()


def test_a_version_that_cannot_be_started_is_taken_back(home: Home) -> None:
    home.lay(v1=ASKS_FOR_NEW)
    assert home.run() == 0
    assert home.started() == ["v1", "v1"]
    assert home.fell_back["reason"].startswith("it cannot be started")


def test_no_version_is_tried_without_a_copy_of_the_database(home: Home) -> None:
    home.lay(v1=ASKS_FOR_NEW, v2=COMES_UP)
    (home.folder / "pitstop.db").write_bytes(b"this is no database" * 100)
    assert home.run() == 0
    assert home.started() == ["v1", "v1"]
    assert home.fell_back["reason"].startswith("the database could not be copied first")


def test_it_ends_the_service_and_itself_when_it_is_told_to(home: Home) -> None:
    home.lay(v1='(home / "up").touch(); time.sleep(60)')
    process = home.start()
    home.wait_for("up")
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert home.started() == ["v1"]


def test_one_that_is_told_to_end_in_a_trial_takes_nothing_back(home: Home) -> None:
    home.lay(v1="end(0)", v2='(home / "up").touch(); time.sleep(60 if first() else 0); ' + COMES_UP)
    home.asked()
    process = home.start()
    home.wait_for("up")
    process.terminate()
    process.communicate(timeout=30)
    assert not (home.folder / "fell-back.json").exists()
    assert home.run() == 0
    assert home.started() == ["v2", "v2"], "the next start tries it again"


def test_a_second_launcher_is_refused(home: Home) -> None:
    home.lay(v1='(home / "up").touch(); time.sleep(60)')
    process = home.start()
    home.wait_for("up")
    assert home.run() == 10
    process.terminate()
    process.communicate(timeout=30)


# --- killed in between ----------------------------------------------------------------------------------


def test_killed_in_a_trial_the_next_one_still_knows_the_database_from_before(home: Home) -> None:
    home.lay(
        v1="end(0)",
        v2=MIGRATES + '(home / "up").touch() if first() else end(1); time.sleep(60)',
    )
    home.asked()
    process = home.start()
    home.wait_for("up")
    home.kill(process)
    assert home.told() == ["new"]
    assert home.run() == 0
    assert home.started() == ["v2", "v2", "v1"]
    assert home.told() == []


def test_killed_after_the_version_was_up_it_is_not_taken_back(home: Home) -> None:
    home.lay(v1="end(1)", v2='end(0 if "PITSTOP_SWITCH" not in os.environ else 1)')
    home.asked()
    (home.folder / "current").unlink()
    (home.folder / "current").symlink_to("versions/2")
    (home.folder / "healthy").write_text(SWITCH)
    assert home.run() == 0
    assert home.started() == ["v2"]
    assert not (home.folder / "switch.json").exists()


def test_killed_while_it_takes_a_version_back_it_does_so_at_the_next_start(home: Home) -> None:
    home.lay(v1="end(0)", v2="end(1)")
    home.asked()
    first = home.start()
    home.wait_for("fell-back.json")
    first.communicate(timeout=30)
    # As it was right after that was written down: the link and the database are still the new one's.
    home.asked()
    (home.folder / "current").unlink()
    (home.folder / "current").symlink_to("versions/2")
    with closing(sqlite3.connect(home.folder / "pitstop.db")) as database, database:
        database.execute("INSERT INTO told VALUES ('new')")
    assert home.run() == 0
    assert home.started() == ["v2", "v1", "v1"]
    assert home.told() == []
    assert home.current == "1"


@pytest.mark.slow
@pytest.mark.parametrize("comes_up", [True, False])
def test_killed_anywhere_version_and_database_belong_together_in_the_end(
    tmp_path: Path, *, comes_up: bool
) -> None:
    for number in range(10):
        home = Home(tmp_path / str(number))
        home.folder.mkdir()
        last = COMES_UP if comes_up else "time.sleep(0.1); end(1)"
        home.lay(v1="end(0)", v2=MIGRATES + "time.sleep(0.1)\n" + last.replace("; ", "\n"))
        home.asked()
        process = home.start()
        time.sleep(0.08 * number)
        home.kill(process)
        assert home.run() == 0
        assert not (home.folder / "switch.json").exists()
        assert home.current == ("2" if comes_up else "1")
        assert set(home.told()) == ({"new"} if comes_up else set())
        assert not list(home.folder.glob("pitstop.db-*")), "nobody has it open"
