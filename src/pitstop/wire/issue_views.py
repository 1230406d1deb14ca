"""Known issues as faces show them: the publishers' entries, and what a failure may be."""

from __future__ import annotations

from datetime import datetime

from pitstop.wire.base import View


class MendView(View, frozen=True):
    """What mends an issue on the node where it failed. ``steps`` and ``verify``: names of what is done.

    ``consentBy``, ``consentAt``: who agreed to it beforehand, for whenever it is met; empty where nobody did.
    """

    says: str
    steps: tuple[str, ...]
    verify: tuple[str, ...]
    consent_by: str = ""
    consent_at: datetime | None = None


class IssueView(View, frozen=True):
    """One entry of a publisher's list. ``name``: the source's name, ``/`` and the entry's id. Texts are
    Markdown. ``applies``: to which releases, in words. ``occurrence``: Common or Rare."""

    name: str
    source: str
    id: str
    title: str
    applies: str
    occurrence: str
    symptom: str
    cause: str
    remediation: str
    fixed_in: str = ""
    link: str = ""
    mend: MendView | None = None


class EvidenceView(View, frozen=True):
    """One thing that speaks for an issue. ``place``: error, output, log, step, fact, or wording."""

    place: str
    text: str


class OfferView(View, frozen=True):
    """What a failure may be.

    ``likeness``: ``match`` (its publisher's signature holds) or ``related`` (only the wording is alike).
    ``index``, ``node``: of the step that failed; empty where no run is asked about. ``mend``: whether the
    issue's mend is offered; ``mended``: what became of the last one here: empty, under-way, succeeded,
    failed, or came-back (it helped, and the step has failed again).
    """

    issue: IssueView
    likeness: str
    score: float
    evidence: tuple[EvidenceView, ...]
    index: str = ""
    node: str = ""
    mend: bool = False
    mended: str = ""


class MendAsked(View, frozen=True):
    """Consent to the mend of an issue, by its name."""

    issue: str
