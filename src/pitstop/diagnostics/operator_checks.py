"""The operator's own checks: those of a folder, and those that the settings name.

Every program that lies in the folder is run on the service's machine as it is, without arguments; those in
its folder ``nodes`` are sent to every node and run there. What anybody else may change is not run: it would
be run with the service's rights.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pitstop.model.errors import StateUnusable
from pitstop.ports.checks import OperatorCheck

CHECK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
NODES = "nodes"
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class FolderChecks:
    """Implements :class:`pitstop.ports.checks.OperatorChecks`.

    Attributes:
        named: those of the settings, by name; they come before a program of the same name.
    """

    folder: Path
    named: Mapping[str, OperatorCheck] = field(default_factory=dict)

    def all(self) -> Sequence[OperatorCheck]:
        found = {check.name: check for check in self._in_folders()}
        return [check for _, check in sorted({**found, **self.named}.items())]

    def _in_folders(self) -> Iterator[OperatorCheck]:
        for folder, on in ((self.folder, SERVICE), (self.folder / NODES, NODES)):
            for program in _programs(folder):
                name = re.sub(r"[^A-Za-z0-9._-]", "_", program.name)[:50]
                named = name if on == SERVICE else f"{on}-{name}"
                check = OperatorCheck(named, name, (str(program),), on)
                check = replace(check, problem=_problem(program))
                yield check if on == SERVICE else replace(check, program=program)


def _programs(folder: Path) -> Sequence[Path]:
    """What is to be run of a folder: regular files that are executable, but for hidden ones."""
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StateUnusable(
            f"the folder of checks {folder} cannot be read: {error.strerror}", hint="See who may read it."
        ) from error
    return [
        file
        for file in files
        if not file.name.startswith(".") and file.is_file() and os.access(file, os.X_OK)
    ]


def _problem(program: Path) -> str:
    """Why it is not run; "": it is."""
    for path in (program.resolve(), program.parent.resolve()):
        try:
            about = path.stat()
        except OSError as error:
            return f"{path} cannot be looked at: {error.strerror}"
        if about.st_uid not in (0, os.geteuid()):
            return f"{path} belongs to somebody else: what it holds would be run with the service's rights"
        if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not about.st_mode & stat.S_ISVTX:
            return f"{path} can be changed by others: what it holds would be run with the service's rights"
    return ""
