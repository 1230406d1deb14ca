"""Known issues: what the publishers list, which of them a failure is, and mending it with consent.

A mend is further places of the run that failed. It is driven, journalled and fenced as any step; after it
the run is as failed as before, and can be resumed. A standing consent lets the service do both by itself,
once for each failure: what comes back after it was mended waits for a person.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import InvalidMove, NotAllowed
from pitstop.model.known_issues import Failure
from pitstop.model.mending import Mended, failed_leaves, mend_steps, mended
from pitstop.model.run_events import MendRequested
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState, Step
from pitstop.ports.jobs import Jobs
from pitstop.ports.journal import Journal
from pitstop.ports.records import MendConsent
from pitstop.service.audited import Audited
from pitstop.service.issue_lists import Listed, issue_view, offer_view
from pitstop.service.offers import Offers
from pitstop.service.runs import DRIVE, RunsService
from pitstop.wire.issue_views import IssueView, OfferView
from pitstop.wire.views import RunView

log = logging.getLogger(__name__)

_CONSENT = "standing consent"
_LOST_AFTER = timedelta(minutes=1)
"""So long after a run has failed nobody is about to see to it any more."""


@dataclass(frozen=True, slots=True)
class KnownIssuesService:
    """Implements :class:`pitstop.service.desk.IssuesDesk`."""

    offers: Offers
    journal: Journal
    runs: RunsService
    jobs: Jobs
    audited: Audited

    def list(self, actor: Actor) -> tuple[IssueView, ...]:
        actor.require(Permission.SEE)
        consents = self.offers.consents()
        return tuple(issue_view(item, consents) for item in self.offers.listed.all())

    def show(self, actor: Actor, name: str) -> IssueView:
        actor.require(Permission.SEE)
        return issue_view(self.offers.listed.named(name), self.offers.consents())

    def match(self, actor: Actor, failure: Failure) -> tuple[OfferView, ...]:
        """What a failure may be that is told as a whole."""
        actor.require(Permission.SEE)
        consents = self.offers.consents()
        return tuple(
            offer_view(self.offers.listed.of(match.issue), match, consents)
            for match in self.offers.listed.matches(failure)
        )

    def mend(self, actor: Actor, run_id: str, name: str) -> RunView:
        """Do the mend of this issue, on the nodes where the run failed with it."""
        with self.audited.change(actor, Permission.OPERATE, f"mend {name}", f"run {run_id}"):
            return self._mend(run_id, name, actor.name)

    def consent(self, actor: Actor, name: str, *, given: bool) -> IssueView:
        """Agree to a mend for whenever its issue is met, or no longer."""
        what = "consent to mend" if given else "withdraw consent to mend"
        with self.audited.change(actor, Permission.OPERATE, what, name):
            item = self.offers.listed.named(name)
            if item.issue.mend is None:
                raise NotAllowed(f"{item.name} has no mend", hint="Do what its remediation says.")
            if given:
                self.offers.listed.lists.consent(item.name, actor.name, self.audited.clock.now())
            else:
                self.offers.listed.lists.withdraw_consent(item.name)
        return self.show(actor, item.name)

    def after_run(self, run_id: str) -> None:
        """Where consent stands: mend what the run failed with, or resume it after that. Never raises."""
        try:
            tree = self.journal.load(run_id)
            if tree.run.state is RunState.FAILED:
                self._by_consent(tree, self.offers.consents())
        except Exception:
            log.exception("run %s cannot be mended by standing consent", run_id)

    def look_after(self) -> None:
        """Do it for the newest run where whoever drove it was lost before it came to that. What was agreed to
        after the run had failed is not meant. Never raises."""
        run = next(iter(self.runs.runs.runs(limit=1)), None)
        if run is None or run.state is not RunState.FAILED or run.ended is None:
            return
        if self.audited.clock.now() - run.ended < _LOST_AFTER:
            return
        try:
            agreed = {name: each for name, each in self.offers.consents().items() if each.at <= run.ended}
            self._by_consent(self.journal.load(run.id), agreed)
        except Exception:
            log.exception("run %s cannot be mended by standing consent", run.id)

    # --- doing --------------------------------------------------------------------------------------------

    def _by_consent(self, tree: RunTree, consents: Mapping[str, MendConsent]) -> None:
        outcomes = []
        for leaf in failed_leaves(tree):
            first = next(iter(self.offers.matches(tree, leaf)), None)
            agreed = consents.get(self.offers.name(first)) if first is not None and first.mend else None
            if first is None or agreed is None or leaf.node is None:
                return
            outcome = mended(tree, self.offers.name(first), leaf)
            if outcome is Mended.NOT_YET:
                name = self.offers.name(first)
                with self.audited.act(agreed.by, f"mend {name}", f"run {tree.run.id}", _CONSENT):
                    self._mend(tree.run.id, name, agreed.by, consent=True)
                return
            outcomes.append((outcome, agreed))
        if outcomes and all(outcome is Mended.SUCCEEDED for outcome, _ in outcomes):
            by = outcomes[0][1].by
            with self.audited.act(by, "resume run", tree.run.id, _CONSENT):
                self.runs.resume_by(tree.run.id, by)

    def _mend(self, run_id: str, name: str, by: str, *, consent: bool = False) -> RunView:
        item = self.offers.listed.named(name)
        tree = self.journal.load(run_id)
        mend = item.issue.mend
        failed = [leaf for leaf in failed_leaves(tree) if leaf.node and self._is_mended_by(tree, leaf, item)]
        if tree.run.state is not RunState.FAILED:
            raise InvalidMove(f"run {run_id} is {tree.run.state}: only a failed run is mended")
        if mend is None or not failed:
            raise NotAllowed(
                f"the mend of {item.name} is not offered for run {run_id}",
                hint="Offered is what `pitstop run show` names, with evidence that is enough.",
            )
        steps = mend_steps(tree, item.name, mend, failed)
        run = self.journal.request(
            run_id, MendRequested(self.audited.clock.now(), by, item.name, steps, consent)
        )
        self.jobs.submit(DRIVE, run_id)
        return self.runs.view(run)

    def _is_mended_by(self, tree: RunTree, leaf: Step, item: Listed) -> bool:
        return any(
            match.mend and self.offers.name(match) == item.name for match in self.offers.matches(tree, leaf)
        )
