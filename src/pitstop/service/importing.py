"""Doing an import: whose it is, what it says that is newer, and what of its payload is brought into place.

A part that is refused leaves the others as they are: what one publisher's part is worth is nobody else's
fault. The same rules as online; nothing is trusted for where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pitstop.model.errors import PitstopError, TrustError, Unreachable
from pitstop.model.findings import Finding, Severity, from_error
from pitstop.model.imports import ImportedPackage, ImportedSource
from pitstop.model.releases import Release, ReleaseStatus
from pitstop.package.delta_route import cheapest_route
from pitstop.package.fileset import MANIFEST, METADATA, PLAN
from pitstop.ports.feeds import Source
from pitstop.ports.imports import Contents, Loose, Repository
from pitstop.ports.media import Bounds, Examined, Media, MediumFeed
from pitstop.ports.payloads import PayloadStore, Progress
from pitstop.service.disputes import disputes
from pitstop.service.sources import SourcesService
from pitstop.steps.download import is_right

MEDIUM_OLD = "medium-old"
PAYLOAD_INCOMPLETE = "payload-incomplete"


@dataclass(slots=True)
class Outcome:
    """What came of an import so far."""

    sources: list[ImportedSource] = field(default_factory=list)
    packages: dict[str, ImportedPackage] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    refused: bool = False

    def refuse(self, error: PitstopError, subject: str) -> None:
        self.refused = True
        self.findings.append(from_error(error, subject, impact="Nothing of this part was taken."))


@dataclass(frozen=True, slots=True)
class Importing:
    """Brings what was handed over into place."""

    media: Media
    loose: Loose
    sources: SourcesService
    payloads: PayloadStore
    bounds: Bounds

    def bring(self, contents: Contents, now: datetime, progress: Progress) -> Outcome:
        """Judge all that there is, and take what holds. Blocks.

        What is refused is a finding of the outcome, never raised.
        """
        outcome = Outcome()
        for repository in contents.repositories:
            subject = f"medium {_said(repository)}"
            try:
                self._repository(repository, subject, outcome, now, progress)
            except PitstopError as error:
                outcome.refuse(error, subject)
        for xml in contents.loose:
            subject = f"files beside {xml.name}"
            try:
                self._loose(xml, subject, outcome, progress)
            except PitstopError as error:
                outcome.refuse(error, subject)
        outcome.findings += _incomplete(outcome)
        return outcome

    def _repository(
        self, repository: Repository, subject: str, outcome: Outcome, now: datetime, progress: Progress
    ) -> None:
        examined = self._examined(repository)
        source = examined.source
        finding = self.sources.take_in(examined)
        outcome.sources.append(ImportedSource(source.name, examined.standing, examined.made))
        outcome.findings += [finding] if finding is not None else []
        outcome.findings += _age(subject, examined.made, now, self.bounds)
        for release in self._releases(source):
            self._package(release, examined.feed, subject, outcome, progress)

    def _examined(self, repository: Repository) -> Examined:
        """The medium, judged for the source whose root of trust it holds under.

        Raises:
            TrustError (and those below it): of no known source; what the one that it claims to be of, or
            each, says to it.
        """
        refusals: list[tuple[str, PitstopError]] = []
        claimed = [source for source in self._sources() if self._claims(repository, source)]
        for source in claimed or self._sources():
            try:
                return self.media.examine(source, repository.place, volume=repository.volume)
            except PitstopError as error:
                if not isinstance(error, TrustError) or len(claimed) == 1:
                    raise
                refusals.append((source.name, error))
        said = "; ".join(f"{name}: {error.message}" for name, error in refusals)
        raise TrustError(
            f"{_said(repository)} is of no source of this system" + (f" ({said})" if said else ""),
            hint="Declare its publisher as a source, with the root of trust that you got from it.",
        )

    def _claims(self, repository: Repository, source: Source) -> bool:
        """Whether the medium says that it is of this source, by its root of trust or its folder's name."""
        named = repository.hint in (source.name, source.publisher)
        return named or self.media.belongs(source, repository.place, volume=repository.volume)

    def _sources(self) -> list[Source]:
        return [status.source for status in self.sources.statuses()]

    def _releases(self, source: Source) -> Sequence[Release]:
        """What is known of this source now, but for what is withdrawn or disputed."""
        records = self.sources.records
        catalogue = dict(records.catalogues()).get(source.name)
        if catalogue is None:
            return ()
        disputed = {item.release.name for item in disputes(catalogue, records.package_digests())}
        return [
            item
            for item in catalogue.releases
            if item.status is ReleaseStatus.AVAILABLE and item.name not in disputed
        ]

    def _loose(self, xml: Path, subject: str, outcome: Outcome, progress: Progress) -> None:
        package, examined = self.loose.examine_loose(self._sources(), xml)
        release = next((item for item in self._releases(examined.source) if item.name == package), None)
        if release is None:
            raise TrustError(
                f"{package} is signed by {examined.source.publisher}, but no release of it is known here",
                hint="It was withdrawn, or its catalogue has not come yet: import the newest transfer first.",
            )
        self._package(release, examined.feed, subject, outcome, progress)

    def _package(
        self, release: Release, feed: MediumFeed, subject: str, outcome: Outcome, progress: Progress
    ) -> None:
        """Take what there is of a package. What is wrong with it is a finding, and leaves the others."""
        try:
            taken = self._taken(release, feed, outcome, progress)
        except PitstopError as error:
            outcome.refuse(error, f"update {release.name} on {subject}")
            return
        if taken is not None:
            outcome.packages[release.name] = taken

    def _taken(
        self, release: Release, feed: MediumFeed, outcome: Outcome, progress: Progress
    ) -> ImportedPackage | None:
        """What came of a package; None where nothing of it was handed over."""
        name = release.name
        if not self.sources.has_documents(name):
            if not feed.holds(name, METADATA):
                return None
            _require_documents(name, feed)
            self.sources.bring_documents(feed, release)
        metadata = self.payloads.metadata(name)
        if not self.payloads.missing_content(name):
            return ImportedPackage(name) if feed.holds(name, METADATA) else None
        missing, came = [], False
        for volume in metadata.volumes:
            path = self.payloads.volume(name, volume.name)
            if is_right(path, volume):
                continue
            if feed.holds(name, volume.name):
                feed.fetch_volume(name, volume.name, path, progress)
                came = True
            elif feed.fetch_slices(name, volume.name, path, progress):
                came = True
            else:
                missing.append(volume.name)
        if missing and self._by_deltas(name, feed, outcome, progress):
            return ImportedPackage(name)
        if came or feed.holds(name, METADATA):
            return ImportedPackage(name, tuple(missing))
        return None

    def _by_deltas(self, package: str, feed: MediumFeed, outcome: Outcome, progress: Progress) -> bool:
        """Bring deltas that lie there and lead to the package from what is here, or is on its way; whether
        there are such. They are applied when the update is prepared."""
        here = [delta for delta in feed.deltas() if feed.holds(delta.package, delta.name)]
        route = cheapest_route(package, here, lambda base: self._will_be_whole(base, outcome))
        for delta in route or ():
            place = self.payloads.delta(package, delta)
            feed.fetch_volume(delta.package, delta.name, place, progress)
        return bool(route)

    def _will_be_whole(self, package: str, outcome: Outcome) -> bool:
        """Whether all content of this package is here, or all that it takes to make it has just come."""
        coming = outcome.packages.get(package)
        if coming is not None and not coming.missing:
            return True
        return self.sources.has_documents(package) and not self.payloads.missing_content(package)


