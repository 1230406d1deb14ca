"""Look at a site as a client does: from the pinned root on, over the same way, believing nothing else.

python-tuf's client refreshes the metadata in a folder of its own that is thrown away; every signed file is
then fetched and held against its digest, and every document read.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError
from obstore.store import HTTPStore
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined] # documented, without __all__
    Metadata,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from pitstop.model.errors import DigestMismatch, InvalidInput, TrustError, Unreachable
from pitstop.package.catalogue_format import read_catalogue
from pitstop.package.known_issues_format import MAX_KNOWN_ISSUES_BYTES, read_known_issues
from pitstop.package.media_timestamp import require_media_timestamp, require_wire_timestamp
from pitstop.package.metadata_xml import read_metadata
from pitstop.package.site_layout import (
    MEDIA_TIMESTAMP,
    METADATA_FOLDER,
    TARGETS_FOLDER,
    Numbered,
    newest,
    package_target,
)
from pitstop.policy.graph import checked
from pitstop.publish.page_paths import INDEX_PAGE
from pitstop.publish.team_metadata import delegated_roles
from pitstop.publish.uploading import open_store

if TYPE_CHECKING:
    from obstore.store import ObjectStore

Tell = Callable[[str], None]
_LOCAL = "https://site.invalid/"
"""What python-tuf is told that the site's address is: the fetcher knows where it really is."""


@dataclass(frozen=True)
class Verified:
    """What a client sees.

    Attributes:
        expires: when the timestamp ends.
        remarks: what is right but worth a look.
    """

    releases: int
    files: int
    bytes: int
    expires: datetime
    remarks: tuple[str, ...]


def verify_site(
    url: str,
    root: bytes,
    now: datetime,
    options: Mapping[str, str] | None = None,
    *,
    tell: Tell = lambda _: None,
) -> Verified:
    """Check all of a site.

    Args:
        url: ``https://...``, ``s3://...``, ``file://...`` or a folder.
        root: the root of trust that customers pin.
        options: further settings of an object store.

    Raises:
        TrustError (and those below it): something is not as it was signed; says what.
        InvalidCatalogue, InvalidPackage: a document does not hold.
        Unreachable: it is not there.
    """
    fetcher = _SiteFetcher(_reading_store(url, options))
    with tempfile.TemporaryDirectory(prefix="pitstop-verify-") as work:
        client = Updater(
            work,
            f"{_LOCAL}{METADATA_FOLDER}/",
            fetcher=fetcher,
            config=UpdaterConfig(prefix_targets_with_hash=False),
            bootstrap=root,
        )
        try:
            client.refresh()
        except RepositoryError as error:
            raise TrustError(f"{url}: the metadata is refused: {error}") from error
        except DownloadError as error:
            raise Unreachable(f"{url}: {fetcher.asked} is not to be had: {error}") from error
        return _Look(url, fetcher, client, Path(work), now, tell).all()


def _reading_store(url: str, options: Mapping[str, str] | None) -> ObjectStore:
    if url.startswith(("http://", "https://")):
        return HTTPStore.from_url(url, client_options={"allow_http": True})
    if "://" not in url and not Path(url).is_dir():
        raise InvalidInput(f"there is no site in {url}")
    return open_store(url, options)


