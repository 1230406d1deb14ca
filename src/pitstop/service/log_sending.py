"""Sending log bundles to the places that the settings name, in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import RLock

from pitstop.model.errors import Conflict, NotFound, PitstopError
from pitstop.model.findings import Finding, Severity
from pitstop.model.logs import Bundle, BundleState, Sent, Why
from pitstop.ports.jobs import Jobs
from pitstop.ports.logs import Shelf, Target
from pitstop.ports.records import Alerts
from pitstop.service.audited import Audited

log = logging.getLogger(__name__)

SEND = "send-logs"
"""The job that sends a bundle; its key is the bundle's id, a slash, and the target's name."""

NOT_SENT = "logs-not-sent"


@dataclass(frozen=True, slots=True)
class LogSending:
    """Remembers with the bundle what was sent where.

    Attributes:
        changing: held by whoever changes the record of a bundle.
    """

    shelf: Shelf
    targets: Sequence[Target]
    jobs: Jobs
    alerts: Alerts
    audited: Audited
    changing: RLock = field(default_factory=RLock)

    def require_ready(self, bundle: Bundle) -> None:
        """Raises Conflict: there is no file."""
        if bundle.state is not BundleState.READY:
            raise Conflict(
                f"log bundle {bundle.id} is {bundle.state}: it has no file", hint="Wait until it is ready."
            )

    def begin(self, bundle: Bundle, target: str, by: str) -> Bundle:
        """Have it sent. Raises NotFound: there is no such target; Conflict: it is not ready, or under way."""
        self._target(target)
        self.require_ready(bundle)
        if any(sent.target == target and sent.done is None for sent in bundle.sent):
            raise Conflict(
                f"log bundle {bundle.id} is on its way to {target}", hint="Wait until it is there."
            )
        begun = replace(bundle, sent=(*bundle.sent, Sent(target, by, self.audited.clock.now())))
        self.shelf.put(begun)
        self.jobs.submit(SEND, f"{bundle.id}/{target}")
        return begun

    def begin_automatic(self, bundle: Bundle) -> None:
        """Have it sent wherever what was collected by itself is to go."""
        for target in self.targets:
            if target.automatic:
                bundle = self.begin(bundle, target.name, "pitstop")

    def unfinished(self) -> tuple[str, ...]:
        """The keys of what is still to be sent."""
        return tuple(
            f"{bundle.id}/{sent.target}"
            for bundle in self.shelf.all()
            for sent in bundle.sent
            if sent.done is None
        )

    async def work(self, key: str) -> None:
        """The job. Whatever it ends with is written down, and never raised."""
        bundle_id, _, name = key.partition("/")
        try:
            bundle = self.shelf.get(bundle_id)
        except NotFound as error:
            log.info("it is not sent: %s", error)
            return
        if not any(sent.target == name and sent.done is None for sent in bundle.sent):
            return
        finding: Finding | None = None
        try:
            target = self._target(name)
            place = await target.send(self.shelf.file(bundle), bundle.file_name, _silent)
        except PitstopError as error:
            finding, place = _not_sent(bundle, name, error), ""
        except Exception as error:
            log.exception("sending log bundle %s to %s broke", bundle_id, name)
            broken = PitstopError(f"it broke: {type(error).__name__}: {error}")
            finding, place = _not_sent(bundle, name, broken), ""
        await asyncio.to_thread(self._ended, bundle_id, name, place, finding)

    def _ended(self, bundle_id: str, target: str, place: str, finding: Finding | None) -> None:
        now = self.audited.clock.now()
        with self.changing:
            try:
                bundle = self.shelf.get(bundle_id)
            except NotFound:
                return
            sent = tuple(
                replace(one, done=now, place=place, finding=finding)
                if one.target == target and one.done is None
                else one
                for one in bundle.sent
            )
            self.shelf.put(replace(bundle, sent=sent))
        if finding is None:
            self.alerts.close_alerts(NOT_SENT, _subject(bundle, target), "pitstop", now)
        elif bundle.why is Why.RUN_FAILED:
            self.alerts.raise_alert(finding, now)

    def _target(self, name: str) -> Target:
        for target in self.targets:
            if target.name == name:
                return target
        known = (
            ", ".join(target.name for target in self.targets) or "none: see `log_target` in docs/settings.md"
        )
        raise NotFound(f"there is no target {name!r}", hint=f"The settings name {known}.")


def _silent(_done: int, _whole: int) -> None:
    """Nobody watches."""


def _not_sent(bundle: Bundle, target: str, error: PitstopError) -> Finding:
    return Finding(
        NOT_SENT,
        Severity.WARNING,
        _subject(bundle, target),
        f"They were not sent to {target}: {error.message}",
        error.hint,
        impact="The bundle is still here: send it again, or save it as a file.",
    )


def _subject(bundle: Bundle, target: str) -> str:
    return f"logs {bundle.id} for {target}"
