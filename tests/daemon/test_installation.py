"""Versions made in the launcher's folder, for real: environments, pip, digests."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.installation import InstallationContract
from pitstop import __version__
from pitstop.daemon import launcher
from pitstop.daemon.installation import LaunchedService, lay_out
from pitstop.model.errors import Conflict, InvalidInput, StepFailed


class LaunchedBench:
    """The launcher's folder, with the launcher's part done by its own code."""

    def __init__(self, folder: Path) -> None:
        self.machine = Machine(folder)
        self.launched = self.machine.service()
        self.alone = LaunchedService(None, None, None, self.machine.end)

    @property
    def ends(self) -> int:
        return self.machine.ended

    def take_back(self) -> None:
        one = launcher.Launcher(self.machine.home, [])
        switch = json.loads((self.machine.home / launcher.SWITCH).read_text())
        one.said.append("error: no")
        one.fall_back(switch, "it was not up")


class TestLaunchedService(InstallationContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> LaunchedBench:
        return LaunchedBench(tmp_path)


MINUTES = timedelta(minutes=5)
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"


def wheel(folder: Path, name: str, version: str, main: str, needs: str = "") -> str:
    """A small wheel; the line of requirements that pins it."""
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    files = {
        f"{name}/__init__.py": "",
        f"{name}/__main__.py": main,
        f"{info}/METADATA": METADATA.format(name=name, version=version, needs=needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as made:
        for file, content in files.items():
            made.writestr(file, content)
        made.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"]))
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def carried(folder: Path, version: str, says: str | None = None, further: str = "") -> Path:
    """What a package carries of a Pitstop that only says its version."""
    folder.mkdir()
    pins = wheel(folder, "pitstop", version, f"print({says or version!r})", "Requires-Dist: lamp\n")
    (folder / "requirements.txt").write_text(pins + further)
    return folder


@dataclass
class Machine:
    home: Path
    ended: int = 0
    reports: list[tuple[int, int]] = field(default_factory=list)

    def service(self, *, on_trial: str | None = None) -> LaunchedService:
        return LaunchedService(self.home, on_trial, self.home / "pitstop.db", self.end)

    def end(self) -> None:
        self.ended += 1

    def install(self, version: str, folder: Path) -> str:
        files = {file.name: file for file in folder.iterdir()}
        return self.service().install(
            version, files, deadline=MINUTES, report=lambda done, of: self.reports.append((done, of))
        )


@pytest.mark.slow
def test_versions_are_made_offline_with_every_digest_checked(tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    lamp = wheel(first, "lamp", "1.0", "")
    pins = wheel(first, "pitstop", __version__, f"print({__version__!r})", "Requires-Dist: lamp\n")
    (first / "requirements.txt").write_text(pins + lamp)
    machine = Machine(tmp_path / "opt")
    assert lay_out(machine.home, first) == __version__
    assert (machine.home / "current").resolve().name == __version__
    assert (machine.home / "launcher").stat().st_mode & 0o111

    # The lamp is not carried: the running version came with it.
    right = carried(tmp_path / "right", "99.1", further=lamp)
    (machine.home / "versions/99.0").mkdir()
    assert "99.1 is installed" in machine.install("99.1", right)
    assert machine.reports == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert (machine.home / "versions/99.1/wheels/lamp-1.0-py3-none-any.whl").exists()
    assert (machine.home / "current").resolve().name == __version__, "installing switches nothing"
    assert {folder.name for folder in (machine.home / "versions").iterdir()} == {__version__, "99.1"}
    machine.install("99.1", right)
    assert len(machine.reports) == 4, "what is there, whole, is not made again"

    damaged = carried(tmp_path / "damaged", "99.1", says="99.9", further=lamp)
    with (damaged / "pitstop-99.1-py3-none-any.whl").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(StepFailed, match="cannot be made"):
        machine.install("99.1", damaged)
    assert not (machine.home / "versions/99.1/whole").exists(), "of other files it is made anew"
    with pytest.raises(StepFailed, match=r"no wheel of Pitstop 99\.2"):
        machine.install("99.2", damaged)

    with pytest.raises(Conflict, match="as its current one"):
        lay_out(machine.home, right)


def test_a_switch_is_written_down_before_the_process_ends(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.service().switch("2.0", "run-1-1")
    assert json.loads((tmp_path / launcher.SWITCH).read_text()) == {
        "id": "run-1-1",
        "to": "2.0",
        "from": __version__,
        "database": str(tmp_path / "pitstop.db"),
    }
    assert machine.ended == 1


def test_only_a_version_on_trial_says_that_it_is_healthy(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.service().say_healthy()
    assert not (tmp_path / launcher.HEALTHY).exists()
    machine.service(on_trial="run-1-1").say_healthy()
    assert (tmp_path / launcher.HEALTHY).read_text() == "run-1-1"


def test_a_folder_that_is_no_pitstop_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    with pytest.raises(InvalidInput, match="does not hold one wheel of pitstop"):
        lay_out(tmp_path / "opt", tmp_path / "wheels")


def test_a_service_whose_launcher_has_ended_does_not_start() -> None:
    program = "from pitstop.daemon.installation import follow_launcher; follow_launcher()"
    for launcher_pid, ends_well in ((os.getpid(), True), (1, False)):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PITSTOP_LAUNCHER_PID": str(launcher_pid)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is ends_well
        assert ("the launcher that started this service has ended" in done.stderr) is not ends_well
