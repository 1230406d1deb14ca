"""What is kept of payloads after the install, and what goes: volumes first, then content nobody builds on.

A while after an update was installed (a setting, two weeks by default) its volumes go: they were only
carriers. The unpacked content of what the system runs now stays, for the next updates are made from it; that
of earlier families goes, unless a delta that lies here still begins at it. While a run is in progress nothing
goes at all: what it still needs is its own business.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitstop.model.errors import PitstopError
from pitstop.model.releases import ReleaseId
from pitstop.model.runs import OCCUPYING
from pitstop.model.system import Installed
from pitstop.model.updates import UpdateState
from pitstop.ports.clock import Clock
from pitstop.ports.payloads import KeptPayloads
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes payloads that have done their work.

    Attributes:
        keep: how long after its installation an update's payload stays.
    """

    knowledge: Knowledge
    payloads: KeptPayloads
    audited: Audited
    clock: Clock
    keep: timedelta

    def tidy(self) -> None:
        """Remove what is due. What cannot be removed is logged, and tried again the next time."""
        if any(run.state in OCCUPYING for run in self.knowledge.runs.runs()):
            return
        ledger = self.knowledge.ledger.installed()
        names = {release.id: release.name for release in self.knowledge.releases()}
        built_on = current(ledger)
        bases = set(self._bases(names.values()))
        for entry in due(ledger, self.clock.now(), self.keep):
            name = names.get(entry.release)
            if name is None:
                continue
            try:
                self._remove(name, content=entry.release not in built_on and name not in bases)
            except PitstopError as error:
                log.warning("the payload of %s stays: %s", name, error)

    def _bases(self, names: Iterable[str]) -> Iterable[str]:
        """The packages that deltas which lie here build on, of updates that have not been installed yet."""
        states = self.knowledge.catalogues.update_states()
        for name in names:
            if states.get(name) is not UpdateState.INSTALLED:
                yield from (delta.base for delta in self.payloads.deltas(name))

    def _remove(self, name: str, *, content: bool) -> None:
        if content and not self.payloads.is_discarded(name):
            with self.audited.act("pitstop", "remove payload", name, "retention"):
                self.payloads.discard(name)
        elif not content and self.payloads.has_volumes(name):
            with self.audited.act("pitstop", "remove payload volumes", name, "retention"):
                self.payloads.drop_volumes(name)


def due(ledger: Sequence[Installed], now: datetime, keep: timedelta) -> list[Installed]:
    """The newest entry of each release whose payload has been kept for long enough."""
    newest = {entry.release: entry for entry in ledger}
    return [entry for entry in newest.values() if now - entry.at >= keep]


def current(ledger: Sequence[Installed]) -> frozenset[ReleaseId]:
    """What the system runs now: of each product the last entry that opened a family, and all since; where
    none did, as with OEM packages, the last entry."""
    lines: dict[tuple[str, str], list[Installed]] = {}
    for entry in ledger:
        line = lines.setdefault((entry.release.publisher, entry.release.product), [])
        if entry.type.opens_family or not any(before.type.opens_family for before in line):
            line.clear()
        line.append(entry)
    return frozenset(entry.release for line in lines.values() for entry in line)
