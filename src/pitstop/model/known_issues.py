"""What a publisher knows can go wrong, and a failure as it is held against that.

An issue is told by its *signatures*: where it shows (state, phase, step) and what is said there (patterns on
step, error, output and log lines; facts). How the two are brought together is in
:mod:`pitstop.policy.known_issues`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pitstop.model.conditions import FactTest
from pitstop.model.plans import PlanStep
from pitstop.model.versions import Version


class Occurrence(StrEnum):
    """How often an issue is met."""

    COMMON = "Common"
    RARE = "Rare"


class Place(StrEnum):
    """Where a failure says something: the step's name, its error, what it printed, the log of its time."""

    STEP = "step"
    ERROR = "error"
    OUTPUT = "output"
    LOG = "log"


class Certainty(StrEnum):
    """How much a signature that holds says: this is the issue; or, it is unless another one says more."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Applicable:
    """To which releases an issue applies: all that are supported, or these families and exact builds."""

    all_supported: bool = False
    families: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """All that is named here must hold of a failure. Patterns are of RE2; capitals do not count, and a dot
    takes a line's end.

    Attributes:
        states: of the update, one of them; empty: any. ``phases`` and ``kinds`` (of the step) as well.
        step: a pattern on the name of the step or check; "": any.
        said: groups of patterns; of each group one must be found.
        places: where these are looked for; empty: error, output and log.
        none: patterns of which none may be found, in any place.
        facts: each must be known and hold.
        mend: whether this is evidence enough to offer the issue's mend.
    """

    states: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    step: str = ""
    said: tuple[tuple[str, ...], ...] = ()
    places: tuple[Place, ...] = ()
    none: tuple[str, ...] = ()
    facts: tuple[FactTest, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    mend: bool = False


@dataclass(frozen=True, slots=True)
class Mend:
    """What mends an issue on the node where it failed, if the operator agrees.

    Attributes:
        says: what it does, as one sentence: what is agreed to.
        steps: done in this order, of the kinds that plans have.
        verify: steps after them that change nothing, and fail where it did not help.
    """

    says: str
    steps: tuple[PlanStep, ...]
    verify: tuple[PlanStep, ...]


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """One entry of a publisher's list.

    Attributes:
        symptom, cause, remediation: Markdown. ``symptom`` is what an operator sees.
        signatures: any one of them that holds says that it is this issue.
        excludes: if one of these holds, it is not, whatever else speaks for it.
        fixed_in: the build with which it is gone; None: none yet.
        link: where more is written; "" where nothing is.
    """

    id: str
    title: str
    applicable: Applicable
    symptom: str
    cause: str
    remediation: str
    occurrence: Occurrence
    signatures: tuple[Signature, ...] = ()
    excludes: tuple[Signature, ...] = ()
    mend: Mend | None = None
    fixed_in: str | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class KnownIssues:
    """All that one publisher has signed about what goes wrong with one product."""

    publisher: str
    product: str
    issued: datetime
    issues: tuple[KnownIssue, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known of one failure.

    Attributes:
        state: the update's, such as ``DownloadFailed``.
        phase: of the run, such as ``install``.
        step, kind: name and kind of the step that failed.
        log: lines of the time of the step, oldest first.
        facts: of the node and of the system, as text by name.
        version: the build that was going on; None where it is not known.
        family: of that build.
    """

    state: str = ""
    phase: str = ""
    step: str = ""
    kind: str = ""
    error: str = ""
    output: str = ""
    log: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    version: Version | None = None
    family: str | None = None


class Likeness(StrEnum):
    """What an offer rests on. ``match``: a signature holds. ``related``: only the wording is alike."""

    MATCH = "match"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for an issue.

    Attributes:
        place: where it was found: ``error``, ``output``, ``log``, ``step``, ``fact``, ``state``; ``wording``.
        text: what was found there, cut to a line.
    """

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """One offer: this failure may be this issue.

    Attributes:
        score: higher is likelier; only of use beside others of the same failure.
        mend: the evidence is enough to offer the issue's mend, and it has one.
    """

    issue: KnownIssue
    likeness: Likeness
    score: float
    evidence: tuple[Evidence, ...]
    mend: bool = False
