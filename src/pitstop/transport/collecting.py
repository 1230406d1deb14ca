"""Collecting a transfer from sites: the work of ``pitstop download``, without a service or a database.

What is collected lies in the transfer's folder from the first byte on, each source a repository in a folder
of its own; the caches of this work lie beside it, in ``.pitstop-download``, until it is done. Cut short, it
is begun again and goes on. ``transfer.json`` is written last, after all that is there has been read back and
judged as the system that it is for will judge it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pitstop import __version__
from pitstop.model.errors import DigestMismatch, InvalidInput, NoSpace, WrongPublisher
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, PublisherKind, Release
from pitstop.package.catalogue_format import MAX_CATALOGUE_BYTES, read_catalogue
from pitstop.package.site_layout import METADATA_FOLDER, TARGETS_FOLDER, newest_catalogue
from pitstop.ports.feeds import Source
from pitstop.ports.payloads import Progress
from pitstop.transport import durable
from pitstop.transport.choosing import Choice
from pitstop.transport.feed import TufFeed
from pitstop.transport.feeds import TufFeeds
from pitstop.transport.packed_files import wanted_files
from pitstop.transport.replica import copy_metadata
from pitstop.transport.session import Session
from pitstop.transport.transfer_files import written
from pitstop.transport.transfer_volumes import Packing, planned, volume_name
from pitstop.transport.trust import disk_error
from pitstop.transport.volume import SPARE, FreeSpace
from pitstop.wire.transfers import (
    INDEX_NAME,
    TRANSFER_FORMAT,
    HeldPackage,
    TransferEntry,
    TransferIndex,
    TransferRelease,
    TransferSource,
)

WORK = ".pitstop-download"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Site:
    """A site that was asked: its source, its newest catalogue, and the feed that sees it as it was then."""

    source: Source
    root: bytes
    catalogue: Catalogue
    feed: TufFeed


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken of one site: target paths with their sizes, and the releases that they are of."""

    site: Site
    files: Mapping[str, int]
    releases: tuple[Release, ...]

    @property
    def size(self) -> int:
        return sum(self.files.values())


