"""The sources that this system knows, each with its pinned root of trust and its own folder.

A source's folder holds ``pinned.root.json`` (the root as it was handed in, never changed), ``metadata/``
(python-tuf's cache: what was seen last, which nothing may go back behind), ``seen.json`` and
``catalogue.json``. Removing the folder forgets the source's trust.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata, Root  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.model.errors import InvalidInput, PitstopError, TrustError, Unreachable
from pitstop.package.content_paths import short_name_problem
from pitstop.package.site_layout import METADATA_FOLDER
from pitstop.ports.feeds import Source
from pitstop.ports.media import Bounds, Examined, SignedVersions
from pitstop.transport import durable
from pitstop.transport.feed import TufFeed
from pitstop.transport.fetcher import SiteFetcher
from pitstop.transport.folder_fetcher import FolderFetcher, folder_of
from pitstop.transport.http_fetcher import HttpFetcher
from pitstop.transport.link import Link
from pitstop.transport.loose import examined
from pitstop.transport.medium import Medium, require_young, take, utc_now
from pitstop.transport.medium_feed import TufMediumFeed
from pitstop.transport.mirrors import MirrorFetcher, Place
from pitstop.transport.refresh import PINNED
from pitstop.transport.session import alone, known
from pitstop.transport.trust import disk_error, translated
from pitstop.transport.use import media_made
from pitstop.transport.volume import FreeSpace
from pitstop.transport.volume_fetcher import VOLUME_SCHEME, VolumeFetcher

MAX_ROOT_BYTES = 512_000


def free_space(folder: Path) -> int:
    """Bytes free on the folder's file system."""
    return shutil.disk_usage(folder).free


