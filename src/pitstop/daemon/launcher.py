#!/usr/bin/env python3
"""Starts Pitstop's current version, and changes to another version when a run asks for that.

It stands by itself: the standard library alone, laid beside the versions by ``pitstop service install``, and
not replaced by updates. All arguments go to ``pitstop service start``. In its folder:

    versions/VERSION/venv   the versions, each an environment of its own
    current                 a link to one of them; changed by the launcher alone
    switch.json             what is asked for: id, to, from, database (a SQLite file, or null)
    healthy                 the id of the switch whose version has come up; written by that version
    fell-back.json          the last switch that was taken back, and why

A version is *on trial* until it is healthy: it has opened and migrated the state, answers, and has acted on
nothing yet. If it ends or takes too long, the former version comes back, and the database as it was copied
between the two. Once healthy, a version is never taken back from here. Every file appears whole or not at
all, so that this can be killed at any point and goes on at its next start.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

RESTART = 75
"""The status that the service ends with to be started anew: of another version, if that is asked for."""

PATIENCE = float(os.environ.get("PITSTOP_TRIAL_SECONDS", "180"))
STOP_SECONDS = 20.0
SAID_LINES = 4

HEALTHY, SWITCH, FELL_BACK = "healthy", "switch.json", "fell-back.json"


class Launcher:
    """One service, in whatever version."""

    def __init__(self, home: Path, arguments: list[str]) -> None:
        self.home = home
        self.arguments = arguments
        self.child: subprocess.Popen[bytes] | None = None
        self.said: deque[str] = deque(maxlen=SAID_LINES)
        self.is_ending = False

    def run(self) -> int:
        """Start the service, again whenever it asks for it; the status that it ended with at last."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)
        while True:
            switch = self._prepared()
            try:
                child = self._start(switch)
            except OSError as error:
                if switch is None:
                    raise
                self.fall_back(switch, f"it cannot be started: {error}")
                continue
            wrong = self._watch(child, switch) if switch else None
            if switch and not self.is_ending:
                if wrong is not None and not self._is_healthy(switch):
                    self._stop(child)
                if self._is_healthy(switch):
                    self._settle(switch)
                else:
                    self.fall_back(switch, wrong or "it was not up")
                    continue
            status = child.wait()
            if self.is_ending or status != RESTART:
                return status if status >= 0 else 128 - status

    # --- the service's process ---------------------------------------------------------------------------

    def _start(self, switch: dict[str, Any] | None) -> subprocess.Popen[bytes]:
        python = self.home / "current" / "venv" / "bin" / "python"
        own = {"PITSTOP_LAUNCHER": str(self.home), "PITSTOP_LAUNCHER_PID": str(os.getpid())}
        environment = {**os.environ, **own}
        environment.pop("PITSTOP_SWITCH", None)
        if switch:
            environment["PITSTOP_SWITCH"] = switch["id"]
        child = subprocess.Popen(
            [python, "-I", "-m", "pitstop", "service", "start", *self.arguments],
            env=environment,
            stderr=subprocess.PIPE if switch else None,
        )
        self.child = child
        if self.is_ending:  # asked to while it was started
            child.terminate()
        if switch:
            self.said.clear()
            threading.Thread(target=self._pass_on, args=(child,), daemon=True).start()
        return child

    def _pass_on(self, child: subprocess.Popen[bytes]) -> None:
        """What a version on trial says goes where it always goes; the last lines are kept."""
        for line in child.stderr or ():
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
            if line.strip():
                self.said.append(line.decode("utf-8", "replace").strip())

    def _watch(self, child: subprocess.Popen[bytes], switch: dict[str, Any]) -> str | None:
        """Wait until the version on trial is healthy; else what is wrong with it."""
        until = time.monotonic() + PATIENCE
        while not self._is_healthy(switch):
            if child.poll() is not None:
                time.sleep(0.2)  # for its last words
                return f"it ended with status {child.returncode} before it was up"
            if time.monotonic() > until:
                return f"it was not up after {PATIENCE:.0f} seconds"
            time.sleep(0.1)
        return None

    def _stop(self, child: subprocess.Popen[bytes]) -> None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _end(self, number: int, _frame: object) -> None:
        self.is_ending = True
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)

    # --- from one version to another ---------------------------------------------------------------------

    def _prepared(self) -> dict[str, Any] | None:
        """The switch whose version is to be tried now, with the link set; None: there is none."""
        switch = self._read(SWITCH)
        if switch is None:
            return None
        if self._is_healthy(switch):
            self._settle(switch)
            return None
        if (self._read(FELL_BACK) or {}).get("id") == switch["id"]:
            self._go_back(switch)
            return None
        try:
            self._copy_database(switch)
        except (OSError, sqlite3.Error) as error:
            self.fall_back(switch, f"the database could not be copied first: {error}")
            return None
        self._link(switch["to"])
        return switch

    def _is_healthy(self, switch: dict[str, Any]) -> bool:
        try:
            said = (self.home / HEALTHY).read_text(encoding="ascii")
        except OSError:
            return False
        return said.strip() == str(switch["id"])

    def _settle(self, switch: dict[str, Any]) -> None:
        """It is over; what is asked for by now may be another one."""
        if (self._read(SWITCH) or {}).get("id") == switch["id"]:
            (self.home / SWITCH).unlink()

    def fall_back(self, switch: dict[str, Any], reason: str) -> None:
        """Write down that it is taken back, then do it: from here on there is no other way."""
        told = {
            "id": switch["id"],
            "to": switch["to"],
            "from": switch["from"],
            "reason": reason,
            "said": list(self.said),
            "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),  # noqa: UP017 - older Pythons too
        }
        self._write(FELL_BACK, json.dumps(told, indent=2))
        self._go_back(switch)

    def _go_back(self, switch: dict[str, Any]) -> None:
        print(f"pitstop {switch['to']} is taken back; {switch['from']} is started", file=sys.stderr)  # noqa: T201
        copy = self._copy_of(switch)
        if copy is not None and copy.exists():
            database = Path(switch["database"])
            # The log belongs to what the trial has written: without it first, never beside the older file.
            for log in ("-wal", "-shm"):
                database.with_name(database.name + log).unlink(missing_ok=True)
            _copy(copy, database)
        self._link(switch["from"])
        self._settle(switch)

    def _copy_database(self, switch: dict[str, Any]) -> None:
        """Between two versions nobody has it open. Once for a switch: later it may be migrated already."""
        copy = self._copy_of(switch)
        if copy is None or copy.exists() or not Path(switch["database"]).exists():
            return
        for older in copy.parent.glob(f"{Path(switch['database']).name}.before-*"):
            older.unlink()
        _copy(Path(switch["database"]), copy)

    def _copy_of(self, switch: dict[str, Any]) -> Path | None:
        database = switch.get("database")
        return None if database is None else Path(f"{database}.before-{switch['id']}")

    # --- files -------------------------------------------------------------------------------------------

    def _link(self, version: str) -> None:
        new = self.home / "current.new"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("versions") / version)
        new.replace(self.home / "current")
        _sync_folder(self.home)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            told: dict[str, Any] = json.loads((self.home / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return told

    def _write(self, name: str, text: str) -> None:
        new = self.home / f"{name}.new"
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.home / name)
        _sync_folder(self.home)


def _copy(source: Path, target: Path) -> None:
    """A SQLite database with what its log holds, whole or not at all, readable for its owner alone."""
    new = target.with_name(target.name + ".new")
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(new)) as writing:
        reading.backup(writing)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def main() -> int:
    home = Path(__file__).resolve().parent
    lock = (home / "launcher.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(f"error: another launcher runs in {home} already", file=sys.stderr)  # noqa: T201
        return 10
    if not (home / "current").exists():
        print(f"error: there is no version in {home}: run `pitstop service install`", file=sys.stderr)  # noqa: T201
        return 3
    return Launcher(home, sys.argv[1:]).run()


if __name__ == "__main__":
    sys.exit(main())