@dataclass(frozen=True)
class Collector:
    """Collects into ``folder``.

    Attributes:
        say: told what is worth knowing on the way, a line at a time.
        progress: told bytes here and bytes in all.
    """

    folder: Path
    feeds: Callable[[Path], TufFeeds]
    free: FreeSpace
    now: Callable[[], datetime]
    say: Say = field(default=lambda _line: None)
    progress: Progress = field(default=lambda _done, _whole: None)

    @property
    def _work(self) -> Path:
        return self.folder / WORK

    def introduced(self, url: str, mirrors: Sequence[str], root: bytes) -> Source:
        """Who publishes at this address, as the keys of this root have signed it.

        Raises:
            TrustError (and those below it), Unreachable, InvalidCatalogue, InvalidInput.
        """
        everything = frozenset(PackageType)
        digest = hashlib.sha256(root + url.encode()).hexdigest()[:16]
        nobody = Source(f"site-{digest}", "", PublisherKind.PLATFORM, url, everything, mirrors=tuple(mirrors))
        session = self._session(nobody, root)
        path = newest_catalogue(session.paths)
        if path is None:
            raise InvalidInput(f"{url} has no catalogue: none is signed there")
        catalogue = read_catalogue(session.read(path, MAX_CATALOGUE_BYTES))
        oem = frozenset({PackageType.OEM})
        return replace(
            nobody,
            name=catalogue.publisher,
            publisher=catalogue.publisher,
            kind=catalogue.kind,
            types=oem if catalogue.kind is PublisherKind.OEM else everything - oem,
        )

    def _session(self, source: Source, root: bytes) -> Session:
        feeds = self.feeds(self._work / "sources")
        feeds.pin(source, root)
        return feeds.open(source).session()

    def ask(self, sources: Iterable[tuple[Source, bytes]]) -> list[Site]:
        """Ask these sources for what is newest.

        Raises:
            TrustError (and those below it), Unreachable, InvalidCatalogue.
            WrongPublisher: two of them are of one name.
        """
        sites: list[Site] = []
        for source, root in sources:
            if any(site.source.name == source.name for site in sites):
                raise WrongPublisher(f"two sites are of the source {source.name}")
            feeds = self.feeds(self._work / "sources")
            feeds.pin(source, root)
            feed = feeds.open(source)
            sites.append(Site(source, root, feed.poll(), feed))
        return sites

    def parts(self, sites: Sequence[Site], choice: Choice, held: Mapping[str, HeldPackage]) -> list[Part]:
        """What is to be taken of each site: the small files that everybody needs, and of the chosen releases
        what the system that it is for does not hold."""
        parts = []
        for site in sites:
            releases = choice.releases.get(site.source.name, ())
            signed = {path: file.length for path, file in site.feed.session().state.files().items()}
            files = {path: signed[path] for path in wanted_files(signed, releases, held)}
            parts.append(Part(site, files, releases))
        return parts

    def collect(self, parts: Sequence[Part], to: Path | None = None) -> TransferIndex:
        """Bring it all, read it back, and write the index. What is here and right is kept.

        Args:
            to: another folder than the transfer's own.

        Raises:
            TrustError (and those below it), Unreachable, NoSpace, StateUnusable.
        """
        to = to or self.folder
        self._require_space(parts, to)
        try:
            sources = [self._bring(part, to, done) for part, done in _offsets(parts)]
            self.say("Checking all that was brought, as the system that it is for will check it ...")
            for part in parts:
                self._check(part, to)
            index = self._index(sources, to)
            durable.write(to / INDEX_NAME, written(index))
        except OSError as error:
            raise disk_error(error) from error
        return index

    def collect_volumes(self, parts: Sequence[Part], limit: int) -> tuple[TransferIndex, list[Path]]:
        """Bring it all, and write it in volumes of at most ``limit`` bytes. For that moment it lies here
        twice.

        Raises:
            InvalidInput: a volume is too small; else as ``collect``.
        """
        self._require_space(parts, self._packed, twice=True)
        self._packed.mkdir(parents=True, exist_ok=True)
        index = self.collect(parts, self._packed)
        volumes = planned(index, limit)
        self.say(f"Writing {len(volumes)} volume(s) ...")
        whole = sum(item.size for volume in volumes for item in volume)
        written_bytes = 0

        def advance(count: int) -> None:
            nonlocal written_bytes
            written_bytes += count
            self.progress(written_bytes, whole)

        base = f"transfer-{index.id[:8]}"
        try:
            self._forget_unfinished(
                [volume_name(base, number, len(volumes)) for number in range(1, len(volumes) + 1)]
            )
            paths = Packing(index, self._packed, base, advance).pack(volumes, self.folder)
        except OSError as error:
            raise disk_error(error) from error
        return index, paths

    def _forget_unfinished(self, names: Sequence[str]) -> None:
        """Remove what an earlier call, cut short, has written of other volumes; then these are begun."""
        listed = self._work / "volumes"
        before = listed.read_text().splitlines() if listed.exists() else []
        for name in before:
            (self.folder / f".{name}.writing").unlink(missing_ok=True)
            if name not in names:
                (self.folder / name).unlink(missing_ok=True)
        durable.write(listed, "\n".join(names).encode())

    @property
    def _packed(self) -> Path:
        return self._work / "transfer"

    def done(self) -> None:
        """Remove what the work needed; the transfer stays."""
        shutil.rmtree(self._work, ignore_errors=True)

    def _require_space(self, parts: Sequence[Part], to: Path, *, twice: bool = False) -> None:
        lacking = sum(
            size
            for part in parts
            for path, size in part.files.items()
            if not _is_of_size(to / part.site.source.name / TARGETS_FOLDER / path, size)
        )
        lacking += sum(part.size for part in parts) if twice else 0
        there = self.free(self.folder)
        if lacking and there < lacking + SPARE:
            raise NoSpace(
                f"the transfer needs {lacking + SPARE} bytes more in {to}, and {there} are free",
                hint="Choose less, or another place.",
            )

    def _bring(self, part: Part, to: Path, before: tuple[int, int]) -> TransferSource:
        site, folder = part.site, to / part.site.source.name
        done, whole = before
        feed, feeds = site.feed, self.feeds(self._work / "sources")
        for path, size in part.files.items():
            target = folder / TARGETS_FOLDER / path
            target.parent.mkdir(parents=True, exist_ok=True)
            feed.bring(path, target, _shifted(self.progress, done, whole))
            done += size
            self.progress(done, whole)
        kept = self._work / "sources" / site.source.name
        stamped = copy_metadata(
            feed.session().state, kept, feeds.fetcher(site.source), site.source.url.rstrip("/"), folder
        )
        if stamped.made is None:
            self.say(
                f"{site.source.publisher} has not signed its present state for media: this transfer is good "
                f"only until {stamped.expires:%Y-%m-%d}."
            )
        return TransferSource(
            folder=site.source.name,
            publisher=site.source.publisher,
            kind=site.source.kind,
            snapshot=feed.session().state.versions.snapshot,
            made=stamped.made,
            expires=stamped.expires,
            releases=tuple(
                TransferRelease(
                    name=release.name,
                    package_type=release.type,
                    version=str(release.version),
                    size=release.size,
                )
                for release in part.releases
            ),
        )

    def _check(self, part: Part, to: Path) -> None:
        """Judge what lies there from the root of trust on, and read every byte of it."""
        folder, source = to / part.site.source.name, part.site.source
        with TemporaryDirectory(prefix="check-", dir=self._work) as name:
            feeds = self.feeds(Path(name))
            feeds.pin(source, part.site.root)
            feeds.examine(source, folder)
        session = part.site.feed.session()
        for path in part.files:
            wanted = session.wanted(path)
            with (folder / TARGETS_FOLDER / path).open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != wanted.sha256:
                    raise DigestMismatch(f"{folder / TARGETS_FOLDER / path} is not the file that was signed")

    def _index(self, sources: Sequence[TransferSource], to: Path) -> TransferIndex:
        folders = [to / source.folder for source in sources]
        entries = [entry for folder in folders for entry in _entries(folder, to)]
        said = "".join(f"{entry.sha256} {entry.name}\n" for entry in entries)
        return TransferIndex(
            format=TRANSFER_FORMAT,
            id=hashlib.sha256(said.encode()).hexdigest()[:32],
            created=self.now(),
            made_by=f"pitstop {__version__}",
            volume=1,
            volumes=1,
            sources=tuple(sources),
            entries=tuple(entries),
        )


def _entries(folder: Path, base: Path) -> Iterator[TransferEntry]:
    for kind in (METADATA_FOLDER, TARGETS_FOLDER):
        for file in sorted((folder / kind).rglob("*")):
            if file.is_file():
                with file.open("rb") as content:
                    digest = hashlib.file_digest(content, "sha256").hexdigest()
                name = file.relative_to(base).as_posix()
                yield TransferEntry(name=name, size=file.stat().st_size, sha256=digest)


def _offsets(parts: Sequence[Part]) -> Iterator[tuple[Part, tuple[int, int]]]:
    """Each part with the bytes before it, and all bytes."""
    before, whole = 0, sum(part.size for part in parts)
    for part in parts:
        yield part, (before, whole)
        before += part.size


def _shifted(progress: Progress, before: int, whole: int) -> Progress:
    return lambda done, _of_file: progress(before + done, whole)


def _is_of_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
