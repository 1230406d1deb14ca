"""Finding out: polling the sources, keeping what they say, and bringing each package's small files.

A source that cannot be reached or trusted is a finding of that source, never a crash, and what was known
from it stays. Metadata, manifest and plan of every release are fetched at once, so that an update can be
explained, and its plan shown, before its payload is here.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import DigestMismatch, NotFound, PitstopError
from pitstop.model.findings import from_error
from pitstop.model.releases import Catalogue, Release, ReleaseStatus
from pitstop.package.fileset import DOCUMENTS, METADATA, NOTES
from pitstop.policy.graph import ReleaseGraph
from pitstop.ports.clock import Clock
from pitstop.ports.feeds import Feed, Feeds, Source
from pitstop.ports.payloads import PayloadStore
from pitstop.ports.records import Alerts, Catalogues, SourceStatus
from pitstop.service.audited import Audited
from pitstop.service.findings import finding_view
from pitstop.wire.views import SourceView

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourcesService:
    """Implements :class:`pitstop.service.desk.SourcesDesk`."""

    records: Catalogues
    alerts: Alerts
    feeds: Feeds
    payloads: PayloadStore
    audited: Audited
    clock: Clock
    _declared: dict[str, Source] = field(default_factory=dict)

    def list(self, actor: Actor) -> tuple[SourceView, ...]:
        actor.require(Permission.SEE)
        return tuple(_view(status) for status in self.statuses())

    def statuses(self) -> tuple[SourceStatus, ...]:
        """All sources; where the settings declare one, as they say that it is reached."""
        return tuple(
            replace(status, source=self._declared.get(status.source.name, status.source))
            for status in self.records.sources()
        )

    def check(self, actor: Actor) -> tuple[SourceView, ...]:
        with self.audited.change(actor, Permission.OPERATE, "check sources", "all sources"):
            self.check_all()
        return self.list(actor)

    def declare(self, source: Source, root: bytes) -> None:
        """Make a source known and pin its root of trust, at the service's start; again is no harm. How it is
        reached holds as declared now, whatever was declared before.

        Raises:
            TrustError: another root is pinned already.
        """
        self.feeds.pin(source, root)
        self._declared[source.name] = source
        if all(status.source.name != source.name for status in self.records.sources()):
            self.records.add_source(source)
            self.audited.write("pitstop", f"add source {source.url}", source.name, "settings", "done")

    def check_all(self) -> None:
        """Poll every connected source. Blocks; called outside the event loop."""
        for status in self.statuses():
            if status.source.connected:
                self._check(status.source)

    def feed_of(self, update: str) -> Feed:
        """The feed that an update comes from.

        Raises:
            NotFound: no source has it.
        """
        for name, catalogue in self.records.catalogues():
            if any(release.name == update for release in catalogue.releases):
                return self.feeds.open(self._source(name))
        raise NotFound(f"no source has the update {update}")

    def _source(self, name: str) -> Source:
        return next(status.source for status in self.statuses() if status.source.name == name)

    def _check(self, source: Source) -> None:
        subject = f"source {source.name}"
        try:
            feed = self.feeds.open(source)
            catalogue = feed.poll()
            self._require_together(source, catalogue)
            self._bring_documents(feed, source, catalogue)
        except PitstopError as error:
            finding = from_error(
                error, subject, impact="New updates of this source are not seen; what is known stays."
            )
            log.warning("%s: %s", subject, error)
            self.records.check_failed(source.name, finding)
            self.alerts.raise_alert(finding, self.clock.now())
            return
        before = next(item.finding for item in self.records.sources() if item.source.name == source.name)
        self.records.checked(source.name, catalogue, self.clock.now())
        if before is not None:
            self.alerts.close_alerts(before.code, subject, "pitstop", self.clock.now())

    def _require_together(self, source: Source, catalogue: Catalogue) -> None:
        """Raises InvalidCatalogue: with it the catalogues of all sources would not hold together."""
        others = [known for name, known in self.records.catalogues() if name != source.name]
        ReleaseGraph.of([*others, catalogue])

    def _bring_documents(self, feed: Feed, source: Source, catalogue: Catalogue) -> None:
        """Bring the small files of releases that are new, or whose entry has changed."""
        known = {
            release
            for name, old in self.records.catalogues()
            if name == source.name
            for release in old.releases
        }
        for release in catalogue.releases:
            if release.status is ReleaseStatus.WITHDRAWN:
                continue
            if release not in known or not self._has_documents(release.name):
                documents = {name: feed.document(release.name, name) for name in DOCUMENTS}
                _require_signed(release, documents[METADATA])
                self.payloads.put_documents(release.name, {**documents, NOTES: feed.notes(release.name)})

    def _has_documents(self, package: str) -> bool:
        try:
            self.payloads.metadata(package)
        except NotFound:
            return False
        return True


def _require_signed(release: Release, metadata: bytes) -> None:
    """Raises DigestMismatch: the package's metadata is not the one that the release entry names."""
    if release.package_sha256 and hashlib.sha256(metadata).hexdigest() != release.package_sha256:
        raise DigestMismatch(
            f"{METADATA} of {release.name} is not the one that its release entry names",
            hint="Do not install it. Tell the publisher: entry and package do not belong together.",
        )


def _view(status: SourceStatus) -> SourceView:
    source = status.source
    return SourceView(
        name=source.name,
        publisher=source.publisher,
        kind=source.kind,
        url=source.url,
        mirrors=source.mirrors,
        connected=source.connected,
        types=tuple(sorted(source.types)),
        last_checked=status.last_checked,
        finding=finding_view(status.finding) if status.finding else None,
    )
