"""What an alert of a failed run says of the known issue that it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pitstop.model.mending import Mended
from pitstop.policy.alerting import steps_of
from pitstop.ports.alert_channels import Link
from pitstop.wire.issue_views import OfferView

_WORDS = {"match": "It is a known issue", "related": "It is perhaps related to a known issue"}


def best_of(offers: Sequence[OfferView]) -> OfferView | None:
    """Of what is offered for the failed steps, the likeliest: a match before what only reads alike."""
    return max(offers, key=lambda offer: (offer.likeness == "match", offer.score), default=None)


def issue_steps(offer: OfferView, run_id: str) -> Iterator[str]:
    """What it is, and what to do about it first. Nothing where its mend has been done: the run goes on."""
    if offer.mended == Mended.SUCCEEDED:
        return
    issue = offer.issue
    yield f"{_WORDS[offer.likeness]}: {issue.title}. To read all of it: pitstop issue show {issue.name}"
    if offer.mend and offer.mended == Mended.NOT_YET:
        yield f"Have it mended, on the run's page or with: pitstop run mend {run_id} --issue {issue.name}"
    else:
        yield from steps_of(issue.remediation)[:1]


def issue_link(offer: OfferView, offers: Sequence[OfferView], run_id: str) -> Link:
    """To where the run's page tells of it, next to the step that failed."""
    there = [other for other in offers if other.index == offer.index]
    place = f"issue-{offer.index}-{there.index(offer) + 1}"
    return Link(f"Known issue: {offer.issue.title}", f"/runs/{run_id}#{place}")
