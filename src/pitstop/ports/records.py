"""What the service remembers beside runs: catalogues, the ledger, alerts, accounts, the audit log.

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
from pitstop.model.findings import Finding
from pitstop.model.releases import Catalogue
from pitstop.model.runs import Run
from pitstop.model.system import Installed
from pitstop.model.updates import UpdateState
from pitstop.ports.feeds import Source


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source stands: ``last_checked`` is the last *successful* check."""

    source: Source
    last_checked: datetime | None = None
    finding: Finding | None = None


class Catalogues(Protocol):
    def add_source(self, source: Source) -> None:
        """Raises Conflict when a source of this name is there."""

    def sources(self) -> Sequence[SourceStatus]: ...

    def checked(self, source: str, catalogue: Catalogue, at: datetime) -> None:
        """Keep what a poll brought; updates that are new are Ready."""

    def check_failed(self, source: str, finding: Finding) -> None:
        """Keep why a poll failed; catalogue and ``last_checked`` stay."""

    def catalogues(self) -> Sequence[tuple[str, Catalogue]]:
        """Source name and newest catalogue, for each source that has one."""

    def update_states(self) -> Mapping[str, UpdateState]:
        """The stored state by update name."""


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

    def runs(self, update: str | None = None) -> Sequence[Run]:
        """Newest first."""

    def run(self, run_id: str) -> Run:
        """The head alone: cheap, for those who watch. Raises NotFound."""


class Alerts(Protocol):
    def alerts(self, *, active_only: bool = False) -> Sequence[Alert]:
        """Newest first."""

    def raise_alert(self, finding: Finding, at: datetime) -> None:
        """Raise it, or refresh the active one of the same code and subject."""

    def close_alerts(self, code: str, subject: str, by: str, at: datetime) -> None:
        """Close the active alerts of this code and subject; none is no harm."""

    def close_alert(self, alert_id: str, by: str, at: datetime) -> Alert:
        """Raises NotFound; closing a closed one is no harm."""


class Accounts(Protocol):
    def accounts(self) -> Sequence[Account]: ...

    def add_account(self, name: str, role: Role, password_hash: str, at: datetime) -> None:
        """Raises Conflict when the name is taken."""

    def password_hash(self, name: str) -> str | None: ...

    def set_password_hash(self, name: str, password_hash: str) -> None:
        """Raises NotFound. Ends all the account's sessions."""

    def open_session(self, token_sha256: str, name: str, at: datetime, until: datetime) -> None: ...

    def session(self, token_sha256: str, at: datetime) -> Account | None:
        """The account that a session token (kept only as its digest) belongs to, while it lasts."""

    def close_session(self, token_sha256: str) -> None: ...


class AuditLog(Protocol):
    def audit(self, entry: AuditEntry) -> None:
        """Append. There is no way to change or remove an entry."""

    def entries(self, limit: int = 200) -> Sequence[AuditEntry]:
        """Newest first."""