class TufFeeds:
    """Opens sources: :class:`pitstop.ports.feeds.Feeds`.

    Args:
        folder: holds a folder for each source.
        links: by name of source, where it has another than ``link``.
        bounds: how old media may be.
    """

    def __init__(
        self,
        folder: Path,
        *,
        link: Link | None = None,
        links: Mapping[str, Link] | None = None,
        free: FreeSpace = free_space,
        bounds: Bounds | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._folder = folder
        self._link = link or Link()
        self._links = links or {}
        self._free = free
        self._bounds = bounds or Bounds()
        self._now = now

    def open(self, source: Source) -> TufFeed:
        """The feed; nothing is asked of the site yet.

        Raises:
            InvalidInput: the source's name or address is none.
            TrustError: no root of trust is pinned for it.
        """
        folder = self._of(source)
        if not source.connected:
            raise Unreachable(
                f"source {source.name} is not connected: it has no address",
                hint="Its packages come on media: import them with `pitstop import`.",
            )
        fetcher = self.fetcher(source)
        _require_pinned(source, folder)
        if isinstance(fetcher, FolderFetcher):
            return TufFeed(source, folder, fetcher, self._free, check=self._young_enough)
        return TufFeed(source, folder, fetcher, self._free)

    def _young_enough(self, cache: Path, timestamp: bytes) -> None:
        """A folder that is polled may be a mounted medium: then its age counts."""
        require_young(media_made(cache, timestamp), self._bounds, self._now())

    def pin(self, source: Source, root: bytes) -> None:
        """Trust this source from this root on. Pinning the same root again is no harm.

        Raises:
            InvalidInput: the source's name or address is none.
            TrustError: it is no root that its own keys have signed, or another is pinned already.
            NoSpace, StateUnusable: the folder cannot be written.
        """
        folder = self._of(source)
        for url in _places(source):
            _address(source, url)
        _require_root(source, root)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            pinned = _written_once(folder / PINNED, root)
        except OSError as error:
            raise disk_error(error) from error
        if pinned != root:
            raise TrustError(
                f"source {source.name} trusts another root already",
                hint="A publisher renews its root by signing the next one with the last: nothing is to be "
                "pinned then. For another publisher, add another source.",
            )

    def examine(self, source: Source, place: Path, *, volume: str | None = None) -> Examined:
        """Judge a medium: :class:`pitstop.ports.media.Media`.

        Raises:
            TrustError (and those below it), Unreachable, InvalidCatalogue, InvalidPackage, NoSpace,
            StateUnusable.
        """
        folder = self._of(source)
        _require_pinned(source, folder)
        medium = _medium(place, volume, self._link)
        with translated(source.name, medium.fetcher), alone(folder):
            taken = take(source, folder, medium, self._bounds, self._now())
        feed = TufMediumFeed(source, folder, medium.fetcher, self._free, taken.session)
        return Examined(source, taken.standing, taken.made, taken.catalogue, feed)

    def belongs(self, source: Source, place: Path, *, volume: str | None = None) -> bool:
        """Whether the pinned root lies there under its number."""
        pinned = self._of(source) / PINNED
        medium = _medium(place, volume, self._link)
        try:
            content = pinned.read_bytes()
            version = Metadata[Root].from_bytes(content).signed.version
            at = f"{medium.url}/{METADATA_FOLDER}/{version}.root.json"
            return medium.fetcher.read(at, MAX_ROOT_BYTES) == content
        except (OSError, RepositoryError, DownloadError, PitstopError):
            return False

    def examine_loose(self, sources: Sequence[Source], xml: Path) -> tuple[str, Examined]:
        """Judge a loose set: :class:`pitstop.ports.imports.Loose`.

        Raises:
            TrustError (and those below it), NotFound, Unreachable.
        """
        states = {source: state for source in sources if (state := known(self._of(source))) is not None}
        return examined(states, xml, self._bounds, self._now(), self._free)

    def versions(self, source: Source) -> SignedVersions | None:
        """The newest that is known of this source; None: nothing yet."""
        state = known(self._of(source))
        if state is None:
            return None
        said = state.versions
        return SignedVersions(said.root, said.timestamp, said.snapshot, said.targets)

    def _of(self, source: Source) -> Path:
        problem = short_name_problem(source.name)
        if problem is not None:
            raise InvalidInput(f"a source cannot be called so: {problem}")
        return self._folder / source.name

    def fetcher(self, source: Source) -> SiteFetcher:
        """What brings the files of this source, from whichever of its places."""
        places = [self._place(source, url) for url in _places(source)]
        return places[0].fetcher if len(places) == 1 else MirrorFetcher(places)

    def _place(self, source: Source, url: str) -> Place:
        link = self._links.get(source.name, self._link)
        if _address(source, url).scheme == "file":
            return Place(url.rstrip("/"), FolderFetcher(folder_of(url), link))
        return Place(url.rstrip("/"), HttpFetcher(link))


def _medium(place: Path, volume: str | None, link: Link) -> Medium:
    if volume is not None:
        return Medium(f"{VOLUME_SCHEME}:///{quote(volume)}", VolumeFetcher(place, link))
    return Medium(place.absolute().as_uri(), FolderFetcher(place, link))


def _require_pinned(source: Source, folder: Path) -> None:
    if not (folder / PINNED).is_file():
        raise TrustError(
            f"source {source.name} has no pinned root of trust",
            hint="Get the publisher's first root from a place you trust, and add the source with it.",
        )


def _written_once(file: Path, content: bytes) -> bytes:
    """Writes the file if it is not there; what it holds then."""
    try:
        durable.write(file, content, replace=False)
    except FileExistsError:
        return file.read_bytes()
    return content


def _places(source: Source) -> tuple[str, ...]:
    """All addresses of the source, the first one first; none where it is not connected."""
    return (source.url, *source.mirrors) if source.connected else source.mirrors


def _address(source: Source, url: str) -> SplitResult:
    """The address of one of the source's places, if it is one. Raises InvalidInput."""
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError as error:
        raise InvalidInput(f"source {source.name}: {url!r} is no address: {error}") from error
    if any(not character.isprintable() or character.isspace() for character in url):
        raise InvalidInput(f"source {source.name}: {url!r} has characters that no address has")
    if address.query or address.fragment or address.username is not None:
        raise InvalidInput(f"source {source.name}: the address may hold no user, '?' or '#'")
    if address.scheme in ("http", "https") and address.hostname:
        return address
    if address.scheme == "file" and address.netloc in ("", "localhost") and _is_folder_path(url):
        return address
    raise InvalidInput(
        f"source {source.name}: {url!r} is no address of a site",
        hint="It is http://, https:// with a host, or file:// with the absolute path of a folder.",
    )


def _is_folder_path(url: str) -> bool:
    path = folder_of(url)
    return path.is_absolute() and "\0" not in str(path)


def _require_root(source: Source, root: bytes) -> None:
    """Raises TrustError when these bytes are no TUF root that a threshold of its own keys has signed."""
    if len(root) > MAX_ROOT_BYTES:
        raise TrustError(
            f"the root for source {source.name} has {len(root)} bytes; it may have {MAX_ROOT_BYTES}"
        )
    try:
        read = Metadata[Root].from_bytes(root)
        if not isinstance(read.signed, Root):
            raise TrustError(f"the root for source {source.name} is TUF metadata of another role")
        read.signed.verify_delegate(Root.type, read.signed_bytes, read.signatures)
    except RepositoryError as error:
        raise TrustError(
            f"what was given as the root of source {source.name} is no valid root: {error}",
            hint="Hand in the publisher's root.json as you got it, unchanged.",
        ) from error
