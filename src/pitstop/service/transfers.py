"""What a system asks of a transfer: what is installed, what is known, what is held already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import NotFound, PitstopError
from pitstop.ports.media import Media
from pitstop.ports.payloads import PayloadStore
from pitstop.service.facts import Knowledge
from pitstop.service.sources import SourcesService
from pitstop.steps.download import is_right
from pitstop.wire.transfers import (
    REQUEST_FORMAT,
    HeldPackage,
    InstalledEntry,
    KnownSource,
    SignedVersionsView,
    TransferRequest,
)


@dataclass(frozen=True, slots=True)
class TransfersService:
    """Implements :class:`pitstop.service.desk.TransfersDesk`."""

    knowledge: Knowledge
    sources: SourcesService
    media: Media
    payloads: PayloadStore

    def request(self, actor: Actor) -> TransferRequest:
        """Reads the volumes that are here, to say only what is whole. Blocks."""
        actor.require(Permission.SEE)
        facts = self.knowledge.facts()
        system = self.knowledge.system
        return TransferRequest(
            format=REQUEST_FORMAT,
            created=facts.at,
            system=system.name,
            location=system.location,
            hardware_family=system.hardware_family,
            hardware_model=system.hardware_model,
            nodes=len(system.nodes),
            facts=dict(facts.facts),
            content=tuple(sorted(facts.content)),
            accepted_risks=tuple(sorted(facts.accepted_risks)),
            overrides=tuple(sorted(facts.overrides)),
            installed=tuple(
                InstalledEntry(
                    publisher=entry.release.publisher,
                    product=entry.release.product,
                    version=str(entry.release.version),
                    package_type=entry.type,
                    family=entry.family,
                    at=entry.at,
                    by=entry.by,
                )
                for entry in facts.installed
            ),
            states={name: str(state) for name, state in facts.states.items()},
            sources=tuple(self._sources()),
            packages=tuple(self._packages()),
        )

    def _sources(self) -> Iterator[KnownSource]:
        for status in self.sources.statuses():
            source = status.source
            seen = self.media.versions(source)
            signed = None
            if seen is not None:
                signed = SignedVersionsView(
                    root=seen.root, timestamp=seen.timestamp, snapshot=seen.snapshot, targets=seen.targets
                )
            yield KnownSource(
                name=source.name,
                publisher=source.publisher,
                kind=source.kind,
                types=tuple(sorted(source.types)),
                url=source.url,
                last_checked=status.last_checked,
                signed=signed,
            )

    def _packages(self) -> Iterator[HeldPackage]:
        for release in self.knowledge.releases():
            held = self._held(release.name)
            if held is not None:
                yield held

    def _held(self, name: str) -> HeldPackage | None:
        """What is here of a package; None: nothing. What is damaged counts as not here."""
        try:
            metadata = self.payloads.metadata(name)
            content = not self.payloads.missing_content(name)
            volumes = [
                volume.name
                for volume in metadata.volumes
                if is_right(self.payloads.volume(name, volume.name), volume)
            ]
        except NotFound:
            return None
        except PitstopError:
            return HeldPackage(name=name, documents=False, content=False, volumes=())
        return HeldPackage(name=name, documents=True, content=content, volumes=tuple(volumes))
