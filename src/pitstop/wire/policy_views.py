"""The read models of the servicing policy: support, timeline, releases, path, calendar, declarations.

Same rules as :mod:`pitstop.wire.views`: instants are ISO 8601 in UTC, policy days are dates (whole days in
UTC), durations are seconds, names are camelCase in JSON. A day or a duration that cannot be known is null,
never guessed. ``asKnownOn`` is the day of the knowledge that an answer rests on. Nothing in here decides
anything.
"""

from __future__ import annotations

from datetime import date, datetime

from pitstop.wire.base import View
from pitstop.wire.views import FindingView, Range


class DaysView(View, frozen=True):
    """Some day from ``earliest`` to ``latest``, both included; null: no bound is known."""

    earliest: date | None
    latest: date | None
    exact: bool


class ForecastView(View, frozen=True):
    """The first day without support lies between these days, both included. ``certain``: it rests on fixed
    days alone, not on how often families came so far."""

    earliest: date | None
    latest: date | None
    certain: bool
    why: str


# --- path and calendar -----------------------------------------------------------------------------------


class PathStepView(View, frozen=True):
    """One update on a path. ``because``: target, next-family, required or recommended; ``rides``: the hotfix
    that goes on in the same run; ``duration_source``: publisher or measured, "" where it is not known."""

    number: int
    name: str
    title: str
    package_type: str
    version: str
    family: str
    rides: str
    because: str
    why: str
    from_version: str
    to_version: str
    duration: Range | None
    duration_source: str
    restarts_nodes: bool
    findings: tuple[FindingView, ...] = ()


class PathView(View, frozen=True):
    """The ordered updates to a target. ``reached`` without steps: the system is there already.

    ``total``: all of them one after the other; null when nobody has said how long any of them takes.
    ``unknown``: those that add nothing to it for that reason. ``why_not``: what stands in the way;
    ``left_out``: releases between here and there that do not go on, with the reason.
    """

    target: str
    objective: str
    recommended: bool | None
    reached: bool
    from_version: str
    to_version: str
    steps: tuple[PathStepView, ...]
    total: Range | None
    unknown: tuple[str, ...]
    restarts: int
    why_not: tuple[FindingView, ...]
    left_out: tuple[FindingView, ...]
    as_known_on: date | None


class OpeningView(View, frozen=True):
    """One occurrence of a maintenance window. ``zone``: the one that the window is declared in;
    ``closed_by``: why a blackout closes it, "" when it is open."""

    window: str
    zone: str
    start: datetime
    end: datetime
    closed_by: str = ""


class BookingView(View, frozen=True):
    """An update in a window. ``end_least``, ``end_most``: null when nobody knows: it has the whole window.
    ``after_deadline``: it may end after the last day of support."""

    number: int
    name: str
    opening: OpeningView
    start: datetime
    end_least: datetime | None
    end_most: datetime | None
    after_deadline: bool


class CalendarView(View, frozen=True):
    """A path in its windows. ``fits``: every update found one; ``deadline``: the last day with support for
    the system as it is, null when there is none to be said or it has passed; ``deadline_certain``: it rests
    on a fixed day; ``findings``: what does not fit and why, what is not known, what comes too late."""

    path: PathView
    since: datetime
    fits: bool
    bookings: tuple[BookingView, ...]
    openings: tuple[OpeningView, ...]
    closed: tuple[OpeningView, ...]
    findings: tuple[FindingView, ...]
    deadline: date | None
    deadline_certain: bool


# --- support ---------------------------------------------------------------------------------------------


class SupportReport(View, frozen=True):
    """Support on one day. ``about``: past, present or forecast.

    ``status``: supported, out-of-compliance or unknown; ``position``: N, N-1, ... as people say it;
    ``behind``: families behind N, null when open; ``at_least``: the knowledge is stale, so it may be more;
    ``entitled``: whether a hardware contract covers the day, null: not recorded; ``ends``: when support will
    end if nothing is installed; ``way_back``: the least that brings it (back) into support.
    """

    at: date
    about: str
    status: str
    position: str
    behind: int | None
    at_least: bool
    why: str
    newest_family: str
    current_family: str
    current_version: str
    supported_families: tuple[str, ...]
    as_known_on: date | None
    entitled: bool | None
    ends: ForecastView | None
    way_back: PathView | None
    findings: tuple[FindingView, ...]


class FamilyBarView(View, frozen=True):
    """One family over time. ``released``: the days on which it may have come; ``last_day``: its last day of
    support, null while support has not ended; ``forecast``: then when it will; ``position``: N, N-1, ...
    today, "" where it does not count; ``current``: the system is on it; ``supported``: today."""

    family: str
    position: str
    released: DaysView
    last_day: DaysView | None
    forecast: ForecastView | None
    current: bool
    supported: bool
    withdrawn: bool
    builds: tuple[str, ...]


