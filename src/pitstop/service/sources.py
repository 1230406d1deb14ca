"""Finding out: polling the sources, keeping what they say, and bringing each package's small files.

A source that cannot be reached or trusted is a finding of that source, never a crash, and what was known
from it stays; nor does it keep the others from being looked into. Metadata, manifest and plan of every
release are fetched at once, so that an update can be explained, and its plan shown, before its payload is
here.

A package is what it was when it was first known: the same build with another digest is a finding of the
source that says so, blocks the release, and takes the place of nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import DigestMismatch, InvalidCatalogue, InvalidInput, NotFound, PitstopError
from pitstop.model.findings import Finding, from_error
from pitstop.model.releases import Catalogue, Release, ReleaseStatus
from pitstop.package.fileset import DOCUMENTS, METADATA, NOTES
from pitstop.package.known_issues_checks import check_mends
from pitstop.package.known_issues_format import read_known_issues
from pitstop.policy.graph import ReleaseGraph
from pitstop.ports.clock import Clock
from pitstop.ports.feeds import Feed, Feeds, Source
from pitstop.ports.media import Examined, MediumFeed
from pitstop.ports.payloads import PayloadStore
from pitstop.ports.records import Alerts, Catalogues, KnownIssueLists, SourceStatus
from pitstop.service.audited import Audited
from pitstop.service.disputes import Dispute, dispute_finding, disputes
from pitstop.service.findings import finding_view
from pitstop.service.joining import Joining
from pitstop.steps.table import MEND_KINDS, STILL_KINDS
from pitstop.wire.views import SourceView

log = logging.getLogger(__name__)

_SETTINGS = "settings"
_NOT_SEEN = "New updates of this source are not seen; what is known stays."
_NO_ISSUES = "Failures are matched with the known issues as they were before; all else is taken."


@dataclass(frozen=True, slots=True)
class SourcesService:
    """Implements :class:`pitstop.service.desk.SourcesDesk`."""

    records: Catalogues
    alerts: Alerts
    feeds: Feeds
    payloads: PayloadStore
    audited: Audited
    clock: Clock
    known_issues: KnownIssueLists
    _declared: dict[str, Source] = field(default_factory=dict)
    _checking: Joining = field(default_factory=lambda: Joining("check of the sources"))

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
        reached and what it may publish hold as declared now, whatever was declared before.

        Raises:
            TrustError: another root is pinned already.
            InvalidInput: it is of another publisher now, and something is known from it.
        """
        known = next((item for item in self.records.sources() if item.source.name == source.name), None)
        if known is not None:
            self._require_same_publisher(known.source, source)
        self.feeds.pin(source, root)
        self._declared[source.name] = source
        if known is None:
            with self.audited.act("pitstop", f"add source {source.url}", source.name, _SETTINGS):
                self.records.add_source(source)
        elif not known.declared or known.source != replace(source, mirrors=()):
            with self.audited.act("pitstop", f"change source: {_said(source)}", source.name, _SETTINGS):
                self.records.change_source(source)

    def switch_off_others(self) -> None:
        """Once all sources are declared: those that are not any more are looked into no longer. What they
        said stays known."""
        for status in self.records.sources():
            name = status.source.name
            if status.declared and name not in self._declared:
                with self.audited.act("pitstop", "switch off source", name, _SETTINGS):
                    self.records.change_source(status.source, declared=False)
                    self._settle(f"source {name}")

    def check_all(self) -> None:
        """Poll every connected source; if that goes on already, wait until it has ended. Blocks; called
        outside the event loop.

        Raises:
            Conflict: many wait for it already.
        """
        self._checking.do(self._check_each)

    def _check_each(self) -> None:
        for status in self.statuses():
            if status.declared and status.source.connected:
                try:
                    self._check(status.source)
                except Exception:
                    log.exception("source %s: how its check ended cannot be kept", status.source.name)

    def feed_of(self, update: str) -> Feed:
        """The feed that an update comes from.

        Raises:
            NotFound: no source has it, or only one that is switched off.
        """
        statuses = self._having(update)
        for status in statuses:
            if status.declared:
                return self.feeds.open(status.source)
        if statuses:
            raise NotFound(
                f"the source {statuses[0].source.name} of the update {update} is switched off",
                hint="Declare it in the settings again and restart the service, or import the package.",
            )
        raise NotFound(f"no source has the update {update}")

    def is_connected(self, update: str) -> bool:
        """Whether the update may be had from a site."""
        return any(status.declared and status.source.connected for status in self._having(update))

    def _having(self, update: str) -> Sequence[SourceStatus]:
        """The sources that know the update."""
        having = {
            name
            for name, catalogue in self.records.catalogues()
            if any(release.name == update for release in catalogue.releases)
        }
        return [status for status in self.statuses() if status.source.name in having]

    def _check(self, source: Source) -> None:
        subject = f"source {source.name}"
        try:
            finding = self._look_into(source)
        except PitstopError as error:
            log.warning("%s: %s", subject, error)
            self._failed(source, from_error(error, subject, impact=_NOT_SEEN))
        except Exception as error:
            log.exception("the check of %s broke", subject)
            broken = PitstopError(f"the check broke: {type(error).__name__}: {error}")
            self._failed(source, from_error(broken, subject, impact=_NOT_SEEN))
        else:
            self._settle(subject, finding)

    def _look_into(self, source: Source) -> Finding | None:
        """Bring what is new, and keep it; what is wrong in it, if it could be kept all the same."""
        feed = self.feeds.open(source)
        catalogue = feed.poll()
        return self._keep(source, catalogue, feed, self.clock.now())

    def take_in(self, medium: Examined) -> Finding | None:
        """Keep what a medium says that is newer, and the small files that lie on it; what is wrong in it, if
        it could be kept all the same. What is known is then known as of when the medium was made.

        Raises:
            InvalidCatalogue: with it the catalogues of all sources would not hold together.
            TrustError, NoSpace, StateUnusable.
        """
        source, catalogue = medium.source, medium.catalogue
        if catalogue is None:
            return None
        before = next(item.last_checked for item in self.records.sources() if item.source.name == source.name)
        of = medium.made or catalogue.issued
        at = of if before is None else max(before, of)
        finding = self._keep(source, catalogue, medium.feed, at, on_medium=medium.feed)
        if not source.connected:
            self._settle(f"source {source.name}", finding)
        return finding

    def bring_documents(self, feed: Feed, release: Release) -> None:
        """Bring a package's small files and notes.

        Raises:
            TrustError (and those below it): they are not those that were signed.
            NotFound, Unreachable, InvalidPackage, NoSpace, StateUnusable.
        """
        documents = {name: feed.document(release.name, name) for name in DOCUMENTS}
        _require_signed(release, documents[METADATA])
        self._require_first(release, documents[METADATA])
        self.payloads.put_documents(release.name, {**documents, NOTES: feed.notes(release.name)})

    def _require_first(self, release: Release, metadata: bytes) -> None:
        """Raises DigestMismatch: the package was another when it was first known."""
        first = self.records.package_digests().get(release.name)
        if first is not None and hashlib.sha256(metadata).hexdigest() != first:
            raise DigestMismatch(
                f"{METADATA} of {release.name} is another than when the build was first known: {first}",
                hint="Do not install it. Ask the publisher which of the two is right.",
            )

    def has_documents(self, package: str) -> bool:
        """Whether a package's small files are here."""
        try:
            self.payloads.metadata(package)
        except NotFound:
            return False
        return True

    def _keep(
        self,
        source: Source,
        catalogue: Catalogue,
        feed: Feed,
        at: datetime,
        *,
        on_medium: MediumFeed | None = None,
    ) -> Finding | None:
        subject = f"source {source.name}"
        self._require_together(source, catalogue)
        disputed = disputes(catalogue, self.records.package_digests())
        self._bring_documents(feed, source, catalogue, disputed, on_medium)
        finding = dispute_finding(subject, disputed) or self._bring_issues(feed, source, catalogue, at)
        self.records.checked(source.name, catalogue, at, finding)
        if finding is not None:
            log.warning("%s: %s", subject, finding.what)
            self._settle(subject, finding)
        return finding

    def _bring_issues(self, feed: Feed, source: Source, catalogue: Catalogue, at: datetime) -> Finding | None:
        """Keep the list of known issues, if it is another; what is wrong with it, if it cannot be used."""
        content = feed.known_issues()
        if content is None or content == dict(self.known_issues.issue_lists()).get(source.name):
            return None
        try:
            _require_usable(content, catalogue)
        except InvalidCatalogue as error:
            return from_error(error, f"source {source.name}", impact=_NO_ISSUES)
        self.known_issues.keep_issue_list(source.name, content, at)
        return None

    def _failed(self, source: Source, finding: Finding) -> None:
        self.records.check_failed(source.name, finding)
        self._settle(finding.subject, finding)

    def _settle(self, subject: str, finding: Finding | None = None) -> None:
        """Of this source exactly this holds now."""
        self.alerts.settle(subject, (finding,) if finding is not None else (), self.clock.now())

    def _require_same_publisher(self, known: Source, declared: Source) -> None:
        """Raises InvalidInput: what is known from it would be another's."""
        same = (known.publisher, known.kind) == (declared.publisher, declared.kind)
        if not same and known.name in dict(self.records.catalogues()):
            raise InvalidInput(
                f"source {known.name} is declared as {declared.kind} of {declared.publisher}, "
                f"but is known as {known.kind} of {known.publisher}",
                hint="Give the other publisher's source another name.",
            )

    def _require_together(self, source: Source, catalogue: Catalogue) -> None:
        """Raises InvalidCatalogue: with it the catalogues of all sources would not hold together."""
        others = [known for name, known in self.records.catalogues() if name != source.name]
        ReleaseGraph.of([*others, catalogue])

    def _bring_documents(
        self,
        feed: Feed,
        source: Source,
        catalogue: Catalogue,
        disputed: Sequence[Dispute],
        on_medium: MediumFeed | None,
    ) -> None:
        """Bring the small files of releases that are new, or whose entry has changed; of disputed ones none:
        those stay that are here. A medium need not have those of all."""
        known = {
            release
            for name, old in self.records.catalogues()
            if name == source.name
            for release in old.releases
        }
        left_out = {dispute.release.name for dispute in disputed}
        for release in catalogue.releases:
            if release.status is ReleaseStatus.WITHDRAWN or release.name in left_out:
                continue
            if on_medium is not None and not all(on_medium.holds(release.name, name) for name in DOCUMENTS):
                continue
            if release not in known or not self.has_documents(release.name):
                self.bring_documents(feed, release)


