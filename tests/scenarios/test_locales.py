"""The service itself, and the command, as processes of their own on a machine that is not set to English. A
run under yet another locale is in ``e2e/test_7_windows_and_riders.py``.

Locales are made from the system's own sources, where those are installed (Debian's package ``locales``).
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo import processes
from pitstop.client.client import PitstopClient
from pitstop.daemon.start import initialise
from simulators.locales import can_be_made, charset_of, made
from simulators.ssh_server import make_key

MODEL = "Gestell Straße 7, İstanbul, 東京"
SYSTEM = f"""\
[system]
name = "rack"
location = "north"
hardware_family = "Lumen"
hardware_model = "{MODEL}"

[[node]]
name = "n1"
address = "127.0.0.1"
key = "key"
"""


@dataclass(frozen=True)
class Abroad:
    """One machine of a locale, a few minutes off every full hour, with nothing else in its environment."""

    folder: Path
    locale: str
    port: int

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "LOCPATH": str(made(self.folder, self.locale)),
            "LANG": self.locale,
            "LC_ALL": self.locale,
            "TZ": "Asia/Kathmandu",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Path:
        return self.folder / "pitstop.toml"

    @contextmanager
    def service(self) -> Iterator[None]:
        """It runs meanwhile."""
        with (self.folder / "output").open("ab") as output:
            process = subprocess.Popen(
                [*processes.PITSTOP, "service", "start", "--settings", str(self.settings)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        part = processes.Part("the service", process, self.folder / "output")
        try:
            processes.wait_for(part, f"{self.url}/sign-in")
            yield
        finally:
            part.stop()

    def pitstop(self, *arguments: str, token: str = "") -> str:
        """What a command writes to its terminal."""
        charset = charset_of(self.locale)
        done = subprocess.run(
            [*processes.PITSTOP, *(word.encode(charset) for word in arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**self.environment, "PITSTOP_URL": self.url, "PITSTOP_TOKEN": token},
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.decode(charset)


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["ja_JP.EUC-JP", "xx_XX.that-is-nowhere"])
def test_the_service_does_not_end_over_a_foreign_locale(locale: str, tmp_path: Path) -> None:
    """The update service crashed again and again on machines that were not set to English
    (Azure/AzureLocal-Supportability, a crash of the update service on non-en-US)."""
    if not can_be_made(locale):
        pytest.skip(f"the locale {locale} cannot be made here: the package `locales` is missing")
    abroad = Abroad(tmp_path, locale, processes.free_port())
    make_key(tmp_path / "key")
    (tmp_path / "system.toml").write_text(SYSTEM, encoding="utf-8")
    abroad.settings.write_text(
        f'system = "system.toml"\nstate = "Zustand"\nlisten = "127.0.0.1:{abroad.port}"\n'
    )
    password = initialise(abroad.settings).password or ""
    with abroad.service():
        with PitstopClient(abroad.url) as anonymous:
            token = anonymous.sign_in("admin", password).token
        shown = abroad.pitstop("fact", "set", "gruss=Grüße", token=token)
        known = json.loads(abroad.pitstop("fact", "list", "--json", token=token))
    assert "Grüße" in shown
    assert as_shown(MODEL, locale) in shown, "a sign that the terminal lacks ends nothing"
    values = {fact["name"]: fact["value"] for fact in known}
    assert values["hardware-model"] == MODEL, "and JSON loses none"
    assert values["gruss"] == "Grüße"
    require_readable(tmp_path)


def as_shown(text: str, locale: str) -> str:
    charset = charset_of(locale)
    return text.encode(charset, "replace").decode(charset)


def require_readable(folder: Path) -> None:
    """Its own log and what it said: UTF-8, times by Greenwich, nothing thrown."""
    (log,) = folder.glob("Zustand/**/service.log")
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING) ", line), line
    now = time.strftime("%Y-%m-%dT%H", time.gmtime())
    earlier = time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() - 600))
    assert lines[-1].startswith((now, earlier))
    assert "Traceback" not in (folder / "output").read_text(errors="replace")