class PolicyDateView(View, frozen=True):
    """A dated exception (support further back, ``behind`` families) or end (``behind`` null) of the policy.
    No families: any. ``first_day``, ``last_day``: both included, null: no bound."""

    behind: int | None
    while_newest: str
    families: tuple[str, ...]
    hardware: tuple[str, ...]
    conditions: tuple[str, ...]
    first_day: date | None
    last_day: date | None
    reason: str
    link: str


class TimelineView(View, frozen=True):
    """The families in order of release. Beyond ``as_known_on`` everything is forecast."""

    today: date
    as_known_on: date | None
    newest_family: str
    current_family: str
    current_version: str
    status: str
    families: tuple[FamilyBarView, ...]
    exceptions: tuple[PolicyDateView, ...]
    ends: tuple[PolicyDateView, ...]


# --- releases --------------------------------------------------------------------------------------------


class ReleaseView(View, frozen=True):
    """One release in short. ``released``: a day, or ``2026-04`` where only the month is known, or "";
    ``reason``: the first reason why not; ``reasons``: how many there are."""

    name: str
    title: str
    publisher: str
    product: str
    version: str
    package_type: str
    families: tuple[str, ...]
    released: str
    state: str
    installable: bool
    recommended: bool
    withdrawn: bool
    reason: str
    reasons: int


class PrerequisiteView(View, frozen=True):
    """Something that a release asks for. ``met``: null: not known; ``install_first``: what would meet it."""

    what: str
    met: bool | None
    install_first: str


class RiskView(View, frozen=True):
    """A named risk on this system. ``standing``: affected, not-affected, unknown or accepted; ``missing``:
    the facts that would have to be recorded to know; ``releases``: that carry it."""

    name: str
    message: str
    link: str
    standing: str
    missing: tuple[str, ...]
    fixed_in: str
    releases: tuple[str, ...]
    accepted_by: str = ""
    accepted_at: datetime | None = None
    reason: str = ""


class Explanation(View, frozen=True):
    """Why a release can or cannot go on this system: all reasons, not the first.

    ``removed``: why it is off offer for good here, null when it is not; ``missing_facts``: what would have to
    be recorded for an answer; ``first``: the path that leads to it, its own install included; where it cannot
    go on, the path to the family that has to be on before (its ``target`` says which); null where the
    question makes no sense (it is on already, the system is past it, or it is off offer for good).
    """

    release: ReleaseView
    reasons: tuple[FindingView, ...]
    prerequisites: tuple[PrerequisiteView, ...]
    risks: tuple[RiskView, ...]
    removed: FindingView | None
    missing_facts: tuple[str, ...]
    first: PathView | None
    as_known_on: date | None


# --- declarations ----------------------------------------------------------------------------------------


class WindowView(View, frozen=True):
    """When work may be done, again and again. ``first``: the first start, local time of ``zone``, without a
    zone; ``recurrence``: an RFC 5545 rule, "" for a single window; ``seconds``: how long it is open."""

    name: str
    first: datetime
    recurrence: str
    seconds: float
    zone: str


class BlackoutView(View, frozen=True):
    """Days, both included, on which nothing may be done, whatever the windows say."""

    first_day: date
    last_day: date
    reason: str = ""


class WindowsView(View, frozen=True):
    """All that is declared, and the next openings. ``revision``: 0 while nothing was declared."""

    windows: tuple[WindowView, ...]
    blackouts: tuple[BlackoutView, ...]
    revision: int
    changed_by: str
    changed_at: datetime | None
    next: tuple[OpeningView, ...]


class WindowsChange(View, frozen=True):
    """What replaces all windows and blackouts. ``revision``: refused if it is not that of what is there;
    null: whatever is there."""

    windows: tuple[WindowView, ...] = ()
    blackouts: tuple[BlackoutView, ...] = ()
    revision: int | None = None


class ContractView(View, frozen=True):
    """The hardware support contract. ``valid``: whether there is one; null: nothing is recorded.
    ``last_day``: its last day, null: open."""

    valid: bool | None
    last_day: date | None
    recorded_by: str = ""
    recorded_at: datetime | None = None


class ContractChange(View, frozen=True):
    """What is to be recorded; ``valid`` null: nothing."""

    valid: bool | None = None
    last_day: date | None = None


class FactView(View, frozen=True):
    """A fact that rules may ask for. ``value``: null: not known, ``problem`` says why; ``source``: recorded,
    system-file, nodes or system; ``asked_by``: what asks for it."""

    name: str
    value: str | None
    source: str
    problem: str
    asked_by: tuple[str, ...]
    recorded_by: str = ""
    recorded_at: datetime | None = None


class RiskAcceptance(View, frozen=True):
    """What accepting a risk sends."""

    reason: str = ""