def _require_signed(release: Release, metadata: bytes) -> None:
    """Raises DigestMismatch: the package's metadata is not the one that the release entry names."""
    if release.package_sha256 and hashlib.sha256(metadata).hexdigest() != release.package_sha256:
        raise DigestMismatch(
            f"{METADATA} of {release.name} is not the one that its release entry names",
            hint="Do not install it. Tell the publisher: entry and package do not belong together.",
        )


def _require_usable(content: bytes, catalogue: Catalogue) -> None:
    """Raises InvalidCatalogue: the list of known issues is not of its format, or is another product's."""
    listed = read_known_issues(content)
    check_mends(listed, MEND_KINDS, STILL_KINDS)
    if (listed.publisher, listed.product) != (catalogue.publisher, catalogue.product):
        raise InvalidCatalogue(
            f"the list of known issues is of {listed.publisher}/{listed.product}, "
            f"not of {catalogue.publisher}/{catalogue.product}"
        )


def _said(source: Source) -> str:
    return f"{source.url or 'not connected'}, {', '.join(sorted(source.types))}"


def _view(status: SourceStatus) -> SourceView:
    source = status.source
    return SourceView(
        name=source.name,
        publisher=source.publisher,
        kind=source.kind,
        url=source.url,
        mirrors=source.mirrors,
        connected=source.connected and status.declared,
        declared=status.declared,
        types=tuple(sorted(source.types)),
        last_checked=status.last_checked,
        finding=finding_view(status.finding) if status.finding and status.declared else None,
    )
