"""``pitstop service init`` and ``reset-password``: the way in, and the way in again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pitstop.cli.main import run
from pitstop.daemon.start import initialise, reset_password
from pitstop.daemon.stored import open_state
from pitstop.model.errors import InvalidInput, NotFound, StateUnusable
from pitstop.service.accounts import AccountsService
from pitstop.service.audited import Audited
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


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    make_key(tmp_path / "key")
    (tmp_path / "system.toml").write_text(SYSTEM)
    (tmp_path / "pitstop.toml").write_text('system = "system.toml"\nstate = "state"\n')
    return tmp_path / "pitstop.toml"


def sign_in(settings: Path, password: str) -> None:
    """Raises NotSignedIn."""
    with open_state(settings.parent / "state") as stored:
        clock = SimulatedClock()
        accounts = AccountsService(stored.accounts, Audited(stored.audit, clock), clock)
        accounts.sign_in("admin", password, "test")


def test_a_password_that_was_lost_before_it_was_read_is_made_anew(settings: Path) -> None:
    lost, got = initialise(settings).password, initialise(settings).password
    assert got not in (None, lost)
    sign_in(settings, got or "")
    assert initialise(settings).password is None


def test_a_bucket_that_cannot_be_watched_is_said_at_the_start(settings: Path) -> None:
    text = settings.read_text()
    settings.write_text(f'{text}import_bucket = "nowhere"\n')
    with pytest.raises(InvalidInput, match="import_bucket: nowhere cannot be opened"):
        initialise(settings)
    settings.write_text(f'{text}import_bucket = "{settings.parent.as_uri()}"\n')
    initialise(settings)


def test_a_password_is_reset_by_command(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sign_in(settings, initialise(settings).password or "")
    assert run(["service", "reset-password", "admin", "--settings", str(settings), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["account"] == "admin"
    sign_in(settings, said["password"])


def test_a_worker_by_itself_has_nothing_to_do(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["service", "worker", "--settings", str(settings)]) == 2
    said = capsys.readouterr().err
    assert "its state would be its own" in said
    assert "PITSTOP_DATABASE" in said


def test_a_reset_needs_the_state_for_itself_and_a_known_name(settings: Path) -> None:
    initialise(settings)
    with pytest.raises(NotFound, match="nobody"):
        reset_password(settings, "nobody")
    with open_state(settings.parent / "state"), pytest.raises(StateUnusable):
        reset_password(settings, "admin")
