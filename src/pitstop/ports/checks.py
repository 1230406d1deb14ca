"""What checks need of the world: a memory of what they found, places to ask, and programs to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pitstop.model.checks import CheckChange, CheckResult, CheckRound, CheckSkip, KeptResult
from pitstop.model.findings import Finding


class CheckRecords(Protocol):
    """What the checks found, and what was skipped."""

    def results(self) -> Sequence[KeptResult]:
        """The newest result of each check at each target, by check and target."""

    def problems(self) -> Sequence[KeptResult]:
        """Of the results, those that did not pass. Cheap, for it is asked often."""

    def changes(self, check: str, target: str = "") -> Sequence[CheckChange]:
        """How a check (at this target alone, if one is named) has changed its status; newest first."""

    def begin(self, why: str, checks: Sequence[str], at: datetime) -> CheckRound:
        """Write down that checks are asked."""

    def end(self, number: int, results: Sequence[CheckResult], at: datetime) -> None:
        """Keep what a round has found, in one piece. What is known of these checks at targets that are not
        among the results is forgotten; of a round of all checks, what is known of any other."""

    def rounds(self, limit: int = 20) -> Sequence[CheckRound]:
        """Newest first."""

    def skips(self) -> Sequence[CheckSkip]:
        """By check and target."""

    def skip(self, skip: CheckSkip) -> None:
        """Again is no harm: the newest reason holds."""

    def unskip(self, check: str, target: str) -> None:
        """Raises NotFound when it is not skipped."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said, and how it ended.

    Attributes:
        status: its exit status; a signal that ended it as a negative number.
        output: what it said on standard output, the first 64 KiB of it; bytes that are no UTF-8 are replaced.
        complaint: the same of standard error.
    """

    status: int
    output: str
    complaint: str = ""


class ThisMachine(Protocol):
    """The machine that the service runs on."""

    @property
    def name(self) -> str: ...

    async def ask(self, script: str, *, deadline: timedelta) -> Said:
        """Run a shell text that changes nothing. Raises as ``run``."""

    async def run(self, command: Sequence[str], *, deadline: timedelta) -> Said:
        """Run a program at low priority. It, and all that it has started, is ended when it has ended, or when
        the deadline has passed.

        Raises:
            Unreachable: it has not ended within the deadline.
            NotFound: it is not there, or cannot be run.
        """


class Readiness(Protocol):
    """Whether the system is ready for an update, found out now."""

    def weighed(self, result: CheckResult) -> Finding | None:
        """The result as a finding, with what was skipped and set in mind; None: it passed. Blocks shortly."""

    async def blockers(self, update: str) -> Sequence[Finding]:
        """Ask all checks, and give the findings that keep this update off. Never raises what a check did."""


class Integrity(Protocol):
    """Whether what is kept is still what was written."""

    def database_problems(self, deadline: timedelta) -> Sequence[str]:
        """What is wrong with the database, in a sentence each. Blocks.

        Raises:
            StateUnusable, Conflict, NoSpace: it cannot even be asked.
        """

    def read_again(self, deadline: timedelta) -> ReadAgain:
        """Read the content of packages again, as much as the time allows, beginning with what was not read
        for longest. Blocks."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A content file that is not what was signed: of which package, under which path, and where it lies."""

    package: str
    path: str
    file: Path


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What reading content again has found. ``read``, ``whole``: so many bytes were read, of so many."""

    damaged: Sequence[Damaged]
    read: int
    whole: int


@dataclass(frozen=True, slots=True)
class Need:
    """What an update needs of room, in bytes.

    Attributes:
        download: on the service's machine, that is not here yet.
        unpacked: on the service's machine, that is not here yet.
        on_nodes: on each node; None: not known yet, for its documents are not here.
    """

    update: str
    download: int
    unpacked: int
    on_nodes: int | None


@dataclass(frozen=True, slots=True)
class OperatorCheck:
    """A program of the operator's that keeps the exit statuses and the output of Nagios' plugins.

    Attributes:
        run: the program and its arguments.
        program: a file of the service's machine that is sent along to nodes; None: ``run`` is there.
        on: ``service``, ``nodes``, or a role.
        problem: why it cannot be run, such as that anybody may change it; "": it can.
    """

    name: str
    title: str
    run: tuple[str, ...]
    on: str
    program: Path | None = None
    critical: bool = True
    remedy: str = ""
    deadline: timedelta = timedelta(seconds=60)
    problem: str = ""


class OperatorChecks(Protocol):
    def all(self) -> Sequence[OperatorCheck]:
        """As the folder and the settings have them now, by name."""
