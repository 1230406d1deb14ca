"""Checklists: worked out when they are asked for, ticked by people, kept with the run.

Before a run they belong to the update; the run that begins keeps how the list stood then, and has the lists
during and after. The newest run of an update is the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pitstop.model.accounts import Actor, Permission
from pitstop.model.cases import Contact
from pitstop.model.checks import CheckResult
from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.findings import Severity
from pitstop.model.known_issues import Failure
from pitstop.model.releases import Release
from pitstop.model.runs import OCCUPYING, Run, RunPurpose
from pitstop.policy.applicability import Applicability, applicabilities, situation_of
from pitstop.policy.checklist import Item, Known, Stage, Tick, matter, worked_out
from pitstop.policy.known_issues.matching import applies
from pitstop.policy.rules.nodes_agree import differing_nodes
from pitstop.policy.support_rules.contract import entitled
from pitstop.ports.journal import Journal
from pitstop.ports.records import Alerts, Checklists
from pitstop.service.audited import Audited
from pitstop.service.check_findings import CheckFindings
from pitstop.service.facts import Knowledge
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.reports import nodes_out_of_service
from pitstop.wire.checklist_views import ChecklistItemView, ChecklistTick, ChecklistView

LONGEST_NOTE = 1000
_LATER = (Stage.DURING, Stage.AFTER)


@dataclass(frozen=True, slots=True)
class ChecklistsService:
    """Implements :class:`pitstop.service.desk.ChecklistsDesk`."""

    records: Checklists
    knowledge: Knowledge
    journal: Journal
    found: CheckFindings
    alerts: Alerts
    contacts: Sequence[Contact]
    issues: ListedIssues
    audited: Audited

    def show(self, actor: Actor, update: str) -> ChecklistView:
        actor.require(Permission.SEE)
        run = self._run_of(update)
        items = self.before(update) if run is None else self._of_run(run)
        return ChecklistView(
            update=update,
            run=run.id if run else None,
            items=tuple(map(item_view, items)),
            todo=sum(item.standing == "todo" for item in items),
        )

    def tick(self, actor: Actor, update: str, item: str, wanted: ChecklistTick) -> ChecklistView:
        what = f"tick off {item}" if wanted.done else f"take back {item}"
        with self.audited.change(actor, Permission.OPERATE, what[:200], update):
            run = self._run_of(update)
            self._require_open(item, run)
            subject = run.id if run else update
            if len(wanted.note) > LONGEST_NOTE:
                raise InvalidInput(f"a note has at most {LONGEST_NOTE} characters")
            if wanted.done:
                now = self.audited.clock.now()
                self.records.tick(subject, Tick(item, actor.name, now, wanted.note.strip()))
            else:
                self.records.untick(subject, item)
            return self.show(actor, update)

    def before(self, update: str) -> tuple[Item, ...]:
        """The list before a run that would begin now.

        Raises:
            NotFound: there is no such update.
        """
        known = self._known(update, None)
        return worked_out(known, [Stage.BEFORE], self.records.ticks(update))

    def keep(self, run_id: str, update: str, items: Sequence[Item]) -> None:
        """With the run that has begun; the ticks before it are used up."""
        self.records.keep(run_id, items)
        for item in items:
            self.records.untick(update, item.id)

    def _of_run(self, run: Run) -> tuple[Item, ...]:
        later = worked_out(self._known(run.update, run), _LATER, self.records.ticks(run.id))
        return (*self.records.kept(run.id), *later)

    def _run_of(self, update: str) -> Run | None:
        """The newest that installs it, unless another one may begin."""
        runs = (run for run in self.knowledge.runs.runs(update) if run.purpose is RunPurpose.APPLY)
        newest = next(runs, None)
        if newest is None or newest.state in OCCUPYING:
            return newest
        over = newest.state in ("aborted", "cancelled")
        return None if over else newest

    def _require_open(self, item: str, run: Run | None) -> None:
        """Raises NotFound: there is no such item; InvalidInput: it is not its time."""
        found = matter(item)
        if found is None:
            raise NotFound(f"there is nothing {item!r} on the list", hint="See `pitstop checklist show`.")
        if (found.stage is Stage.BEFORE) is not (run is None):
            when = "the run has begun" if run else "no run has begun"
            raise InvalidInput(f"{item} is {found.stage} the update, and {when}")

    def _known(self, update: str, run: Run | None) -> Known:
        graph, facts = self.knowledge.graph(), self.knowledge.facts()
        verdicts = applicabilities(graph, facts)
        verdict = verdicts.get(update)
        if verdict is None:
            raise NotFound(f"there is no update {update}", hint="List them with `pitstop update list`.")
        now = self.audited.clock.now()
        situation = situation_of(graph, facts)
        active = [alert.finding for alert in self.alerts.alerts(active_only=True)]
        return Known(
            reasons={reason.code: reason.what for reason in verdict.reasons},
            checks=self._results(now),
            checked=self._checked(),
            alerts=[finding.subject for finding in active if finding.severity is not Severity.INFORMATIONAL],
            issues=self._issues(verdict.release),
            contacts=[contact.name for contact in self.contacts],
            entitled=entitled(facts, facts.today),
            run=run.state if run else None,
            ended=run.ended if run else None,
            out=tuple(nodes_out_of_service(self.journal.load(run.id))) if run else (),
            differing=[finding.subject for finding in differing_nodes(situation)],
            newer=_newer(verdicts.values(), verdict.release.family),
        )

    def _issues(self, release: Release) -> Sequence[str] | None:
        """Titles of what the publishers know of it; None: no list of theirs is here."""
        listed = self.issues.all()
        families = (release.family,) if release.family else release.families
        of = [Failure(version=release.version, family=family) for family in families or (None,)]
        about = [item.issue.title for item in listed if any(applies(item.issue, each) for each in of)]
        return about if listed else None

    def _results(self, now: datetime) -> Sequence[CheckResult]:
        """Those that still count."""
        oldest = self.found.counts_from(now)
        kept = (each.result for each in self.found.records.results())
        return [result for result in kept if result.at >= oldest]

    def _checked(self) -> datetime | None:
        whole = (each for each in self.found.records.rounds() if each.ended is not None and not each.checks)
        return next((each.began for each in whole), None)


def _newer(verdicts: Iterable[Applicability], family: str | None) -> str:
    """The newest hotfix of that family that can go on now."""
    open_now = (verdict.release for verdict in verdicts if verdict.installable)
    newer = [release for release in open_now if family in release.families]
    return max(newer, key=lambda release: release.version).name if newer else ""


def item_view(item: Item) -> ChecklistItemView:
    found = matter(item.id)
    return ChecklistItemView(
        id=item.id,
        stage=item.stage,
        title=item.title,
        says=found.says if found else "",
        by_fact=item.by_fact,
        standing=item.standing,
        because=item.because,
        by=item.tick.by if item.tick else "",
        at=item.tick.at if item.tick else None,
        note=item.tick.note if item.tick else "",
    )