def _require_documents(package: str, feed: MediumFeed) -> None:
    """Raises Unreachable: the plan or the manifest of a package are not among its files."""
    lacking = [name for name in (MANIFEST, PLAN) if not feed.holds(package, name)]
    if lacking:
        raise Unreachable(
            f"{' and '.join(lacking)} of {package} are not among the files",
            hint="They belong to the package: hand them over with the others.",
        )


def _said(repository: Repository) -> str:
    return f"{repository.place.name}/{repository.volume}" if repository.volume else repository.place.name


def _age(subject: str, made: datetime | None, now: datetime, bounds: Bounds) -> Iterator[Finding]:
    if made is None or now - made < bounds.warn:
        return
    days = (now - made).days
    yield Finding(
        MEDIUM_OLD,
        Severity.WARNING,
        subject,
        f"It was made on {made:%Y-%m-%d}, {days} days ago.",
        "Bring a newer one soon: it is refused from "
        f"{made + bounds.refuse:%Y-%m-%d} on, and what was published since is not known here.",
        impact="Releases, withdrawals and known issues of these days are not seen.",
    )


def _incomplete(outcome: Outcome) -> Iterator[Finding]:
    for package in outcome.packages.values():
        if package.missing:
            yield Finding(
                PAYLOAD_INCOMPLETE,
                Severity.INFORMATIONAL,
                f"update {package.name}",
                f"{len(package.missing)} of its volumes are not here yet: {', '.join(package.missing)}.",
                "Import the transfer's other volumes, in any order.",
            )
