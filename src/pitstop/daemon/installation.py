"""Pitstop's own versions in the launcher's folder: made from wheels, switched to, and known to be well.

A version is an environment of its own with everything it needs; it is made by its own ``pip``, offline, with
every file's digest checked, and counts once its ``whole`` lies beside it. Versions are never changed.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pitstop import __version__
from pitstop.daemon import launcher
from pitstop.model.errors import Conflict, InvalidInput, NotLaunched, StateUnusable, StepFailed
from pitstop.nodes.environments import make_environment
from pitstop.ports.installation import FellBack
from pitstop.steps.pitstop import REQUIREMENTS
from pitstop.transport import durable

LAUNCHER_FOLDER = "PITSTOP_LAUNCHER"
"""Set by the launcher: its folder."""
LAUNCHER_PID = "PITSTOP_LAUNCHER_PID"
"""Set by the launcher: its process."""
ON_TRIAL = "PITSTOP_SWITCH"
"""Set by the launcher for a version on trial: the switch's id."""

LAUNCHER_NAME = "launcher"
_WHOLE = "whole"
_MAKING = threading.Lock()
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_TELL_PUBLISHER = (
    "The package was built wrongly, or for other machines: tell the publisher. The running version stays."
)
_OWN_WHEEL = re.compile(r"pitstop-([^-]+)-.+\.whl")


