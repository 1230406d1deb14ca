"""The publishers' lists together: read once, kept ready to be held against failures, and shown."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pitstop.model.errors import NotFound
from pitstop.model.known_issues import Applicable, Failure, KnownIssue, Match
from pitstop.model.mending import Mended
from pitstop.model.runs import Step
from pitstop.package.known_issues_format import read_known_issues
from pitstop.policy.known_issues.matching import Matcher
from pitstop.ports.records import KnownIssueLists, MendConsent
from pitstop.wire.issue_views import EvidenceView, IssueView, MendView, OfferView

SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class Listed:
    """An issue and the source that lists it."""

    source: str
    issue: KnownIssue

    @property
    def name(self) -> str:
        return f"{self.source}{SEPARATOR}{self.issue.id}"


@dataclass(slots=True)
class ListedIssues:
    """All issues of all sources, in the order in which their publishers list them."""

    lists: KnownIssueLists
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _raw: Sequence[tuple[str, bytes]] | None = None
    _all: tuple[Listed, ...] = ()
    _matcher: Matcher | None = None

    def all(self) -> tuple[Listed, ...]:
        self._up_to_date()
        return self._all

    def named(self, name: str) -> Listed:
        """By its name, or by its id alone where that says which.

        Raises:
            NotFound: there is none, or several.
        """
        found = [item for item in self.all() if name in (item.name, item.issue.id)]
        if len(found) != 1:
            several = f"several issues are called {name!r}: {', '.join(item.name for item in found)}"
            raise NotFound(
                several if found else f"there is no known issue {name!r}",
                hint="`pitstop issue list` lists them.",
            )
        return found[0]

    def of(self, issue: KnownIssue) -> Listed:
        return next(item for item in self._all if item.issue is issue)

    def matches(self, failure: Failure) -> tuple[Match, ...]:
        """What this failure may be, likeliest first."""
        return self._up_to_date().matches(failure)

    def _up_to_date(self) -> Matcher:
        with self._turn:
            raw = self.lists.issue_lists()
            if self._matcher is None or raw != self._raw:
                self._all = tuple(
                    Listed(source, issue)
                    for source, content in raw
                    for issue in read_known_issues(content).issues
                )
                self._matcher = Matcher([item.issue for item in self._all])
                self._raw = raw
            return self._matcher


def issue_view(item: Listed, consents: Mapping[str, MendConsent]) -> IssueView:
    issue = item.issue
    return IssueView(
        name=item.name,
        source=item.source,
        id=issue.id,
        title=issue.title,
        applies=applies_words(issue.applicable),
        occurrence=issue.occurrence.value,
        symptom=issue.symptom,
        cause=issue.cause,
        remediation=issue.remediation,
        fixed_in=issue.fixed_in or "",
        link=issue.link,
        mend=_mend_view(item, consents.get(item.name)),
    )


def _mend_view(item: Listed, consent: MendConsent | None) -> MendView | None:
    mend = item.issue.mend
    if mend is None:
        return None
    return MendView(
        says=mend.says,
        steps=tuple(step.name for step in mend.steps),
        verify=tuple(step.name for step in mend.verify),
        consent_by=consent.by if consent else "",
        consent_at=consent.at if consent else None,
    )


def offer_view(
    item: Listed,
    match: Match,
    consents: Mapping[str, MendConsent],
    leaf: Step | None = None,
    mended: Mended = Mended.NOT_YET,
) -> OfferView:
    node = leaf.node or "" if leaf is not None else ""
    return OfferView(
        issue=issue_view(item, consents),
        likeness=match.likeness,
        score=match.score,
        evidence=tuple(EvidenceView(place=each.place, text=each.text) for each in match.evidence),
        index=leaf.index if leaf is not None else "",
        node=node,
        mend=match.mend and (leaf is None or bool(node)),
        mended=mended,
    )


def applies_words(to: Applicable) -> str:
    """To which releases an issue applies, in words."""
    if to.all_supported:
        return "All supported releases"
    families = f"families {', '.join(to.families)}" if to.families else ""
    builds = f"builds {', '.join(to.builds)}" if to.builds else ""
    words = " and ".join(filter(None, (families, builds)))
    return words[:1].upper() + words[1:]
