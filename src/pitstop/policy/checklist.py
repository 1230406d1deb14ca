"""The activity checklist of an update: before, during, after. Facts decide where they can, else a person.

One table of matters; each is worked out from what is known, or left to who ticks it off. Nothing here keeps
an update off: what must is in the rules and the checks, and the list says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pitstop.model.checks import CheckResult, CheckStatus
from pitstop.model.runs import RunState


class Stage(StrEnum):
    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Standing(StrEnum):
    """``todo``: a fact says that it is not so yet, or nobody has ticked it off."""

    DONE = "done"
    TODO = "todo"


@dataclass(frozen=True, slots=True)
class Tick:
    """That a person has seen to something. ``note``: what they said of it."""

    item: str
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the list.

    Attributes:
        by_fact: whether a fact decides; else a person does, by ticking it off.
        because: what is known of it, in a sentence.
    """

    id: str
    stage: Stage
    title: str
    by_fact: bool
    standing: Standing
    because: str = ""
    tick: Tick | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the list is worked out from.

    Attributes:
        reasons: what keeps the update off now, by code: what is the case.
        checks: the newest results that still count; ``checked``: when all were asked last.
        alerts: subjects of the active alerts that are worse than for information.
        issues: titles of the publisher's known issues that are about this update; None: there is no list.
        contacts: names of whom to ask; ``entitled``: see the policy's support status.
        run: state of the update's newest run; ``ended``: when that was.
        out: nodes that it has out of service.
        differing: nodes that run something else than the others.
        newer: the newer hotfix of the family that is on, "" where there is none.
    """

    reasons: Mapping[str, str]
    checks: Sequence[CheckResult] = ()
    checked: datetime | None = None
    alerts: Sequence[str] = ()
    issues: Sequence[str] | None = None
    contacts: Sequence[str] = ()
    entitled: bool | None = None
    run: RunState | None = None
    ended: datetime | None = None
    out: Sequence[str] = ()
    differing: Sequence[str] = ()
    newer: str = ""


Answer = tuple[bool | None, str]
"""Whether it is so, None where that is not known, and what is known of it."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A row of the table. ``ask``: None where only a person can say."""

    id: str
    stage: Stage
    title: str
    says: str
    ask: Callable[[Known], Answer] | None = field(default=None)


def worked_out(known: Known, stages: Collection[Stage], ticks: Sequence[Tick]) -> tuple[Item, ...]:
    """The list, in the table's order. A fact that is not known leaves the matter to a person."""
    by_item = {tick.item: tick for tick in ticks}
    return tuple(_item(matter, known, by_item.get(matter.id)) for matter in MATTERS if matter.stage in stages)


def matter(item: str) -> Matter | None:
    return next((each for each in MATTERS if each.id == item), None)


def _item(matter: Matter, known: Known, tick: Tick | None) -> Item:
    so, because = matter.ask(known) if matter.ask else (None, "")
    done = so if so is not None else tick is not None
    standing = Standing.DONE if done else Standing.TODO
    return Item(matter.id, matter.stage, matter.title, so is not None, standing, because, tick)


# --- what facts say -----------------------------------------------------------------------------------


def _no_reason(*codes: str) -> Callable[[Known], Answer]:
    def ask(known: Known) -> Answer:
        found = [what for code, what in known.reasons.items() if code in codes]
        return not found, " ".join(found)

    return ask


def _issues(known: Known) -> Answer:
    if known.issues is None:
        return None, "No list of known issues is here."
    if not known.issues:
        return True, "None are known of this update."
    more = len(known.issues) - _NAMED
    named = "; ".join(known.issues[:_NAMED])
    return None, f"Known: {named}{f'; and {more} more' if more > 0 else ''} (`pitstop issue list`)."


def _capacity(known: Known) -> Answer:
    return _checks([each for each in known.checks if each.check in CAPACITY])


def _readiness(known: Known) -> Answer:
    return _checks(known.checks)


def _backup(known: Known) -> Answer:
    mine = [each for each in known.checks if each.check == BACKUP]
    if not mine or mine[0].status is CheckStatus.UNKNOWN:
        return None, mine[0].description if mine else ""
    return mine[0].status is CheckStatus.PASS, mine[0].description


def _checks(results: Sequence[CheckResult]) -> Answer:
    if not results:
        return None, "No check was run that still counts."
    ill = [f"{each.title}, {each.target}" for each in results if each.status in _ILL]
    return not ill, f"Not so: {'; '.join(ill[:_NAMED])}." if ill else f"{len(results)} checks pass."


