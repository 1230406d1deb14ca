"""What the service remembers beside runs: catalogues, the ledger, declarations, alerts, accounts, audit log.

One adapter (:mod:`pitstop.store`) implements all of these on one database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pitstop.model.accounts import Account, Role
from pitstop.model.alerts import Alert
from pitstop.model.audit import AuditEntry
from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Catalogue
from pitstop.model.runs import Run
from pitstop.model.system import Installed
from pitstop.model.updates import UpdateState
from pitstop.policy.checklist import Item, Tick
from pitstop.policy.facts import HardwareContract
from pitstop.policy.windows import Blackout, MaintenanceWindow
from pitstop.ports.feeds import Source


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source stands: ``last_checked`` is the last *successful* check. ``declared``: the settings name
    it; one that they no longer name is not looked into, and what it said stays known."""

    source: Source
    last_checked: datetime | None = None
    finding: Finding | None = None
    declared: bool = True


class Catalogues(Protocol):
    def add_source(self, source: Source) -> None:
        """Raises Conflict when a source of this name is there."""

    def change_source(self, source: Source, *, declared: bool = True) -> None:
        """Keep a known source as it is declared now; what it said stays. Raises NotFound."""

    def sources(self) -> Sequence[SourceStatus]: ...

    def checked(
        self, source: str, catalogue: Catalogue, at: datetime, finding: Finding | None = None
    ) -> None:
        """Keep what a poll brought, and what was found wrong in it; updates that are new are Ready."""

    def check_failed(self, source: str, finding: Finding) -> None:
        """Keep why a poll failed; catalogue and ``last_checked`` stay."""

    def catalogues(self) -> Sequence[tuple[str, Catalogue]]:
        """Source name and newest catalogue, for each source that has one."""

    def update_states(self) -> Mapping[str, UpdateState]:
        """The stored state by update name."""

    def package_digests(self) -> Mapping[str, str]:
        """By update name, the digest of its package as it was first known; whatever is said later."""


class Ledger(Protocol):
    def adopt(self, baseline: Sequence[Installed]) -> None:
        """Write the baseline of a fresh system.

        Raises:
            Conflict: something is in the ledger already.
        """

    def installed(self) -> Sequence[Installed]:
        """Everything that went on, oldest first."""


class Runs(Protocol):
    """Heads of runs, for lists."""

    def runs(
        self, update: str | None = None, *, limit: int | None = None, before: str | None = None
    ) -> Sequence[Run]:
        """Newest first.

        Args:
            update: only those of this update.
            limit: so many at most.
            before: only those that began before the run of this id; none where there is no such run.
        """

    def run(self, run_id: str) -> Run:
        """The head alone: cheap, for those who watch. Raises NotFound."""


class Alerts(Protocol):
    """What is raised and closed. While a run is driven, what would only be noise is held back: see
    :mod:`pitstop.policy.alert_kinds`. It comes when it is seen again afterwards, or is released."""

    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]:
        """Newest first; those that are held back and those that are closed too, unless ``active_only``."""

    def alert(self, alert_id: str) -> Alert:
        """Raises NotFound."""

    def settle(self, source: str, findings: Sequence[Finding], at: datetime) -> None:
        """Exactly these hold now, of all that this source looks at: raise those that are new, refresh those
        that are known, close the others. Of a code and a subject there is one, the worst.

        Args:
            source: what looks, such as ``checks``; its first word is in the table of the kinds of alerts.
        """

    def raise_alert(self, finding: Finding, at: datetime) -> None:
        """What an event says: raise it, or refresh the open one of the same code and subject."""

    def close_alerts(self, code: str, subject: str, by: str, at: datetime) -> None:
        """Close what events raised of this code and subject; none is no harm."""

    def close_alert(self, alert_id: str, by: str, at: datetime, reason: str = "") -> Alert:
        """If its cause is seen again, another is raised. Raises NotFound; closing a closed one is no harm."""

    def release(self, quiet_since: datetime, at: datetime) -> None:
        """Raise what is still held back, if no run is driven and none has done anything since then."""

    def undecided(self) -> Sequence[Alert]:
        """Of failed runs, those of which it is not known yet how bad they are; oldest first."""

    def decide(self, alert_id: str, severity: Severity) -> None:
        """How bad it is; from now on channels are told of it. None that is open is no harm."""

    def raise_of_run(self, finding: Finding, update_name: str, at: datetime) -> None:
        """The newest run of this update is still failed: raise its alert again, if it was closed by hand a
        day ago or more."""

    def forget(self, before: datetime) -> None:
        """Remove what was closed before then."""


