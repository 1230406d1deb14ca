"""Publishers with sites, and ``pitstop`` called in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pitstop.cli.main import run
from transfers.publishers import Publisher, oem, platform
from transport.http_site import HttpSite


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    status: int
    out: str
    err: str


Pitstop = Callable[..., Ended]


@pytest.fixture
def pitstop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Pitstop:
    """Calls ``pitstop`` in this process; without a terminal, 100 columns wide."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("PITSTOP_PROXY", raising=False)

    def call(*arguments: object) -> Ended:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return call


@dataclass
class Sites:
    """Both publishers' sites, and the files with their roots."""

    platform: Publisher
    oem: Publisher
    platform_site: HttpSite
    oem_site: HttpSite
    platform_root: Path
    oem_root: Path

    @property
    def both(self) -> list[object]:
        """What names both sites in a call."""
        return [
            self.platform_site.url,
            self.oem_site.url,
            "--root",
            self.platform_root,
            "--root",
            self.oem_root,
        ]

    @property
    def one(self) -> list[object]:
        """What names the platform's site in a call."""
        return [self.platform_site.url, "--root", self.platform_root]


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    one, other = platform(), oem()
    roots = tmp_path / "platform.root.json", tmp_path / "oem.root.json"
    roots[0].write_bytes(one.root)
    roots[1].write_bytes(other.root)
    with one.site() as here, other.site() as there:
        yield Sites(one, other, here, there, *roots)
