"""What updates need of room, worked out from what of them is here already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pitstop.model.errors import PitstopError
from pitstop.model.releases import Release
from pitstop.policy.applicability import applicabilities
from pitstop.ports.checks import Need
from pitstop.ports.payloads import PayloadStore
from pitstop.service.facts import Knowledge


@dataclass(frozen=True, slots=True)
class UpdateNeeds:
    knowledge: Knowledge
    payloads: PayloadStore

    def of(self, update: str | None = None) -> Sequence[Need]:
        """Of this update; None: of all that may go on next."""
        verdicts = applicabilities(self.knowledge.graph(), self.knowledge.facts())
        if update is not None:
            wanted = [verdicts[update].release] if update in verdicts else []
        else:
            wanted = [verdict.release for verdict in verdicts.values() if verdict.may_begin]
        return [self._need(release) for release in wanted]

    def _need(self, release: Release) -> Need:
        name = release.name
        try:
            volumes = self.payloads.metadata(name).volumes
            missing = sum(file.size for file in self.payloads.missing_content(name))
            on_nodes = self.payloads.manifest(name).size
        except PitstopError:
            return Need(name, release.size or 0, release.size or 0, None)
        if not missing:
            return Need(name, 0, 0, on_nodes)
        here = sum(volume.size for volume in volumes if self._is_here(name, volume.name))
        return Need(name, sum(volume.size for volume in volumes) - here, missing, on_nodes)

    def _is_here(self, package: str, volume: str) -> bool:
        return self.payloads.volume(package, volume).exists()