class _SiteFetcher(FetcherInterface):
    """Gets the site's files from wherever it is."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.asked = ""

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self.pieces(unquote(url.removeprefix(_LOCAL)))

    def pieces(self, path: str) -> Iterator[bytes]:
        self.asked = path
        try:
            answer = obstore.get(self._store, path)
        except (NotFoundError, FileNotFoundError) as error:
            raise DownloadHTTPError(f"{path} is not there", 404) from error
        except PermissionDeniedError as error:
            raise DownloadHTTPError(f"{path} is not given", 403) from error
        except BaseError as error:
            raise DownloadError(f"{path}: {error}") from error
        return (bytes(piece) for piece in answer.stream(min_chunk_size=1 << 20))

    def has(self, path: str) -> bool:
        try:
            self.pieces(path)
        except DownloadHTTPError:
            return False
        return True


@dataclass(frozen=True)
class _Look:
    """One look at a site whose metadata has been refreshed."""

    url: str
    fetcher: _SiteFetcher
    client: Updater
    work: Path
    now: datetime
    tell: Tell

    def all(self) -> Verified:
        root = Metadata[Root].from_bytes((self.work / "root.json").read_bytes()).signed
        timestamp = Metadata[Timestamp].from_bytes((self.work / "timestamp.json").read_bytes())
        require_wire_timestamp(root, timestamp)
        paths = self._paths()
        total = sum(self._check(path) for path in sorted(paths))
        releases = self._catalogue(paths)
        if (path := newest(Numbered.KNOWN_ISSUES, paths)) is not None:
            read_known_issues(self._small(path, MAX_KNOWN_ISSUES_BYTES))
        remarks = (*self._media_remarks(root), *self._page_remarks())
        return Verified(releases, len(paths), total, timestamp.signed.expires, remarks)

    def _paths(self) -> set[str]:
        """All signed paths; asking for a team's makes the client read its metadata."""
        top = Metadata[Targets].from_bytes((self.work / "targets.json").read_bytes()).signed
        paths = set(top.targets)
        snapshot = Metadata[Snapshot].from_bytes((self.work / "snapshot.json").read_bytes()).signed
        for team, role in delegated_roles(top).items():
            if f"{team}.json" not in snapshot.meta:
                continue  # it has handed in nothing yet
            self.client.get_targetinfo(next(iter(role.paths or [])).replace("*", "-"))
            raw = (self.work / f"{team}.json").read_bytes()
            paths |= set(Metadata[Targets].from_bytes(raw).signed.targets)
        return paths

    def _check(self, path: str) -> int:
        file = self.client.get_targetinfo(path)
        if file is None:
            raise TrustError(f"{self.url}: {path} is signed by a team whose file it is not")
        digest, size = hashlib.sha256(), 0
        for piece in self._pieces(path):
            digest.update(piece)
            size += len(piece)
            if size > file.length:
                break
        if size != file.length or digest.hexdigest() != file.hashes.get("sha256"):
            raise DigestMismatch(f"{self.url}: {path} is not the file that was signed")
        self.tell(f"{path} ({size} bytes)")
        return size

    def _pieces(self, path: str) -> Iterator[bytes]:
        try:
            yield from self.fetcher.pieces(f"{TARGETS_FOLDER}/{path}")
        except (DownloadError, BaseError) as error:
            raise Unreachable(f"{self.url}: {path} is signed and not to be had: {error}") from error

    def _small(self, path: str, limit: int) -> bytes:
        content = b"".join(self._pieces(path))
        if len(content) > limit:
            raise TrustError(f"{self.url}: {path} has {len(content)} bytes, and may have {limit}")
        return content

    def _catalogue(self, paths: set[str]) -> int:
        path = newest(Numbered.CATALOGUE, paths)
        if path is None:
            raise TrustError(f"{self.url}: no catalogue is signed")
        catalogue = read_catalogue(b"".join(self._pieces(path)))
        checked([catalogue])
        for release in catalogue.releases:
            xml = package_target(release.name, "Metadata.xml")
            if xml not in paths:
                continue  # an entry without files: the release came to its systems another way
            raw = b"".join(self._pieces(xml))
            if release.package_sha256 and hashlib.sha256(raw).hexdigest() != release.package_sha256:
                raise DigestMismatch(f"{self.url}: {xml} is not the one that {release.name}'s entry names")
            for volume in read_metadata(raw).volumes:
                if package_target(release.name, volume.name) not in paths:
                    raise TrustError(f"{self.url}: volume {volume.name} is not signed")
        return len(catalogue.releases)

    def _media_remarks(self, root: Root) -> Iterator[str]:
        try:
            raw = b"".join(self.fetcher.pieces(f"{METADATA_FOLDER}/{MEDIA_TIMESTAMP}"))
        except DownloadHTTPError:
            yield "there is no media timestamp: transfers end with the wire's (pitstop publish media)"
            return
        metadata = Metadata[Timestamp].from_bytes(raw)
        made = require_media_timestamp(root, metadata)
        if metadata.signed.is_expired(self.now):
            yield f"the media timestamp of {made:%Y-%m-%d} has expired (pitstop publish media)"

    def _page_remarks(self) -> Iterator[str]:
        if not self.fetcher.has(INDEX_PAGE):
            yield "there are no pages for people (pitstop publish pages)"
