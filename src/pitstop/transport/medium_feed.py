"""What lies on a medium, or beside a loose XML file, handed up like what comes by wire."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadHTTPError

from pitstop.model.errors import DigestMismatch, NotFound, Unreachable
from pitstop.model.packages import PackageMetadata
from pitstop.model.releases import Catalogue
from pitstop.package.delta_route import Delta
from pitstop.package.fileset import MANIFEST, PLAN, metadata_names
from pitstop.package.site_layout import Numbered, newest, package_target
from pitstop.ports.feeds import Source
from pitstop.ports.payloads import Progress
from pitstop.transport import slices
from pitstop.transport.feed import MAX_DOCUMENT_BYTES, TufFeed
from pitstop.transport.fetcher import SiteFetcher
from pitstop.transport.folder_fetcher import FolderFetcher
from pitstop.transport.link import Link
from pitstop.transport.session import Session
from pitstop.transport.transfer_volumes import SLICES_FOLDER
from pitstop.transport.trust import translated
from pitstop.transport.volume import FreeSpace, Wanted, fetch
from pitstop.transport.volume_fetcher import VolumeFetcher


class TufMediumFeed(TufFeed):
    """A repository on a medium: :class:`pitstop.ports.media.MediumFeed`."""

    def __init__(
        self, source: Source, folder: Path, fetcher: SiteFetcher, free: FreeSpace, session: Session
    ) -> None:
        super().__init__(source, folder, fetcher, free, session=session)
        self._seen = session

    def holds(self, package: str, name: str) -> bool:
        path = package_target(package, name)
        return path in self._seen.paths and self._is_there(self._seen.wanted(path).url)

    def known_issues(self) -> bytes | None:
        path = newest(Numbered.KNOWN_ISSUES, self._seen.paths)
        if path is None or not self._is_there(self._seen.wanted(path).url):
            return None
        return super().known_issues()

    def _is_there(self, url: str) -> bool:
        try:
            with self._fetcher.opened(url):
                return True
        except (DownloadHTTPError, Unreachable):
            return False

    def fetch_slices(self, package: str, name: str, to: Path, progress: Progress) -> bool:
        path = package_target(package, name)
        fetcher = self._fetcher
        if not isinstance(fetcher, VolumeFetcher) or path not in self._seen.paths:
            return False
        with translated(self._source.name, fetcher), ExitStack() as stack:
            wanted = self._wanted(path)
            found = []
            for start in _starts(fetcher, wanted.url, path):
                file = stack.enter_context(fetcher.opened(_slice_url(wanted.url, path, start)))
                if slices.lacks(wanted, to, start, file.total or 0):
                    found.append(slices.Incoming(start, file.total or 0, file.chunks))
            return bool(found) and slices.take(wanted, to, found, progress, self._free)


def _slice_url(url: str, path: str, start: int) -> str:
    return f"{url.removesuffix(f'/targets/{path}')}/{SLICES_FOLDER}/{start}/{path}"


def _starts(fetcher: VolumeFetcher, url: str, path: str) -> Iterator[int]:
    """Where the slices of this file begin that lie in the volume."""
    root = unquote(urlsplit(url.removesuffix(f"/targets/{path}")).path).lstrip("/")
    for name in sorted(fetcher.names()):
        if name.startswith(f"{root}/{SLICES_FOLDER}/") and name.endswith(f"/{path}"):
            start = name.removeprefix(f"{root}/{SLICES_FOLDER}/").removesuffix(f"/{path}")
            if start.isascii() and start.isdigit() and len(start) <= 18:
                yield int(start)


class LooseFeed:
    """Files beside an XML file whose digest a known publisher has signed; each is held against what that XML
    says: :class:`pitstop.ports.media.MediumFeed`."""

    def __init__(self, xml: bytes, metadata: PackageMetadata, folder: Path, free: FreeSpace) -> None:
        self._xml = xml
        self._metadata = metadata
        self._folder = folder
        self._free = free
        self._fetcher = FolderFetcher(folder, Link())

    def document(self, package: str, name: str) -> bytes:
        """Raises NotFound: it is not there; DigestMismatch: it is not the one that the XML names."""
        if name in metadata_names(package):
            return self._xml
        digest = {MANIFEST: self._metadata.manifest_sha256, PLAN: self._metadata.plan_sha256}.get(name)
        if digest is None or not self.holds(package, name):
            raise NotFound(
                f"{name} of {package} is not among the files", hint="Hand it over with the others."
            )
        with translated(package, self._fetcher):
            content = self._fetcher.read(self._url(name), MAX_DOCUMENT_BYTES)
        if hashlib.sha256(content).hexdigest() != digest:
            raise DigestMismatch(f"{name} is not the one that the metadata of {package} names")
        return content

    def notes(self, package: str) -> bytes:  # noqa: ARG002  a loose set has none
        return b""

    def known_issues(self) -> bytes | None:
        """None: a loose set has none."""
        return None

    def deltas(self) -> Sequence[Delta]:
        """None: the XML names none."""
        return ()

    def holds(self, package: str, name: str) -> bool:
        if name in metadata_names(package):
            return True
        file = self._folder / name
        return Path(name).name == name and file.is_file() and not file.is_symlink()

    def fetch_volume(self, package: str, name: str, to: Path, progress: Progress) -> None:
        """Raises NotFound, DigestMismatch, NoSpace, StateUnusable."""
        volume = next((volume for volume in self._metadata.volumes if volume.name == name), None)
        if volume is None:
            raise NotFound(f"{package} has no volume {name}")
        with translated(package, self._fetcher):
            wanted = Wanted(self._url(name), volume.size, volume.sha256)
            fetch(self._fetcher, wanted, to, progress, self._free)

    def fetch_slices(self, package: str, name: str, to: Path, progress: Progress) -> bool:  # noqa: ARG002  a loose set has none
        return False

    def poll(self) -> Catalogue:
        """Raises NotFound: a loose set has none."""
        raise NotFound("a loose set of files has no catalogue")

    def _url(self, name: str) -> str:
        return (self._folder.absolute() / name).as_uri()
