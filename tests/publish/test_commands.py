"""``pitstop publish``: the whole way of a publisher, by its commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pitstop.cli.publish import app
from pitstop.model.errors import PitstopError
from publish.press import PASSPHRASE, Press


def run(*arguments: object, environment: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(
        app, [str(word) for word in arguments], env=environment or {"PITSTOP_KEY_PASSPHRASE": PASSPHRASE}
    )
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_from_nothing_to_a_withdrawn_release(press: Press, tmp_path: Path) -> None:
    home, built = tmp_path / "oem", tmp_path / "out"
    source = press.source("2.1.0", 'type = "OEM"')
    said = run("init", home, "--name", "lumen", "--prefix", "OEM", "--product", "lumen-r4", "--kind", "oem")
    assert str(home / "root.json") in said
    assert "Built OEM2.1.0" in run("build", source, "--publisher", home, "--out", built)
    assert "Released OEM2.1.0 (OEM)" in run("release", built / "OEM2.1.0", "--publisher", home)
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE, encoding="utf-8")
    words = ("withdraw", "2.1.0", "--reason", "Too hot.", "--publisher", home, "--passphrase-file", secret)
    assert "revision 2" in run(*words, environment={"PITSTOP_KEY_PASSPHRASE": ""})
    assert "holds until" in run("renew", "--publisher", home)
    shown = json.loads(run("show", "--json", "--publisher", home))
    assert (shown["publisher"], shown["kind"], shown["catalogue"]) == ("lumen", "oem", 3)
    assert [(entry["name"], entry["status"]) for entry in shown["releases"]] == [("OEM2.1.0", "withdrawn")]
    page = run("show", "--publisher", home)
    assert "withdrawn: Too hot." in page
    assert "days left" in page


def test_an_error_comes_out_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(PitstopError, match="no publisher"):
        run("show", "--publisher", tmp_path)


def test_the_commands_load_nothing_until_they_are_called() -> None:
    heavy = ("tuf", "lxml", "msgspec", "cryptography", "asyncssh", "sqlalchemy", "litestar")
    script = f"import sys, pitstop.cli.publish; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
