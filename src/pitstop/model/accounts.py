"""Who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pitstop.model.errors import NotPermitted


class Role(StrEnum):
    """Reader sees; operator imports, installs, resumes, closes alerts; administrator manages sources, keys,
    users, settings; support collects and reads logs and cases only."""

    READER = "reader"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    SUPPORT = "support"


class Permission(StrEnum):
    SEE = "see the system"
    OPERATE = "change updates and alerts"
    ADMINISTER = "change sources, users and settings"
    READ_LOGS = "read logs and cases"
    COLLECT_LOGS = "collect and send logs"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.READER: frozenset({Permission.SEE}),
    Role.OPERATOR: frozenset(
        {Permission.SEE, Permission.OPERATE, Permission.READ_LOGS, Permission.COLLECT_LOGS}
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.SUPPORT: frozenset({Permission.READ_LOGS, Permission.COLLECT_LOGS}),
}
"""The one table of who may do what."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    role: Role
    created: datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and from where: what the audit log writes down.

    Attributes:
        origin: the face and address, such as ``portal 127.0.0.1``.
    """

    name: str
    role: Role
    origin: str

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted when the role does not include it."""
        if permission not in GRANTS[self.role]:
            holders = ", ".join(role for role, grants in GRANTS.items() if permission in grants)
            raise NotPermitted(
                f"{self.name} is {self.role} and may not {permission}", hint=f"These roles may: {holders}."
            )
