"""``pitstop --help`` is there at once: nothing is loaded that the call does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pitstop.cli.main import NOUNS, run
from pitstop.cli.nouns import Noun

HEAVY = ("httpx", "litestar", "sqlalchemy", "rich", "lxml", "tuf", "asyncssh", "msgspec", "ssl")


@pytest.mark.parametrize("call", [["--help"], ["version"]])
def test_help_and_version_load_nothing_heavy(call: list[str]) -> None:
    program = (
        "import sys; from pitstop.cli.main import run; "
        f"status = run({call!r}); print(status, *(name for name in {HEAVY!r} if name in sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "0"


def test_a_client_command_loads_no_more_than_it_needs() -> None:
    program = (
        "import sys; from pitstop.cli.main import run; status = run(['whoami']); "
        "print(status, *sorted({'rich', 'pygments', 'click', 'sqlalchemy'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"PITSTOP_URL": "http://127.0.0.1:1", "PITSTOP_TOKEN": "none"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "nothing answers" in ended.stderr
    assert ended.stdout.split() == ["7"]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
def test_every_noun_loads_and_has_a_help(noun: Noun, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([noun.name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: pitstop {noun.name} ")
