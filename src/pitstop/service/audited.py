"""Every change is written to the audit log, with how it ended, whatever it ended with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.model.audit import AuditEntry
from pitstop.model.errors import PitstopError
from pitstop.ports.clock import Clock
from pitstop.ports.records import AuditLog


@dataclass(frozen=True, slots=True)
class Audited:
    """Guards and writes down what actors change."""

    log: AuditLog
    clock: Clock

    @contextmanager
    def change(self, actor: Actor, permission: Permission, what: str, subject: str) -> Iterator[None]:
        """Do a change inside: the actor's role is checked first; done, refused and broken are all written.

        Raises:
            NotPermitted: the role does not include it (this too is in the log).
        """
        try:
            actor.require(permission)
            yield
        except PitstopError as error:
            self.write(actor.name, what, subject, actor.origin, f"refused: {error.code}")
            raise
        except Exception as error:
            self.write(actor.name, what, subject, actor.origin, f"broke: {type(error).__name__}")
            raise
        self.write(actor.name, what, subject, actor.origin, "done")

    def write(self, who: str, what: str, subject: str, origin: str, outcome: str) -> None:
        self.log.audit(AuditEntry(self.clock.now(), who, what, subject, origin, outcome))
