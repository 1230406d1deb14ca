"""An earlier release as the base of a delta: its content, out of the publisher's own site, verified."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from tuf.api.exceptions import RepositoryError

from pitstop.model.errors import NotFound, TrustError
from pitstop.model.packages import ContentFile
from pitstop.package.delta_format import Listed, Stretch
from pitstop.package.fileset import MANIFEST, metadata_names
from pitstop.package.manifest_format import read_manifest
from pitstop.package.metadata_xml import read_metadata
from pitstop.package.site_layout import package_target
from pitstop.package.volumes import volume_entries
from pitstop.publish.published import Published
from pitstop.publish.repository import Repository

_CHUNK = 1 << 20

Entries = dict[str, tuple[zipfile.ZipFile, zipfile.ZipInfo]]
"""Where each content path lies in the volumes."""


@dataclass(frozen=True)
class Base:
    """A package and its content. May be read from several threads.

    Attributes:
        path_of: where a content file of it lies.
    """

    listed: Listed
    path_of: Callable[[ContentFile], Path]

    def read(self, stretch: Stretch) -> bytes:
        """The stretch of this package that is patched; empty where it is patched out of nothing."""
        if stretch.base is None:
            return b""
        with self.path_of(stretch.base).open("rb") as content:
            content.seek(stretch.base_start)
            return content.read(stretch.base_size)


@contextmanager
def base_on_site(repository: Repository, build: str, scratch: Path) -> Iterator[Base]:
    """A release of the site, by its build or name, as a base. What is unpacked of it lies below ``scratch``
    meanwhile.

    Raises:
        NotFound: there is no such release, or a file of it is missing.
        TrustError: the site is not as this publisher has signed it.
    """
    published = repository.read()
    name = _name(published, build)
    metadata = read_metadata(_document(repository, published, name, *metadata_names(name)))
    manifest = read_manifest(_document(repository, published, name, MANIFEST))
    with ExitStack() as stack:
        entries: Entries = {}
        for volume in metadata.volumes:
            path = _verified(repository, published, package_target(name, volume.name))
            archive = stack.enter_context(zipfile.ZipFile(path))
            entries.update({file.path: (archive, entry) for entry, file in volume_entries(archive, manifest)})
        folder = Path(stack.enter_context(TemporaryDirectory(prefix=".delta-base.", dir=scratch)))
        yield Base(Listed(name, manifest, metadata.manifest_sha256), _Unpacking(entries, folder).path_of)


class _Unpacking:
    """Unpacks a content file when it is asked for, and keeps it."""

    def __init__(self, entries: Entries, folder: Path) -> None:
        self._entries = entries
        self._folder = folder
        self._turn = Lock()

    def path_of(self, file: ContentFile) -> Path:
        path = self._folder / file.sha256
        with self._turn:
            if not path.exists():
                archive, entry = self._entries[file.path]
                with archive.open(entry) as source, path.open("xb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
        return path


def _name(published: Published, build: str) -> str:
    for release in published.catalogue.releases:
        if build in (release.name, str(release.version)):
            return release.name
    raise NotFound(f"the site has no release {build}", hint="See what there is with `pitstop publish show`.")


def _document(repository: Repository, published: Published, package: str, *names: str) -> bytes:
    for name in names:
        target = published.targets.get(package_target(package, name))
        if target is not None:
            return repository.target_bytes(target)
    raise NotFound(f"the site has no {names[0]} of {package}")


def _verified(repository: Repository, published: Published, target: str) -> Path:
    path = repository.targets_folder / target
    if target not in published.targets:
        raise TrustError(f"{target} is not signed by this publisher")
    try:
        with path.open("rb") as content:
            published.targets[target].verify_length_and_hashes(content)
    except FileNotFoundError:
        raise NotFound(f"the site lacks {path}", hint="Bring it back from the server.") from None
    except RepositoryError as error:
        raise TrustError(f"{path} is not as it was signed: {error}") from error
    return path
