"""``pitstop rescue``: what it lets in, what it writes down, what it shows where nothing can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pitstop.cli.main import run
from pitstop.daemon.start import initialise
from pitstop.daemon.stored import open_state, open_state_beside
from pitstop.daemon.system_log import LastingAuditLog
from pitstop.model.audit import AuditEntry
from pitstop.model.errors import NoSpace, NotFound, StateUnusable
from simulators.clock import SimulatedClock
from simulators.ssh_server import make_key

SYSTEM = """\
[system]
name = "rack"
location = "north"
hardware_family = "Lumen"
hardware_model = "Lumen R4"

[[node]]
name = "n1"
address = "127.0.0.1"
key = "key"
"""


SETTINGS = """\
system = "system.toml"
state = "state"
listen = "127.0.0.1:1"
"""


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rescue")
    make_key(folder / "key")
    (folder / "system.toml").write_text(SYSTEM)
    (folder / "pitstop.toml").write_text(SETTINGS)
    initialise(folder / "pitstop.toml")
    return folder


@pytest.fixture
def settings(first_start: Path, tmp_path: Path) -> Path:
    shutil.copytree(first_start, tmp_path / "machine")
    return tmp_path / "machine" / "pitstop.toml"


def rescue(settings: Path, *words: str) -> int:
    return run(["rescue", "--settings", str(settings), "--as", "ada", *words])


def audited(settings: Path) -> Sequence[AuditEntry]:
    with open_state(settings.parent / "state") as stored:
        return stored.audit.entries()


def test_the_status_says_what_works_though_nothing_runs(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rescue(settings, "status") == 0
    said = capsys.readouterr().out
    assert "does not run here" in said
    assert "down: http://127.0.0.1:1/sign-in" in said
    assert "can be written" in said
    assert "There is no run yet." in said


def test_the_status_names_the_service_that_holds_the_state(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_state(settings.parent / "state"):
        assert rescue(settings, "status") == 0
    assert f"runs, pid {os.getpid()}" in capsys.readouterr().out


def test_a_broken_nodes_file_hides_nothing_that_can_be_shown_without_it(settings: Path) -> None:
    (settings.parent / "system.toml").write_text("[system\n")
    assert rescue(settings, "status") == 0
    assert rescue(settings, "findings") == 0


def test_each_call_is_audited_with_who_asked_and_from_where(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescue(settings, "findings")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22")
    rescue(settings, "stop", "nothing-such")
    rescue(settings, "status")
    said = [(entry.who, entry.what, entry.origin, entry.outcome) for entry in audited(settings)]
    assert ("ada", "rescue findings", "rescue", "done") in said
    assert ("ada", "rescue status", "rescue, ssh from 192.0.2.7", "done") in said


@pytest.mark.parametrize(
    "asked",
    [
        "rm -rf /",
        "console",
        "service start",
        "pitstop update list",
        "status; rm x",
        "status --settings /etc/passwd",
        "--as root status",
        "logs --to /tmp",
        "logs",
        "status 'open",
    ],
)
def test_a_forced_command_lets_nothing_in_but_the_verbs(
    settings: Path, asked: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", asked)
    assert rescue(settings, "console") == 2
    said = capsys.readouterr()
    assert "error: " in said.err
    assert not said.out


@pytest.mark.parametrize("asked", ["status", "rescue status", "pitstop rescue status", "", "findings --json"])
def test_a_forced_command_does_a_verb_in_the_name_of_the_key(
    settings: Path, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", asked)
    assert rescue(settings, "console") == 0
    assert audited(settings)[0].who == "ada"


def test_the_console_asks_for_verbs_and_outlives_wrong_ones(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SSH_ORIGINAL_COMMAND", raising=False)
    lines = iter(["frobnicate", "resume", "", "findings", "exit"])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(lines))
    assert rescue(settings, "console") == 0
    said = capsys.readouterr().err
    assert "'frobnicate' is not open here" in said
    assert "there is no run yet" in said
    assert "No active alerts." in said
    assert next(lines, None) is None


def test_where_no_service_was_ever_there_nothing_is_made(settings: Path) -> None:
    shutil.rmtree(settings.parent / "state")
    with pytest.raises(NotFound, match="no database"), open_state_beside(settings.parent / "state"):
        pass
    assert not (settings.parent / "state").exists()


def test_a_database_of_another_schema_is_left_alone(settings: Path) -> None:
    with open_state(settings.parent / "state") as stored, stored.audit._database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StateUnusable, match="9999"), open_state_beside(settings.parent / "state"):
        pass


class Full:
    """Implements :class:`pitstop.ports.records.AuditLog`: nothing more can be written."""

    def audit(self, entry: AuditEntry) -> int:
        raise NoSpace("there is no room")

    def entries(self, limit: int = 200) -> Sequence[AuditEntry]:
        return ()


def test_what_the_audit_log_does_not_take_goes_to_the_system_log(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr("syslog.syslog", lambda _level, line: lines.append(line))
    log = LastingAuditLog(Full())
    log.audit(AuditEntry(SimulatedClock().now(), "ada\nroot: all", "rescue status", "x", "rescue", "begun"))
    assert lines == ["ada?root: all (rescue): rescue status, x: begun"]
    assert log.elsewhere == "there is no room"


READ_ONLY = """
set -e
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
"$2" -m pitstop rescue --settings "$3" status
exec "$2" -m pitstop rescue --settings "$3" resume 01234567-89ab-cdef-0123-456789abcdef
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a read-only file system is made by root alone")
def test_a_state_on_a_read_only_file_system_is_shown(settings: Path) -> None:
    words = ("unshare", "--mount", "sh", "-c", READ_ONLY, "sh")
    state = str(settings.parent / "state")
    done = subprocess.run(
        [*words, state, sys.executable, str(settings)], capture_output=True, text=True, check=False
    )
    if "Operation not permitted" in done.stderr and "mount" in done.stderr:
        pytest.skip("this root may not mount")
    assert "can only be read" in done.stdout
    assert "There is no run yet." in done.stdout
    assert "in the system log" in done.stderr
    assert "nothing can be asked of a run" in done.stderr
    assert done.returncode == StateUnusable.exit_status
