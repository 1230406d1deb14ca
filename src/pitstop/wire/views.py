"""The read models: one set, shown alike by API (``/api/v1``), portal and command line (``--json``).

Built by :mod:`pitstop.service`. Instants are ISO 8601 in UTC, durations are seconds, sizes are bytes; names
are camelCase in JSON. Nothing in here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from pitstop.wire.base import View
from pitstop.wire.issue_views import OfferView


class FindingView(View, frozen=True):
    """One thing to know. ``severity``: Critical, Warning or Informational."""

    code: str
    severity: str
    subject: str
    what: str
    remedy: str
    impact: str = ""
    detail: str = ""
    links: tuple[str, ...] = ()
    runbook: str = ""


class ActionView(View, frozen=True):
    """Something that may be asked for now. ``verb``: of an update prepare, healthCheck, apply or rerun; of a
    run resume, stop, abort or cancel."""

    verb: str
    label: str
    says: str


class Range(View, frozen=True):
    """Between least and most seconds."""

    least: float
    most: float


class PortionView(View, frozen=True):
    """How far what is under way now has come: ``done`` of ``whole``, in bytes where bytes are carried.

    ``rate``: how many a second, over the last seconds; ``seconds_left``: at that rate. None: not known.
    """

    done: int
    whole: int
    percent: float
    rate: float | None = None
    seconds_left: float | None = None


class SupportView(View, frozen=True):
    """Whether the servicing policy supports the system. ``position``: N, N-1, N-2, N-3, ... or unknown;
    ``status``: supported, out-of-compliance or unknown; ``why``: in one sentence."""

    status: str
    position: str
    why: str
    newest_family: str
    current_family: str
    as_known_on: date | None
    findings: tuple[FindingView, ...] = ()


class NodeView(View, frozen=True):
    name: str
    address: str
    port: int
    roles: tuple[str, ...]
    fault_domain: str
    host_key: str


class PackageVersionView(View, frozen=True):
    """What is installed of one product. ``package_type``: Platform or OEM."""

    package_type: str
    publisher: str
    product: str
    version: str
    last_updated: datetime | None


class SystemView(View, frozen=True):
    """The system as a whole. ``state``: a name of the rule book's states of a system."""

    name: str
    location: str
    state: str
    hardware_family: str
    hardware_model: str
    current_version: str
    current_oem_version: str
    last_updated: datetime | None
    last_checked: datetime | None
    package_versions: tuple[PackageVersionView, ...]
    support: SupportView
    nodes: tuple[NodeView, ...]
    active_run: str | None
    findings: tuple[FindingView, ...] = ()


class UpdateView(View, frozen=True):
    """A release as this system sees it.

    ``state`` is what holds now; ``reasons`` say why it is not further; ``actions`` what may be asked for.
    """

    name: str
    title: str
    description: str
    publisher: str
    product: str
    version: str
    package_type: str
    family: str
    state: str
    reasons: tuple[FindingView, ...]
    actions: tuple[ActionView, ...]
    released: str
    installed: datetime | None
    size: int
    restarts_nodes: bool
    expected: Range | None
    min_version: str
    min_oem_version: str
    requires: tuple[str, ...]
    notes_link: str
    article_link: str
    support_address: str
    last_run: str | None
    percent: float | None = None
    progress: PortionView | None = None


class WaitingView(View, frozen=True):
    reason: str
    since: datetime
    until: datetime


class StepView(View, frozen=True):
    """A place in a run's tree. ``status``: pending, in-progress, waiting, succeeded or failed. ``output``: in
    a report the end alone, after a …, unless the step has failed.

    ``steps``: the places below a group; below a step (which has a ``kind``) its inner steps, such as the
    tasks of a playbook: in a report the last twenty. How they ended is their ``description``.

    ``expected``: the package's figure. ``usual``: what eight of ten have taken on this system; null where it
    was not timed here. ``late``: it goes on, and for longer than either by far. ``until``: then its first try
    is given up.
    """

    index: str
    name: str
    description: str
    status: str
    node: str | None
    kind: str | None
    started: datetime | None
    ended: datetime | None
    seconds: float | None
    expected: float | None
    attempt: int
    output: str
    found_done: bool
    waiting: WaitingView | None
    finding: FindingView | None
    steps: tuple[StepView, ...] = ()
    usual: Range | None = None
    late: bool = False
    until: datetime | None = None


def places(steps: Sequence[StepView]) -> Iterator[StepView]:
    """All places below these and themselves, in tree order, inner steps too."""
    for step in steps:
        yield step
        yield from places(step.steps)


def leaves(steps: Sequence[StepView]) -> Iterator[StepView]:
    """The places that do something, in tree order, without their inner steps."""
    for step in steps:
        if step.kind is None and step.steps:
            yield from leaves(step.steps)
        else:
            yield step


class RunView(View, frozen=True):
    """The head of a run.

    ``state``: in-progress, stopping, stopped, undoing, undo-failed, mending, cancelling, cancelled, aborted,
    failed or succeeded. ``goes_on``: of a stopped run, when it goes on by itself. ``with_updates``: the
    hotfixes that go on in the same run.
    """

    id: str
    update: str
    title: str
    purpose: str
    state: str
    phase: str
    attempt: int
    revision: int
    from_version: str
    to_version: str
    requested_by: str
    started: datetime
    ended: datetime | None
    seconds: float
    finding: FindingView | None
    actions: tuple[ActionView, ...]
    windows: str = "none"
    goes_on: datetime | None = None
    with_updates: tuple[str, ...] = ()

    @property
    def is_going_on(self) -> bool:
        """Whether a worker drives it: it changes by itself."""
        return self.state in GOING_ON


