"""Known issues as lines: one in full, and what a failure may be with what speaks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pitstop.cli.output import clean, field, paint
from pitstop.wire.formats import Tone, instant
from pitstop.wire.issue_views import IssueView, OfferView

LIKENESS = {"match": "Known issue", "related": "Perhaps related, by its wording alone"}
MENDED = {
    "under-way": "its mend is being done",
    "succeeded": "it was mended: resume the run",
    "failed": "its mend has failed, see the step",
    "came-back": "it was mended, and has come back",
}
_LABEL = 10


def issue_lines(issue: IssueView) -> Iterator[str]:
    """One issue in full."""
    yield f"{issue.name}: {clean(issue.title)}"
    yield from _labelled(
        "applies to", issue.applies + (f", fixed in {issue.fixed_in}" if issue.fixed_in else "")
    )
    yield from _labelled("met", issue.occurrence)
    yield from _labelled("symptom", issue.symptom)
    yield from _told(issue)
    if issue.link:
        yield from _labelled("more", issue.link)
    mend = issue.mend
    if mend is not None:
        yield from _labelled("mend", mend.says)
        yield from _labelled("does", ", then ".join((*mend.steps, *mend.verify)))
        if mend.consent_by:
            when = instant(mend.consent_at) if mend.consent_at else ""
            yield from _labelled("agreed", f"by {mend.consent_by}, {when}: it is done whenever it is met")


def offers_lines(offers: Sequence[OfferView], run: str = "") -> Iterator[str]:
    """What a failure may be, likeliest first. ``run``: the run that it is of, for the commands to give."""
    for offer in offers:
        tone = Tone.WARN if offer.likeness == "match" else Tone.CALM
        head = paint(LIKENESS.get(offer.likeness, offer.likeness), tone)
        yield f"{head}: {offer.issue.name}, {clean(offer.issue.title)}"
        for item in offer.evidence:
            yield from _labelled(item.place, clean(item.text))
        yield from _told(offer.issue)
        if offer.mended:
            yield from _labelled("mended", MENDED.get(offer.mended, offer.mended))
        if offer.mend and offer.issue.mend is not None and offer.mended != "succeeded":
            yield from _labelled("mend", offer.issue.mend.says)
            if run and offer.mended != "under-way":
                yield from _labelled("to mend", f"pitstop run mend {run} --issue {offer.issue.name}")


def _told(issue: IssueView) -> Iterator[str]:
    yield from _labelled("cause", issue.cause)
    yield from _labelled("remedy", issue.remediation)


def _labelled(label: str, text: str) -> list[str]:
    return field(label, clean(" ".join(text.split())), label=_LABEL)
