"""Wiring of runs: beginning them, what is asked of them, what is expected of them, and mending them."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.daemon.acting import Acting
from pitstop.daemon.ground import Ground
from pitstop.daemon.own_log import OwnLogLines
from pitstop.daemon.rehearsing import Rehearsing
from pitstop.service.beginning import Beginning
from pitstop.service.hours import DeclaredHours
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.known_issues import KnownIssuesService
from pitstop.service.offers import Offers
from pitstop.service.outlooks import Outlooks
from pitstop.service.rehearsals import Rehearsals
from pitstop.service.runs import RunsService
from pitstop.service.step_sizes import StepSizes


@dataclass(frozen=True, slots=True)
class Running:
    runs: RunsService
    beginning: Beginning
    rehearsals: Rehearsals
    listed: ListedIssues
    issues: KnownIssuesService


def running(on: Ground, act: Acting) -> Running:
    stored = on.stored
    outlooks = Outlooks(stored.runs, stored.journal, StepSizes(stored.payloads))
    listed = ListedIssues(stored.known_issues)
    offers = Offers(listed, on.knowledge, OwnLogLines(stored.folder))
    runs = RunsService(
        stored.journal, stored.runs, on.knowledge, on.jobs, on.progress, on.audited, outlooks, offers
    )
    hours = DeclaredHours(stored.declarations)
    beginning = Beginning(stored.journal, stored.payloads, on.knowledge, on.jobs, hours)
    return Running(
        runs=runs,
        beginning=beginning,
        rehearsals=Rehearsals(beginning, Rehearsing(act.world, stored.host_keys), outlooks),
        listed=listed,
        issues=KnownIssuesService(offers, stored.journal, runs, on.jobs, on.audited),
    )
