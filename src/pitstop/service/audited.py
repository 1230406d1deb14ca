"""Every change is written to the audit log, whatever it ends with.

That it has begun is written before anything is changed: what cannot be written down is not done. How it
ended is a second entry, which completes the first; where that one cannot be written (the disk is full), the
first stays and says that something was begun, and the service's log says the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pitstop.model.accounts import Actor, Permission
from pitstop.model.audit import BEGUN, AuditEntry
from pitstop.model.errors import PitstopError
from pitstop.ports.clock import Clock
from pitstop.ports.records import AuditLog

log = logging.getLogger(__name__)

DONE = "done"


@dataclass(frozen=True, slots=True)
class Audited:
    """Guards and writes down what actors change."""

    log: AuditLog
    clock: Clock

    @contextmanager
    def change(self, actor: Actor, permission: Permission, what: str, subject: str) -> Iterator[None]:
        """Do a change inside, if the actor's role includes it; done, refused and broken are all written.

        Raises:
            NotPermitted: it does not (this too is in the log).
            NoSpace, Conflict, StateUnusable: the log cannot be written; nothing was changed.
        """
        try:
            actor.require(permission)
        except PitstopError as error:
            self._end(self._entry(actor.name, what, subject, actor.origin, _outcome(error)))
            raise
        with self.act(actor.name, what, subject, actor.origin):
            yield

    @contextmanager
    def act(self, who: str, what: str, subject: str, origin: str) -> Iterator[None]:
        """Do inside what needs no permission, such as what is done on the machine itself.

        Raises:
            NoSpace, Conflict, StateUnusable: the log cannot be written; nothing was done.
        """
        entry = self._entry(who, what, subject, origin, BEGUN)
        number = self.log.audit(entry)
        outcome = DONE
        try:
            yield
        except BaseException as error:
            outcome = _outcome(error)
            raise
        finally:
            self._end(replace(entry, at=self.clock.now(), outcome=outcome, completes=number))

    def done(self, who: str, what: str, subject: str, origin: str) -> None:
        """Write down what the service has done by itself."""
        self._end(self._entry(who, what, subject, origin, DONE))

    def refused(self, who: str, what: str, subject: str, origin: str, why: str) -> None:
        """Write down what was asked for and not done."""
        self._end(self._entry(who, what, subject, origin, f"refused: {why}"))

    def _entry(self, who: str, what: str, subject: str, origin: str, outcome: str) -> AuditEntry:
        return AuditEntry(self.clock.now(), who, what, subject, origin, outcome)

    def _end(self, entry: AuditEntry) -> None:
        """What has happened has happened: that it cannot be written down must not say something else."""
        try:
            self.log.audit(entry)
        except Exception:
            log.exception("this cannot be written to the audit log: %s", entry)


def _outcome(error: BaseException) -> str:
    if isinstance(error, PitstopError):
        return f"refused: {error.code}"
    return f"broke: {type(error).__name__}"
