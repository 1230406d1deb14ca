"""The files of packages in the state folder.

Layout::

    packages/<name>/Metadata.xml, manifest.json, plan.json    together, or not at all; beside them what
                                                              else came with them, such as notes.md
    packages/<name>/volumes/                                  payload, while it is needed: volumes, deltas
    packages/<name>/discarded                                 there: it names no content any more
    content/ab/abcdef...                                      content by digest
    incoming/                                                 what is being written; of no use after a crash

Documents are checked against the digests in their metadata whenever they are read. Whoever opens the
folder holds the state lock: what lies in ``incoming`` then is left over and is removed.

With several machines each has such a folder of its own, and the documents lie on a shelf that they share as
well: what one of them has put there, the others take from there when they are asked for it. Content each
machine brings for itself.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Protocol

from pitstop.model.errors import InvalidPackage, NoSpace, NotFound, TrustError
from pitstop.model.packages import ContentFile, Manifest, PackageMetadata
from pitstop.model.plans import Plan
from pitstop.package.content_paths import package_name_problem
from pitstop.package.delta_format import Listed
from pitstop.package.delta_names import SUFFIX, delta_ends
from pitstop.package.delta_route import Delta, Route
from pitstop.package.fileset import DOCUMENTS, MANIFEST, METADATA, PLAN, volume_name_problem
from pitstop.package.metadata_xml import read_metadata
from pitstop.package.plan_format import read_plan
from pitstop.ports.payloads import Progress
from pitstop.store.content import ContentFolder
from pitstop.store.delta_rebuilding import Hop, Rebuilding
from pitstop.store.documents import check_documents, document_name_problem, parsed_manifest, signed
from pitstop.store.durable import sync_folder, translated, write_new
from pitstop.store.package_locks import PackageLocks
from pitstop.store.unpacking import Unpacking

log = logging.getLogger(__name__)

SPARE_BYTES = 64 * 1024 * 1024
"""Room that unpacking leaves for the rest of the service."""

_VOLUMES = "volumes"
_DISCARDED = "discarded"


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class Shelf(Protocol):
    """Where the documents of packages lie for several machines."""

    def put(self, package: str, files: Mapping[str, bytes]) -> None:
        """In place of what was there of the package."""

    def get(self, package: str) -> Mapping[str, bytes]:
        """All of the package's; empty where there are none."""


