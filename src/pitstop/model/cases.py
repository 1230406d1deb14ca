"""Support cases: what was asked of whom, what was handed over, and what was said since.

A case has two things that change: the case itself (open, answered, closed) and its file, which is made in the
background and can be made anew. Both have one table of moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pitstop.model.errors import InvalidMove
from pitstop.model.findings import Finding


class Impact(StrEnum):
    """How much depends on it: the severity of a case, as support organisations count it."""

    A = "A"
    B = "B"
    C = "C"


IMPACT_WORDS: dict[Impact, str] = {
    Impact.A: "Critical: services of the system are down, or are about to be.",
    Impact.B: "Moderate: an update cannot go on, or something works badly.",
    Impact.C: "Minimal: a question, or a small flaw.",
}


class CaseState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class CaseEvent(StrEnum):
    WRITTEN = "written"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"


CASE_MOVES: dict[tuple[CaseState, CaseEvent], CaseState] = {
    (CaseState.OPEN, CaseEvent.WRITTEN): CaseState.OPEN,
    (CaseState.OPEN, CaseEvent.ANSWERED): CaseState.ANSWERED,
    (CaseState.OPEN, CaseEvent.CLOSED): CaseState.CLOSED,
    (CaseState.ANSWERED, CaseEvent.WRITTEN): CaseState.OPEN,
    (CaseState.ANSWERED, CaseEvent.ANSWERED): CaseState.ANSWERED,
    (CaseState.ANSWERED, CaseEvent.CLOSED): CaseState.CLOSED,
    (CaseState.CLOSED, CaseEvent.REOPENED): CaseState.OPEN,
}
"""Open: it is their turn; answered: it is ours."""


class FileState(StrEnum):
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The one file that is handed over.

    Attributes:
        logs: the id of the bundle with the logs of the span, which the file waits for.
        finding: why it could not be made.
    """

    state: FileState
    logs: str
    made: datetime | None = None
    size: int = 0
    sha256: str = ""
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        number: rises with each case of this system.
        contact: the name of who is asked, one of the settings' contacts; "" where nobody was chosen.
        reference: what the other side calls it; "" until it is known.
        since, until: the span that it is about.
        run: the run that it is about.
    """

    number: int
    title: str
    impact: Impact
    text: str
    contact: str
    state: CaseState
    opened: datetime
    opened_by: str
    since: datetime
    until: datetime
    file: CaseFile
    run: str | None = None
    reference: str = ""
    closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """Something that was said about a case. ``theirs``: by the other side; ``by`` has entered it."""

    at: datetime
    by: str
    text: str
    theirs: bool = False


@dataclass(frozen=True, slots=True)
class CaseKey:
    """A public key, as PEM, and its digest as people compare it."""

    pem: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask.

    Attributes:
        party: ``platform``, ``oem`` or ``service-provider``.
        asks: what for: ``deployment``, ``update``, ``hardware``.
        number: what they know this system by: of a contract, or of a customer.
        until: the last day of what the system is entitled to there.
    """

    name: str
    party: str
    asks: tuple[str, ...]
    phone: str = ""
    mail: str = ""
    url: str = ""
    hours: str = ""
    number: str = ""
    until: date | None = None


def case_move(case: Case, event: CaseEvent) -> CaseState:
    """The state that ``event`` leads to.

    Raises:
        InvalidMove: the table has no such move; names case, state and event.
    """
    to = CASE_MOVES.get((case.state, event))
    if to is None:
        hint = "Reopen it first." if case.state is CaseState.CLOSED else "It is not closed."
        raise InvalidMove(f"case {case.number} is {case.state}: {event} is not open", hint=hint)
    return to
