"""The read models of support cases."""

from __future__ import annotations

from datetime import datetime

from pitstop.wire.alert_views import AlertView
from pitstop.wire.base import View
from pitstop.wire.policy_views import SupportReport
from pitstop.wire.views import FindingView, RunView, SystemView


class ContactView(View, frozen=True):
    """Whom to ask. ``party``: platform, oem or service-provider; ``asks``: what for: deployment, update,
    hardware; ``until``: the last day of what this system is entitled to there, "" where that is not recorded.
    """

    name: str
    party: str
    asks: tuple[str, ...]
    phone: str = ""
    mail: str = ""
    url: str = ""
    hours: str = ""
    number: str = ""
    until: str = ""


class CaseEntryView(View, frozen=True):
    """Something that was said; ``theirs``: by the other side."""

    at: datetime
    by: str
    text: str
    theirs: bool


class CaseFileView(View, frozen=True):
    """``state``: making, ready or failed; ``logs``: the id of the bundle that is in it."""

    state: str
    name: str
    logs: str
    made: datetime | None
    size: int
    sha256: str
    finding: FindingView | None


class CaseView(View, frozen=True):
    """A case. ``impact``: A, B or C; ``state``: open (their turn), answered (ours) or closed; ``reference``:
    what the other side calls it; ``entries``: empty in lists."""

    number: int
    title: str
    impact: str
    text: str
    contact: str
    state: str
    opened: datetime
    opened_by: str
    since: datetime
    until: datetime
    run: str | None
    reference: str
    closed: datetime | None
    file: CaseFileView
    entries: tuple[CaseEntryView, ...] = ()


class CaseOffer(View, frozen=True):
    """What may be chosen, and what the policy entitles to: ``help`` is full, updating-only, none or unknown,
    ``says`` the same in a sentence."""

    contacts: tuple[ContactView, ...]
    help: str
    says: str
    runs: tuple[RunView, ...]


class NewCase(View, frozen=True):
    """``hours``: the span, before now or before the run's end; by default four, with a run from before its
    begin."""

    title: str
    impact: str
    text: str
    contact: str = ""
    run: str | None = None
    hours: float | None = None


class CaseWord(View, frozen=True):
    """``theirs``: the other side said it; ``reference``: what they call the case, where that is new."""

    text: str
    theirs: bool = False
    reference: str = ""


class CaseKeyView(View, frozen=True):
    """The public key that the files of this system's cases are checked with."""

    pem: str
    fingerprint: str


class CaseDocument(View, frozen=True):
    """``case.json`` of a file: what programs on the other side read."""

    case: CaseView
    contact: ContactView | None
    help: str
    system: SystemView
    support: SupportReport
    alerts: tuple[AlertView, ...]
    runs: tuple[RunView, ...]