class FilePayloads:
    """Implements :class:`pitstop.ports.payloads.PayloadStore`.

    Args:
        state: the state folder; made if need be.
        shelf: shared with other machines; None: there are none.
        free_bytes: how much room the file system of a folder has.
        beside: another process holds the state lock: nothing is made and nothing removed, only read.

    Raises:
        StateUnusable: the state folder cannot be written.
    """

    def __init__(
        self,
        state: Path,
        *,
        shelf: Shelf | None = None,
        free_bytes: Callable[[Path], int] = _free_bytes,
        beside: bool = False,
    ) -> None:
        self._shelf = shelf
        self._packages = state / "packages"
        self._content = ContentFolder(state / "content")
        self._incoming = state / "incoming"
        self._free_bytes = free_bytes
        self._changing = PackageLocks()
        # One after the other: what an unpacking that fails takes back, no other one may rely on. A step past
        # its deadline may leave a thread unpacking; the next one waits for it.
        self._unpacking = Lock()
        if not beside:
            self._prepare(state)

    def _prepare(self, state: Path) -> None:
        with translated("the state folder cannot be used"):
            state.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.rmtree(self._incoming, ignore_errors=True)
            if self._incoming.is_dir():  # it is in nobody's way: what comes has a folder of its own
                log.warning("what an earlier work has left in %s cannot be removed", self._incoming)
            for folder in (self._packages, self._content.folder, self._incoming):
                folder.mkdir(exist_ok=True, mode=0o700)

    # --- documents ---------------------------------------------------------------------------------------

    def put_documents(self, package: str, documents: dict[str, bytes]) -> None:
        """Keep the package's small files: all of them or, after a crash, none. Again is no harm; others take
        the place of those that were here, and of the volumes that belonged to them.

        Raises:
            InvalidPackage, InvalidPlan: a document is missing or not of its format, or is of another package.
            DigestMismatch: the metadata was signed with another manifest or plan.
        """
        check_documents(package, documents)
        self._keep(package, documents)
        if self._shelf is not None:
            self._shelf.put(package, documents)

    def _keep(self, package: str, documents: Mapping[str, bytes]) -> None:
        folder = self._folder(package)
        with translated(f"the documents of {package} cannot be kept"), self._changing.of(package):
            changed = [name for name, raw in documents.items() if _bytes_of(folder / name) != raw]
            if set(changed) & set(DOCUMENTS):
                self._replace(folder, documents)
            else:
                self._renew(folder, {name: documents[name] for name in changed})
            (folder / _DISCARDED).unlink(missing_ok=True)

    def document(self, package: str, name: str) -> bytes:
        raw = None
        if document_name_problem(name) is None:
            raw = self._kept(package, name)
            # Notes may have changed meanwhile; the others never do.
            if (raw is None or name not in DOCUMENTS) and self._is_taken_from_shelf(package):
                raw = self._kept(package, name)
        if raw is None:
            raise NotFound(
                f"{name} of package {package} is not here", hint="Fetch or import the update first."
            )
        return raw

    def _kept(self, package: str, name: str) -> bytes | None:
        with translated(f"{name} of {package} cannot be read"):
            return _bytes_of(self._folder(package) / name)

    def _is_taken_from_shelf(self, package: str) -> bool:
        """Whether another machine has the documents, which then are kept here too.

        Raises:
            InvalidPackage, InvalidPlan, DigestMismatch: those on the shelf do not belong together.
        """
        shelved = {} if self._shelf is None else dict(self._shelf.get(package))
        if not shelved:
            return False
        check_documents(package, shelved)
        self._keep(package, shelved)
        return True

    def metadata(self, package: str) -> PackageMetadata:
        return read_metadata(self.document(package, METADATA))

    def plan(self, package: str) -> Plan:
        """Raises NotFound, DigestMismatch."""
        return read_plan(signed(self.document(package, PLAN), PLAN, self.metadata(package).plan_sha256))

    def manifest(self, package: str) -> Manifest:
        """Raises NotFound, DigestMismatch."""
        raw = self.document(package, MANIFEST)
        return parsed_manifest(signed(raw, MANIFEST, self.metadata(package).manifest_sha256))

    def _renew(self, folder: Path, documents: Mapping[str, bytes]) -> None:
        for name, raw in documents.items():
            new = Path(mkdtemp(dir=self._incoming)) / name
            write_new(new, raw)
            new.replace(folder / name)
            sync_folder(folder)
            new.parent.rmdir()

    def _replace(self, folder: Path, documents: Mapping[str, bytes]) -> None:
        new, old = (Path(mkdtemp(dir=self._incoming)) for _ in range(2))
        try:
            for name, raw in documents.items():
                write_new(new / name, raw)
            sync_folder(new)
            if folder.exists():
                folder.replace(old)
            new.replace(folder)
            sync_folder(self._packages)
        finally:
            for left in (new, old):
                shutil.rmtree(left, ignore_errors=True)

    # --- payload -----------------------------------------------------------------------------------------

    def volume(self, package: str, name: str) -> Path:
        """Raises InvalidPackage when this cannot be a volume of the package."""
        problem = volume_name_problem(package, name)
        if problem:
            raise InvalidPackage(problem)
        return self._volumes(package) / name

    def _volumes(self, package: str) -> Path:
        folder = self._folder(package) / _VOLUMES
        with translated(f"there is no place for the volumes of {package}"):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def missing_content(self, package: str) -> Sequence[ContentFile]:
        with translated(f"the content of {package} cannot be looked at"):
            return [file for file in self.manifest(package).files if not self._content.has(file)]

    def unpack(self, package: str, progress: Progress) -> None:
        metadata, manifest = self.metadata(package), self.manifest(package)
        with (
            translated(f"{package} cannot be unpacked"),
            self._changing.of(package),
            self._unpacking,
            self._workplace(package) as incoming,
        ):
            (self._folder(package) / _DISCARDED).unlink(missing_ok=True)
            unpacking = Unpacking(self._content, incoming, self.missing_content(package), progress)
            self._require_room(package, unpacking.size)
            try:
                for volume in metadata.volumes:
                    unpacking.take_volume(self.volume(package, volume.name), volume, manifest)
                unpacking.finish()
            except BaseException:
                unpacking.undo()
                raise

    def delta(self, package: str, delta: Delta) -> Path:
        """Raises InvalidPackage when no delta is called so."""
        if delta_ends(delta.name) != (delta.package, delta.base):
            raise InvalidPackage(f"{delta.name!r} is no name of a delta from {delta.base} to {delta.package}")
        return self._volumes(package) / delta.name

    def deltas(self, package: str) -> Sequence[Delta]:
        with translated(f"the deltas of {package} cannot be looked at"):
            files = sorted((self._folder(package) / _VOLUMES).glob(f"*{SUFFIX}"))
            found = [(file.name, file.stat().st_size) for file in files]
        return [delta for name, size in found if (delta := Delta.called(name, size)) is not None]

    def rebuild(self, package: str, route: Route, progress: Progress) -> None:
        hops = [
            Hop(self.delta(package, delta), self._listed(delta.package), self._listed(delta.base))
            for delta in route
        ]
        with (
            translated(f"{package} cannot be made with deltas"),
            self._changing.of(package),
            self._unpacking,
            self._workplace(package) as incoming,
        ):
            (self._folder(package) / _DISCARDED).unlink(missing_ok=True)
            try:
                with Rebuilding(self._content, incoming, hops, self.missing_content(package)) as rebuilding:
                    self._require_room(package, rebuilding.size)
                    rebuilding.run(progress)
            except (InvalidPackage, TrustError):
                _remove(hops)
                raise
            _remove(hops)

    def _listed(self, package: str) -> Listed:
        return Listed(package, self.manifest(package), self.metadata(package).manifest_sha256)

    def content(self, file: ContentFile) -> Path:
        with translated(f"the content of {file.path} cannot be looked at"):
            here = self._content.has(file)
        if not here:
            raise NotFound(f"the content of {file.path} is not here", hint="Prepare the update again.")
        return self._content.path(file)

    def place(self, file: ContentFile) -> Path:
        """Where this content lies, or would lie."""
        return self._content.path(file)

    def is_whole(self, file: ContentFile) -> bool:
        """Whether its content is here and is what was signed. Reads it whole; blocks."""
        with translated("the content cannot be looked at"):
            return self._content.is_whole(file)

    def packages(self) -> list[str]:
        """Those that name content: they were not discarded."""
        with translated("the packages cannot be looked at"):
            folders = [folder for folder in self._packages.iterdir() if (folder / METADATA).is_file()]
        return sorted(folder.name for folder in folders if not (folder / _DISCARDED).exists())

    def drop_damaged(self, files: Sequence[ContentFile]) -> Sequence[ContentFile]:
        with translated("the content cannot be looked at"):
            damaged = [file for file in files if not self._content.is_whole(file)]
            for file in damaged:
                self._content.remove(file.sha256)
        return damaged

    def has_volumes(self, package: str) -> bool:
        """Whether anything lies where the package's volumes lie."""
        folder = self._folder(package) / _VOLUMES
        with translated(f"the volumes of {package} cannot be looked at"):
            return folder.is_dir() and any(folder.iterdir())

    def drop_volumes(self, package: str) -> None:
        """Remove the package's volumes; its content stays. None is no harm."""
        with translated(f"the volumes of {package} cannot be removed"), self._changing.of(package):
            shutil.rmtree(self._folder(package) / _VOLUMES, ignore_errors=True)

    def is_discarded(self, package: str) -> bool:
        """Whether the package was discarded, or was never here."""
        folder = self._folder(package)
        return not folder.is_dir() or ((folder / _DISCARDED).exists() and not self.has_volumes(package))

    def discard(self, package: str) -> None:
        """Remove the package's volumes, and content that no other package here names. Its documents stay.
        An unknown package is no harm.

        Raises:
            DigestMismatch: another package's manifest is damaged, so that what it names is not known; the
                volumes are gone, the content is not.
        """
        folder = self._folder(package)
        with translated(f"{package} cannot be discarded"), self._changing.of_all():
            if not folder.is_dir():
                return
            # The mark comes first: cut short after it, the next discard goes on.
            (folder / _DISCARDED).touch()
            sync_folder(folder)
            shutil.rmtree(folder / _VOLUMES, ignore_errors=True)
            named = self._named_content()
            for digest in list(self._content.digests()):
                if digest not in named:
                    self._content.remove(digest)

    def _named_content(self) -> set[str]:
        """Digests of the content that the packages here name, but for discarded ones."""
        named: set[str] = set()
        for package in self.packages():
            named.update(file.sha256 for file in self.manifest(package).files)
        return named

    @contextmanager
    def _workplace(self, package: str) -> Iterator[Path]:
        folder = Path(mkdtemp(prefix=f"{package}.", dir=self._incoming))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _require_room(self, package: str, size: int) -> None:
        free = self._free_bytes(self._content.folder)
        if size and free < size + SPARE_BYTES:
            raise NoSpace(
                f"unpacking {package} takes {size} bytes in {self._content.folder}, free are {free}",
                hint=f"Free {size + SPARE_BYTES - free} bytes more there, then try again.",
            )

    def _folder(self, package: str) -> Path:
        problem = package_name_problem(package)
        if problem:
            raise InvalidPackage(problem)
        return self._packages / package


def _remove(hops: Sequence[Hop]) -> None:
    for hop in hops:
        hop.path.unlink(missing_ok=True)


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