def _alerts(known: Known) -> Answer:
    return (
        not known.alerts,
        f"Active: {'; '.join(known.alerts[:_NAMED])}." if known.alerts else "None is active.",
    )


def _support(known: Known) -> Answer:
    if not known.contacts:
        return False, "The settings name no contact."
    if known.entitled is None:
        return False, f"{', '.join(known.contacts)}; the hardware contract is not recorded."
    named = ", ".join(known.contacts)
    return known.entitled, named if known.entitled else f"{named}; there is no valid hardware contract."


def _installed(known: Known) -> Answer:
    if known.run is None:
        return False, "No run has begun."
    return known.run is RunState.SUCCEEDED, f"Its newest run is {known.run}."


def _versions(known: Known) -> Answer:
    if not known.differing:
        return True, "All nodes say the same."
    return False, f"Different: {', '.join(known.differing[:_NAMED])}."


def _nodes_back(known: Known) -> Answer:
    if not known.out:
        return True, "The run has none out of service."
    return False, f"Out of service: {', '.join(known.out)}."


def _checked_since(known: Known) -> Answer:
    if known.ended is None or known.checked is None or known.checked < known.ended:
        return False, "They were not run since."
    return _readiness(known)


def _newest(known: Known) -> Answer:
    return not known.newer, f"{known.newer} is newer." if known.newer else "There is none that is newer."


BACKUP = "backup"
CAPACITY = frozenset({"space", "node-space", "memory", "load"})
_ILL = (CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.UNKNOWN)
_NAMED = 5

NO_ALERT = "no alert is active that is worse than for information"

MATTERS: tuple[Matter, ...] = (
    Matter("known-issues", Stage.BEFORE, "Known issues are read",
           "the publisher's list for this update; a fact where it names none", _issues),
    Matter("notes", Stage.BEFORE, "Release notes and security notes are read", "a person has read them"),
    Matter("oem", Stage.BEFORE, "The hardware's package is new enough",
           "nothing asks for a newer OEM package first", _no_reason("oem-too-old", "oem-unknown")),
    Matter("hotfix", Stage.BEFORE, "The newest hotfix that is asked for is on",
           "nothing asks for a hotfix first", _no_reason("hotfix-missing", "newer-hotfix")),
    Matter("capacity", Stage.BEFORE, "There is room",
           "the checks of space, memory and load on service and nodes pass", _capacity),
    Matter("readiness", Stage.BEFORE, "Readiness checks pass", "all checks that still count do", _readiness),
    Matter("alerts", Stage.BEFORE, "Issues are resolved", NO_ALERT,
           _alerts),
    Matter("backup", Stage.BEFORE, "There is a backup", "the check of its age; else a person", _backup),
    Matter("rehearsed", Stage.BEFORE, "The plan was rehearsed, and the way back is known",
           "a person has rehearsed it, and looked where its point of no return is"),
    Matter("support", Stage.BEFORE, "Support can be asked", "contacts are named, a contract covers today",
           _support),
    Matter("window", Stage.BEFORE, "The time is agreed", "a person has agreed it"),
    Matter("users", Stage.BEFORE, "Users are notified", "a person has told them"),
    Matter("followed", Stage.DURING, "Somebody follows the run", "a person does"),
    Matter("no-changes", Stage.DURING, "Nobody changes the system meanwhile",
           "a person has seen to it: no other work on nodes, storage, network"),
    Matter("alerts-during", Stage.DURING, "No alert is active", NO_ALERT, _alerts),
    Matter("installed", Stage.AFTER, "The update is on", "its newest run has succeeded", _installed),
    Matter("versions", Stage.AFTER, "All nodes run the same", "what they said when they were asked last",
           _versions),
    Matter("nodes-back", Stage.AFTER, "All nodes are back in service", "the run has put back what it had out",
           _nodes_back),
    Matter("checks-after", Stage.AFTER, "Checks pass again", "all do that were run since", _checked_since),
    Matter("alerts-after", Stage.AFTER, "No alert is left", NO_ALERT,
           _alerts),
    Matter("newest", Stage.AFTER, "No newer hotfix waits", "of the family that is on", _newest),
    Matter("notes-after", Stage.AFTER, "What the notes ask for afterwards is done", "a person has done it"),
    Matter("backup-after", Stage.AFTER, "A new backup is made", "a person has made it"),
    Matter("users-after", Stage.AFTER, "Users know that it is over", "a person has told them"),
)  # fmt: skip
"""Before, during and after; docs/checklist.md is made from it."""
