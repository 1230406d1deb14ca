"""Python environments that are made offline: of wheels whose digests are named, and of nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from pitstop.model.errors import StepFailed

REQUIREMENTS = "requirements.txt"
_TELL_PUBLISHER = "The package was built wrongly for this machine: tell the publisher."


def make_environment(
    folder: Path,
    files: Mapping[str, Path],
    *,
    also: Path | None = None,
    then: Sequence[str] = (),
    deadline: timedelta,
    report: Callable[[int, int], None],
) -> str:
    """Make ``folder/venv``, whatever was there, out of wheels and ``requirements.txt``.

    Gives what the last command said.

    Args:
        also: a folder of further wheels.
        then: arguments of the new Python, run at the end.

    Raises:
        StepFailed: it cannot be made of these files.
    """
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    for name, file in files.items():
        shutil.copyfile(file, wheels / name)
    commands = list(_commands(folder, wheels, also, then))
    said = ""
    for number, command in enumerate(commands):
        report(number, len(commands))
        said = _done(command, deadline)
    return said.strip()


def _commands(folder: Path, wheels: Path, also: Path | None, then: Sequence[str]) -> Iterator[list[str]]:
    python = str(folder / "venv" / "bin" / "python")
    links = [f"--find-links={place}" for place in (wheels, also) if place is not None and place.is_dir()]
    quiet = ["--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-compile", "--quiet"]
    yield [sys.executable, "-m", "venv", str(folder / "venv")]
    yield [
        *(python, "-m", "pip", "install", "--no-index", *links, *quiet),
        *("--require-hashes", "--only-binary=:all:", "-r", str(wheels / REQUIREMENTS)),
    ]
    yield [python, "-m", "pip", "check", "--disable-pip-version-check"]
    if then:
        yield [python, *then]


def _done(command: list[str], deadline: timedelta) -> str:
    """Run it to its good end, away from what the environment would tell pip and Python; its output."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": os.devnull,
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=deadline.total_seconds(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepFailed(f"the environment cannot be made: {error}") from error
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        failure = StepFailed(
            f"the environment cannot be made: {lines[-1] if lines else f'status {done.returncode}'}",
            hint=_TELL_PUBLISHER,
        )
        failure.add_note("\n".join(lines))
        raise failure
    return done.stdout