@dataclass(frozen=True, slots=True)
class LaunchedService:
    """Implements :class:`pitstop.ports.installation.Installation`.

    Attributes:
        home: the launcher's folder; None where nothing has launched this process.
        on_trial: the id of the switch that this process is on trial for.
        database: the SQLite file that a version that falls back must find as it was; None: there is none.
        end: ends this process, to be started anew.
    """

    home: Path | None
    on_trial: str | None
    database: Path | None
    end: Callable[[], None]

    @property
    def running(self) -> str:
        return __version__

    def require_launcher(self) -> None:
        self._home()

    def install(
        self,
        version: str,
        files: Mapping[str, Path],
        *,
        deadline: timedelta,
        report: Callable[[int, int], None],
    ) -> str:
        home = self._home()
        if version not in _own_versions(files):
            raise StepFailed(f"there is no wheel of Pitstop {version} among the files", hint=_TELL_PUBLISHER)
        _remove_others(home, {version, self.running})
        make_version(
            home,
            version,
            files,
            also=_folder(home, self.running) / "wheels",
            deadline=deadline,
            report=report,
        )
        return f"{version} is installed in {_folder(home, version)}"

    def switch(self, version: str, switch: str) -> None:
        told = {
            "id": switch,
            "to": version,
            "from": self.running,
            "database": None if self.database is None else str(self.database),
        }
        durable.write(self._home() / launcher.SWITCH, json.dumps(told, indent=2).encode())
        self.end()

    def fell_back(self, switch: str) -> FellBack | None:
        if self.home is None:
            return None
        try:
            told = json.loads((self.home / launcher.FELL_BACK).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if told["id"] != switch:
            return None
        return FellBack(told["to"], told["from"], told["reason"], " / ".join(told["said"]))

    def say_healthy(self) -> None:
        """Tell the launcher that this version is up; from now on it is not taken back. Before this, nothing
        may be acted on: it could be undone by the former database."""
        if self.home is not None and self.on_trial is not None:
            durable.write(self.home / launcher.HEALTHY, self.on_trial.encode())

    def _home(self) -> Path:
        if self.home is None:
            raise NotLaunched("this service was not started by the launcher, which changes versions")
        return self.home


def launched(database: Path | None, end: Callable[[], None]) -> LaunchedService:
    """This process as its environment says that it was started."""
    home = os.environ.get(LAUNCHER_FOLDER)
    return LaunchedService(Path(home) if home else None, os.environ.get(ON_TRIAL), database, end)


def follow_launcher() -> None:
    """See to it that this process ends with its launcher, however that ends: at once, so that it never works
    beside what the next launcher starts."""
    if LAUNCHER_PID in os.environ:
        prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux has it
        if prctl is not None:
            prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != int(os.environ[LAUNCHER_PID]):
            raise StateUnusable(
                "the launcher that started this service has ended", hint="Start the launcher again."
            )


def lay_out(home: Path, wheels: Path) -> str:
    """Make the launcher's folder, or make its launcher new; with the version of these wheels as the current
    one, unless there is one. The current version.

    Raises:
        InvalidInput: the folder holds no wheel of Pitstop, or several.
        Conflict: another version is the current one.
        StepFailed: no version can be made of them.
    """
    files = {file.name: file for file in wheels.glob("*") if file.is_file()}
    version = _version_of(wheels, files)
    home.mkdir(parents=True, exist_ok=True)
    current = home / "current"
    if current.exists() and current.resolve().name != version:
        raise Conflict(
            f"{home} has version {current.resolve().name} as its current one",
            hint="A run updates it to another version; its plan has a step of kind `pitstop`.",
        )
    if not current.exists():
        make_version(home, version, files, deadline=timedelta(minutes=30), report=lambda _done, _of: None)
    shutil.copyfile(Path(launcher.__file__), home / f"{LAUNCHER_NAME}.new")
    (home / f"{LAUNCHER_NAME}.new").chmod(0o755)
    (home / f"{LAUNCHER_NAME}.new").replace(home / LAUNCHER_NAME)
    if not current.exists():
        current.symlink_to(Path("versions") / version)
    return version


def _version_of(wheels: Path, files: Mapping[str, Path]) -> str:
    versions = _own_versions(files)
    if len(versions) != 1 or REQUIREMENTS not in files:
        raise InvalidInput(
            f"{wheels} does not hold one wheel of pitstop and a {REQUIREMENTS}",
            hint="What the folder must hold is in docs/self-update.md.",
        )
    return versions[0]


def _own_versions(files: Mapping[str, Path]) -> list[str]:
    return [found[1] for name in files if (found := _OWN_WHEEL.fullmatch(name))]


def make_version(
    home: Path,
    version: str,
    files: Mapping[str, Path],
    *,
    also: Path | None = None,
    deadline: timedelta,
    report: Callable[[int, int], None],
) -> None:
    """Make the environment of a version, unless it is there whole and of the same files.

    Raises:
        StepFailed: it cannot be made of these files.
    """
    folder = _folder(home, version)
    with _MAKING:  # an earlier attempt that was given up may still be at it
        if _is_whole(folder, files[REQUIREMENTS]):
            return
        said = _made_anew(folder, files, also, deadline, report)
        if said != version:
            raise StepFailed(f"the wheels are of Pitstop {said}, not {version}", hint=_TELL_PUBLISHER)
        os.sync()
        durable.write(folder / _WHOLE, b"")


def _is_whole(folder: Path, requirements: Path) -> bool:
    """Whether the version is there, and was made of what these requirements name."""
    kept = folder / "wheels" / REQUIREMENTS
    return (folder / _WHOLE).exists() and kept.read_bytes() == requirements.read_bytes()


def _made_anew(
    folder: Path,
    files: Mapping[str, Path],
    also: Path | None,
    deadline: timedelta,
    report: Callable[[int, int], None],
) -> str:
    """Make the environment, whatever was there; the version that it says it is."""
    then = ("-m", "pitstop", "version")
    said = make_environment(folder, files, also=also, then=then, deadline=deadline, report=report)
    _keep_wheels_of(also, folder / "wheels")
    return said


def _keep_wheels_of(also: Path | None, wheels: Path) -> None:
    """What a version came with, or took over, is there for the next one: with those of its requirements."""
    if also is None or not also.is_dir():
        return
    needed = set(re.findall(r"sha256:([0-9a-f]{64})", (wheels / REQUIREMENTS).read_text(encoding="utf-8")))
    for file in also.glob("*.whl"):
        if not (wheels / file.name).exists() and _sha256(file) in needed:
            os.link(file, wheels / file.name)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _remove_others(home: Path, keep: set[str]) -> None:
    for folder in (home / "versions").iterdir():
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def _folder(home: Path, version: str) -> Path:
    return home / "versions" / version
