"""Adopting a fresh system: its baseline is declared once, and the nodes must say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import Conflict, InvalidInput, NotAllowed, NotFound
from pitstop.model.releases import Release
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.versions import Version
from pitstop.ports.installed import InstalledVersions
from pitstop.ports.records import Ledger
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge


@dataclass(frozen=True, slots=True)
class Adoption:
    """Writes the first entries of the ledger."""

    ledger: Ledger
    knowledge: Knowledge
    versions: InstalledVersions
    audited: Audited

    def adopt(self, actor: Actor, baseline: Mapping[str, str]) -> None:
        """Take ``baseline`` (product → version) as what is installed, if every node says so. Blocks.

        Raises:
            NotPermitted, InvalidInput, InvalidVersion, NotFound (no source has that release), Conflict (the
            system was adopted before), NotAllowed (a node says otherwise), Unreachable.
        """
        said = ", ".join(f"{product} {version}" for product, version in sorted(baseline.items()))
        with self.audited.change(actor, Permission.ADMINISTER, "adopt the system", said or "nothing"):
            if not baseline:
                raise InvalidInput("no baseline was named", hint="Name each product: lantern=1.2601.0.12")
            if self.ledger.installed():
                raise Conflict(
                    "this system was adopted before",
                    hint="What is installed is in `pitstop system show`; it changes by updates alone.",
                )
            releases = [self._release(product, version) for product, version in baseline.items()]
            for release in releases:
                self._require_on_nodes(release)
            self.ledger.adopt([self._entry(release) for release in releases])

    def _release(self, product: str, version: str) -> Release:
        wanted = Version.parse(version)
        known = [release for release in self.knowledge.releases() if release.id.product == product]
        for release in known:
            if release.version == wanted:
                return release
        raise NotFound(
            f"no source has {product} {version}",
            hint=f"Known of {product}: {_names(known)}. Check the sources first: `pitstop source check`.",
        )

    def _require_on_nodes(self, release: Release) -> None:
        said = self.versions.on_nodes(release.id.product)
        others = {node: version for node, version in said.items() if version != str(release.version)}
        if others:
            differ = ", ".join(f"{node} says {version or 'nothing'}" for node, version in others.items())
            raise NotAllowed(
                f"not every node runs {release.id.product} {release.version}: {differ}",
                hint="Declare what the nodes run; nodes that differ must be brought to one version first.",
            )

    def _entry(self, release: Release) -> Installed:
        family = release.family or next(iter(release.families), None)
        return Installed(release.id, release.type, family, self.audited.clock.now(), InstalledBy.BASELINE)


def _names(releases: Iterable[Release]) -> str:
    return ", ".join(str(release.version) for release in releases) or "nothing"