@dataclass(frozen=True, slots=True)
class MendConsent:
    """What was agreed to beforehand: that this issue's mend is done whenever it is met."""

    issue: str
    by: str
    at: datetime


class KnownIssueLists(Protocol):
    """What the publishers know goes wrong, and what the operator has agreed to."""

    def issue_lists(self) -> Sequence[tuple[str, bytes]]:
        """Source name and its newest list as it is signed, by name."""

    def keep_issue_list(self, source: str, content: bytes, at: datetime) -> None:
        """In place of the one before. Raises NotFound: there is no such source."""

    def consents(self) -> Sequence[MendConsent]:
        """By issue."""

    def consent(self, issue: str, by: str, at: datetime) -> None:
        """Agree to the mend of this issue for whenever it is met; again is no harm."""

    def withdraw_consent(self, issue: str) -> None:
        """None was given: no harm."""


class Checklists(Protocol):
    """``subject``: the name of an update before its run, the id of a run from then on."""

    def ticks(self, subject: str) -> Sequence[Tick]: ...

    def tick(self, subject: str, tick: Tick) -> None:
        """In place of one that was there of the same item."""

    def untick(self, subject: str, item: str) -> None:
        """That none was there is no harm."""

    def keep(self, run_id: str, items: Sequence[Item]) -> None:
        """How the list stood when the run began."""

    def kept(self, run_id: str) -> Sequence[Item]:
        """Empty where none was kept."""


class Accounts(Protocol):
    def accounts(self) -> Sequence[Account]: ...

    def add_account(self, name: str, role: Role, password_hash: str, at: datetime) -> None:
        """Raises Conflict when the name is taken."""

    def password_hash(self, name: str) -> str | None: ...

    def set_password_hash(self, name: str, password_hash: str) -> None:
        """Raises NotFound. Ends all the account's sessions."""

    def set_role(self, name: str, role: Role) -> None:
        """Raises NotFound. Ends all the account's sessions."""

    def remove_account(self, name: str) -> None:
        """Raises NotFound. Ends all the account's sessions."""

    def ever_signed_in(self) -> bool:
        """Whether any account that is there ever has."""

    def open_session(self, token_sha256: str, name: str, at: datetime, until: datetime) -> None: ...

    def session(self, token_sha256: str, at: datetime) -> Account | None:
        """The account that a session token (kept only as its digest) belongs to, while it lasts."""

    def close_session(self, token_sha256: str) -> None: ...


class AuditLog(Protocol):
    def audit(self, entry: AuditEntry) -> int:
        """Append; the entry's number. There is no way to change or remove an entry."""

    def entries(self, limit: int = 200) -> Sequence[AuditEntry]:
        """Newest first."""


@dataclass(frozen=True, slots=True)
class DeclaredFact:
    """A fact of the system that somebody recorded."""

    name: str
    value: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AcceptedRisk:
    """A risk of a catalogue that somebody accepted by its name, and why."""

    name: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeclaredContract:
    """What was recorded of the hardware support contract."""

    contract: HardwareContract
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeclaredTimes:
    """When work may be done. ``revision`` rises with each change; 0: never declared."""

    windows: tuple[MaintenanceWindow, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    revision: int = 0
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """All that was declared, as of one moment. ``contract`` is None while nothing is recorded."""

    facts: tuple[DeclaredFact, ...] = ()
    accepted_risks: tuple[AcceptedRisk, ...] = ()
    contract: DeclaredContract | None = None
    times: DeclaredTimes = DeclaredTimes()


class Declarations(Protocol):
    """What people say of the system that cannot be asked of it."""

    def declared(self) -> Declared:
        """Facts and risks by name, in alphabetical order."""

    def set_facts(self, values: Mapping[str, str | None], by: str, at: datetime) -> None:
        """Record these, forget those that are None, leave the others as they are: all or none."""

    def set_contract(self, contract: HardwareContract | None, by: str, at: datetime) -> None:
        """None: forget what was recorded."""

    def set_times(
        self,
        windows: Sequence[MaintenanceWindow],
        blackouts: Sequence[Blackout],
        by: str,
        at: datetime,
        *,
        expected: int | None = None,
    ) -> None:
        """Put these in place of all that was declared.

        Raises:
            Conflict: ``expected`` is not the revision any longer; nothing was changed.
        """

    def accept_risk(self, name: str, reason: str, by: str, at: datetime) -> None:
        """Again is no harm: the newest reason holds."""

    def revoke_risk(self, name: str) -> None:
        """Raises NotFound when it is not accepted."""
