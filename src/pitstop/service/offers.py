"""What the failed steps of a run may be, of all that the publishers list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pitstop.model.known_issues import Match
from pitstop.model.mending import failed_leaves, mended
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import RunState, Step
from pitstop.ports.records import MendConsent
from pitstop.service.facts import Knowledge
from pitstop.service.failures import failure_of
from pitstop.service.issue_lists import ListedIssues, offer_view
from pitstop.wire.issue_views import OfferView

LogLines = Callable[[datetime, datetime], Sequence[str]]
"""The service's own log lines of a span, oldest first."""

_SHOWN_IN = (RunState.FAILED, RunState.MENDING)


@dataclass(frozen=True, slots=True)
class Offers:
    """Holds failed steps against the lists."""

    listed: ListedIssues
    knowledge: Knowledge
    log_lines: LogLines

    def of(self, tree: RunTree) -> tuple[OfferView, ...]:
        """Step by step, likeliest first; empty where no step has failed, or the run goes on."""
        failed = failed_leaves(tree) if tree.run.state in _SHOWN_IN else ()
        if not failed or not self.listed.all():
            return ()
        consents = self.consents()
        return tuple(
            offer_view(
                self.listed.of(match.issue), match, consents, leaf, mended(tree, self.name(match), leaf)
            )
            for leaf in failed
            for match in self.matches(tree, leaf)
        )

    def matches(self, tree: RunTree, leaf: Step) -> tuple[Match, ...]:
        return self.listed.matches(failure_of(tree, leaf, self.knowledge, self.log_lines))

    def name(self, match: Match) -> str:
        return self.listed.of(match.issue).name

    def consents(self) -> dict[str, MendConsent]:
        return {consent.issue: consent for consent in self.listed.lists.consents()}
