"""What a kind of check is, and what it is handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pitstop.model.checks import CheckOrigin, CheckStatus
from pitstop.model.errors import Unreachable
from pitstop.model.findings import Severity
from pitstop.model.runs import Run
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.checks import Integrity, Need, Said
from pitstop.ports.records import SourceStatus

DEADLINE = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class Target:
    """What a check looks at: ``node n3``, ``machine pitstop-1``, ``source northstar``, ``system``."""

    sort: str
    name: str = ""
    node: Node | None = None

    def __str__(self) -> str:
        return f"{self.sort} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found at one target.

    Attributes:
        severity: where it is another than kind and status give.
        others as of :class:`pitstop.model.checks.CheckResult`.
    """

    status: CheckStatus
    description: str
    remedy: str = ""
    detail: str = ""
    measures: tuple[str, ...] = ()
    severity: Severity | None = None


def passes(description: str, *, measures: tuple[str, ...] = (), detail: str = "") -> Outcome:
    return Outcome(CheckStatus.PASS, description, detail=detail, measures=measures)


def warns(description: str, remedy: str, *, measures: tuple[str, ...] = (), detail: str = "") -> Outcome:
    return Outcome(CheckStatus.WARNING, description, remedy, detail, measures)


def fails(description: str, remedy: str, *, measures: tuple[str, ...] = (), detail: str = "") -> Outcome:
    return Outcome(CheckStatus.FAIL, description, remedy, detail, measures)


def unknown(description: str, remedy: str, *, detail: str = "") -> Outcome:
    """It could not be found out: that is no pass."""
    return Outcome(CheckStatus.UNKNOWN, description, remedy, detail)


def not_looked_at(description: str, remedy: str = "") -> Outcome:
    """There is nothing to find out, or it is known from elsewhere: said, and nobody is kept off by it."""
    return Outcome(CheckStatus.UNKNOWN, description, remedy, severity=Severity.INFORMATIONAL)


def only_worth_knowing(outcome: Outcome) -> Outcome:
    """The same, and it never keeps an update off."""
    return Outcome(
        outcome.status,
        outcome.description,
        outcome.remedy,
        outcome.detail,
        outcome.measures,
        Severity.INFORMATIONAL,
    )


@dataclass(frozen=True, slots=True)
class CheckHabits:
    """What the operator has set.

    Attributes:
        strict: warnings block, and no skip sets them aside.
        valid: how long results count.
        certificates: where certificates lie on the service's machine, as paths with ``*`` and ``?``.
        node_certificates: the same on nodes.
        backup: a file or folder of the service's machine whose newest file is the last backup; "": none.
        backup_days: so old it may be.
        source_days: so long ago the last successful check of a connected source may be.
    """

    strict: bool = False
    valid: timedelta = timedelta(days=2)
    certificates: tuple[str, ...] = ()
    node_certificates: tuple[str, ...] = ()
    backup: str = ""
    backup_days: int = 8
    source_days: int = 3


class NotReached(Unreachable):
    """The node's contact has failed: the check ``nodes`` says how."""


class Surroundings(Protocol):
    """What a check may ask. Each may raise a :class:`pitstop.model.errors.PitstopError`, which makes the
    check's answer *unknown*, with the error's words."""

    @property
    def system(self) -> SystemDescription: ...

    @property
    def machine(self) -> Target:
        """The machine that the service runs on."""

    @property
    def habits(self) -> CheckHabits: ...

    @property
    def state_folder(self) -> str:
        """The path of the service's state on its machine."""

    @property
    def integrity(self) -> Integrity: ...

    def now(self) -> datetime: ...

    async def contact(self, node: Node) -> timedelta:
        """Sign in and run nothing: how long that took. Done once for each node in a round of checks.

        Raises:
            Unreachable, TrustError.
        """

    async def ask(self, target: Target, script: str, *, deadline: timedelta = ...) -> Said:
        """Run a shell text that changes nothing on a node, or on the service's machine, with ``PITSTOP_ROOT``
        as for an operation.

        Raises:
            Unreachable: it has not answered in time.
            NotReached: the node's contact has failed.
        """

    async def run(self, command: Sequence[str], *, deadline: timedelta) -> Said:
        """Run a program on the service's machine.

        Raises:
            Unreachable: it has not ended in time. NotFound: it is not there, or cannot be run.
        """

    def sources(self) -> Sequence[SourceStatus]: ...

    def runs(self) -> Sequence[Run]:
        """Newest first."""

    def out_of_service(self, run: Run) -> Mapping[str, Drained]:
        """The nodes, by name, that this run has taken out of service and not put back."""

    def needs(self) -> Sequence[Need]:
        """What the updates need of room that may go on next; before an update, that one alone."""


@dataclass(frozen=True, slots=True)
class Drained:
    """How a node that a run has taken out of service is asked, and put back by hand: shell text, in its root.

    Attributes:
        is_out: ends with 0 while it is out, with 1 once it is in service.
    """

    is_out: str
    back: str


@dataclass(frozen=True, slots=True)
class CheckKind:
    """A row of the table of kinds.

    Attributes:
        code: of the finding where it does not pass; ``check-`` and its name.
        title: what is well if it passes.
        says: what it looks at and what for, for the reference.
        severity: how bad it is if it fails.
        targets: what it is asked of.
        look: asks one target. What it raises is an *unknown*.
        deadline: for one target.
        own_name: where several are of one code, as the operator's are.
    """

    code: str
    title: str
    says: str
    severity: Severity
    targets: Callable[[Surroundings], Sequence[Target]]
    look: Callable[[Surroundings, Target], Awaitable[Outcome]]
    deadline: timedelta = DEADLINE
    origin: CheckOrigin = CheckOrigin.BUILT_IN
    own_name: str = ""

    @property
    def name(self) -> str:
        return self.own_name or self.code.removeprefix("check-")


def of_nodes(around: Surroundings) -> Sequence[Target]:
    return [Target("node", node.name, node) for node in around.system.nodes]


def of_machine(around: Surroundings) -> Sequence[Target]:
    return [around.machine]


def of_machines(around: Surroundings) -> Sequence[Target]:
    """The service's and the nodes."""
    return [*of_machine(around), *of_nodes(around)]


def of_system(_around: Surroundings) -> Sequence[Target]:
    return [Target("system")]


def asked(
    script: str, judge: Callable[[str], Outcome]
) -> Callable[[Surroundings, Target], Awaitable[Outcome]]:
    """Of a check that is a shell text and what to think of what it prints. The text ends with the line
    ``end``: one that was cut short is not judged."""

    async def look(around: Surroundings, target: Target) -> Outcome:
        said = await around.ask(target, f"{script}\necho end\n")
        lines = said.output.splitlines()
        if "end" not in lines:
            return unknown(
                f"its shell does not do as asked: {shown(said.output or said.complaint)}",
                "See on that machine why; `pitstop node test` says what a node needs.",
            )
        return judge("\n".join(lines[: lines.index("end")]))

    return look


def shown(text: str) -> str:
    """The end of it, in one line."""
    return " ".join(text.split())[-200:] or "it says nothing"