GOING_ON = frozenset({"in-progress", "stopping", "undoing", "cancelling", "mending"})
"""The states of a run that a worker drives."""


class RunAsked(View, frozen=True):
    """How something is asked of a run.

    ``reason`` is kept in its history. ``now``: what is under way is ended, not waited for.
    """

    reason: str = ""
    now: bool = False


class RunReport(View, frozen=True):
    """A run with its tree, as far as it has come. ``remaining``: until it has ended, or stands still at a
    safe point; in eight of ten cases it lies between. ``next``: the step that is begun when those of ``now``
    are done, in words. ``issues``: the known issues that the failed steps may be, step by step, likeliest
    first."""

    run: RunView
    percent: float
    steps_done: int
    steps_all: int
    remaining: Range | None
    now: tuple[str, ...]
    nodes_out_of_service: tuple[str, ...]
    steps: tuple[StepView, ...]
    progress: PortionView | None = None
    next: str = ""
    no_return: str = ""
    issues: tuple[OfferView, ...] = ()


class RehearsedStep(View, frozen=True):
    """A place of a run that has not begun. Seconds. ``expected``: as its steps say. ``usual``: what eight of
    ten have taken on this system; null where it was not timed here.

    ``way_back``: by which kinds of step it would be taken back; ``none``: it cannot be. ``found``: what its
    node said when it was asked: done, to do, passed, failed, refused (it would fail as it is) or cannot say;
    empty where it was not.
    """

    index: str
    name: str
    description: str
    mode: str
    kind: str
    node: str
    expected: float
    deadline: float | None
    way_back: str
    found: str
    says: str
    steps: tuple[RehearsedStep, ...] = ()
    usual: Range | None = None


class LeftOutView(View, frozen=True):
    """An item of the plan that is not done here, because of what a fact says."""

    item: str
    node: str | None
    why: str


class RehearsalView(View, frozen=True):
    """What installing an update would do, before it is begun. ``expected``: seconds, as its steps say.
    ``usual``: by what was timed on this system, and by the steps' figures for the rest; null where nothing
    was timed.
    """

    update: str
    title: str
    to_version: str
    with_updates: tuple[str, ...]
    nodes: tuple[str, ...]
    expected: float
    no_return: str
    left_out: tuple[LeftOutView, ...]
    steps: tuple[RehearsedStep, ...]
    usual: Range | None = None


class EventView(View, frozen=True):
    """An entry of a run's journal."""

    sequence: int
    at: datetime
    epoch: int
    kind: str
    index: str | None
    text: str


class HandedFileView(View, frozen=True):
    """A file of an upload: its path in what is handed over, its bytes, and how many of them are here."""

    name: str
    size: int
    received: int


class ImportedSourceView(View, frozen=True):
    """What a publisher's part did for a source. ``standing``: newer, same or older than what was known."""

    source: str
    standing: str
    made: datetime | None


class ImportedPackageView(View, frozen=True):
    """A package of which something was handed over. ``missing``: its volumes that are still not here."""

    name: str
    missing: tuple[str, ...]


class ImportView(View, frozen=True):
    """Files that were handed over. ``state``: receiving, waiting, importing, succeeded or failed;
    ``handed``: uploaded, by-path, watched (folder) or bucket; ``kept``: uploaded files are still here."""

    id: str
    name: str
    by: str
    handed: str
    path: str
    state: str
    created: datetime
    ended: datetime | None
    files: tuple[HandedFileView, ...]
    sources: tuple[ImportedSourceView, ...]
    packages: tuple[ImportedPackageView, ...]
    findings: tuple[FindingView, ...]
    kept: bool
    progress: PortionView | None = None


class NewFile(View, frozen=True):
    """A file that is to be uploaded: its path in what is handed over, with slashes, and its bytes."""

    name: str
    size: int


class NewImport(View, frozen=True):
    """What beginning an import sends: files that will be uploaded, or a place on the service's machine.
    ``name``: what people call it; by default what the path ends with."""

    name: str = ""
    files: tuple[NewFile, ...] = ()
    path: str = ""


class SourceView(View, frozen=True):
    """A publisher's feed. ``connected``: it is polled; else what it publishes comes on media, and
    ``last_checked`` says of when the newest of them was. ``declared``: the settings name it; one that they
    no longer name is switched off."""

    name: str
    publisher: str
    kind: str
    url: str
    types: tuple[str, ...]
    last_checked: datetime | None
    finding: FindingView | None
    mirrors: tuple[str, ...] = ()
    connected: bool = True
    declared: bool = True


class AccountView(View, frozen=True):
    name: str
    role: str
    created: datetime


class AuditView(View, frozen=True):
    at: datetime
    who: str
    what: str
    subject: str
    origin: str
    outcome: str


class SignIn(View, frozen=True):
    """What a sign-in sends."""

    name: str
    password: str


class Session(View, frozen=True):
    """What a sign-in answers: a bearer token that is shown this once, and until when it holds."""

    token: str
    name: str
    role: str
    until: datetime


class WhoAmI(View, frozen=True):
    """Whose session this is."""

    name: str
    role: str
    origin: str


class NewAccount(View, frozen=True):
    """What adding an account sends. ``role``: reader, operator, administrator or support."""

    name: str
    role: str
    password: str


class PasswordChange(View, frozen=True):
    """What changing one's own password sends."""

    old: str
    new: str


class Problem(View, frozen=True):
    """An error of ``/api/v1`` (RFC 9457): ``code`` is stable, ``hint`` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    findings: tuple[FindingView, ...] = ()
