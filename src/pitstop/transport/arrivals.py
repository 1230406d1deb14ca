"""What was handed over, in the state folder: ``imports/<id>/``.

``import.json`` says what it is and how far it has come; ``files/`` holds what was uploaded, each file under
its own path, which was checked when the import was begun. A file that is still coming is its final file,
shorter: how long it is says where the upload goes on. Removing an import's folder forgets it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

import msgspec

from pitstop.model.errors import (
    Conflict,
    InvalidInput,
    InvalidPackage,
    NoSpace,
    NotFound,
    PitstopError,
    StateUnusable,
    Unreachable,
)
from pitstop.model.imports import HandedFile, Import
from pitstop.package.content_paths import clash_problems, path_problem
from pitstop.package.site_layout import MEDIA_TIMESTAMP, METADATA_FOLDER
from pitstop.package.typed import from_json
from pitstop.ports.imports import Contents, Repository
from pitstop.transport import durable
from pitstop.transport.transfers import show
from pitstop.transport.trust import disk_error
from pitstop.transport.volume import SPARE, FreeSpace
from pitstop.wire.transfers import VOLUME_NAME

MAX_FILES = 20_000
_RECORD = "import.json"
_FILES = "files"
_ID = re.compile(r"[0-9a-f-]{8,64}", re.ASCII)
_MOST_LOOKED_AT = 10_000


class FileArrivals:
    """Implements :class:`pitstop.ports.imports.Arrivals`.

    Args:
        folder: made if need be.
    """

    def __init__(self, folder: Path, free: FreeSpace) -> None:
        self._folder = folder
        self._free = free
        self._appending = Lock()

    # --- imports -----------------------------------------------------------------------------------------

    def add(self, item: Import, more: int = 0) -> None:
        self._require_names(item)
        self._require_space(sum(file.size for file in item.files) + more)
        try:
            self._of(item.id).mkdir(parents=True, mode=0o700)
            durable.sync(self._folder)
        except FileExistsError:
            raise Conflict(f"there is an import {item.id} already") from None
        except OSError as error:
            raise disk_error(error) from error
        self.update(item)
        self._make_empty(item)

    def _make_empty(self, item: Import) -> None:
        """Files of no bytes are here at once: none will ever come for them."""
        for file in item.files:
            if file.size == 0:
                try:
                    self._append(self._of(item.id) / _FILES / file.name, b"")
                except OSError as error:
                    raise disk_error(error) from error

    def update(self, item: Import) -> None:
        try:
            durable.write(self._of(item.id) / _RECORD, msgspec.json.encode(item))
        except OSError as error:
            raise disk_error(error) from error

    def get(self, import_id: str) -> Import:
        try:
            return from_json((self._of(import_id) / _RECORD).read_bytes(), Import)
        except FileNotFoundError:
            raise NotFound(f"there is no import {import_id}") from None
        except msgspec.DecodeError as error:
            raise StateUnusable(f"the record of import {import_id} is damaged: {error}") from error

    def all(self) -> Sequence[Import]:
        found = []
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            try:
                found.append(self.get(folder.name))
            except PitstopError:
                continue  # cut short before its record was written, or damaged: nothing can be said of it
        return sorted(found, key=lambda item: item.created, reverse=True)

    def _of(self, import_id: str) -> Path:
        if not _ID.fullmatch(import_id):
            raise NotFound(f"there is no import {import_id!r}")
        return self._folder / import_id

    # --- files -------------------------------------------------------------------------------------------

    def _require_names(self, item: Import) -> None:
        names = [file.name for file in item.files]
        problems = [*filter(None, map(path_problem, names)), *clash_problems(names)]
        if len(names) > MAX_FILES:
            problems.insert(0, f"{len(names)} files, at most {MAX_FILES} are taken at once")
        if any(file.size < 0 for file in item.files):
            problems.append("a file has a size below zero")
        if problems:
            raise InvalidInput(f"these files cannot be taken: {problems[0]}")

    def _require_space(self, size: int) -> None:
        """Twice: it lies here, and is then brought into place."""
        if size == 0:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = self._free(self._folder)
        if free < 2 * size + SPARE:
            raise NoSpace(
                f"taking in {size} bytes needs {2 * size + SPARE} in {self._folder}, and {free} are free",
                hint="Free space there, or mount the medium on this machine and import it by its path.",
            )

    def received(self, item: Import) -> Sequence[int]:
        return [self._size(item, file.name) for file in item.files]

    def _size(self, item: Import, name: str) -> int:
        try:
            return (self._of(item.id) / _FILES / name).stat().st_size
        except FileNotFoundError:
            return 0

    def receive(self, item: Import, file: int, offset: int, chunk: bytes) -> int:
        if not 0 <= file < len(item.files):
            raise NotFound(f"import {item.id} has no file {file}")
        wanted = item.files[file]
        with self._appending:
            here = self._size(item, wanted.name)
            if offset != here:
                raise Conflict(
                    f"{wanted.name} is here up to byte {here}, and what came begins at {offset}",
                    hint=f"Go on from byte {here}.",
                )
            if here + len(chunk) > wanted.size:
                raise InvalidInput(f"{wanted.name} was to have {wanted.size} bytes, and more came")
            try:
                self._append(self._of(item.id) / _FILES / wanted.name, chunk)
            except OSError as error:
                raise disk_error(error) from error
        return here + len(chunk)

    def receive_named(self, item: Import, name: str, chunk: bytes) -> Import:
        with self._appending:
            item = self.get(item.id)
            if name not in (file.name for file in item.files):
                item = replace(item, files=(*item.files, HandedFile(name, 0)))
                self._require_names(item)
                self.update(item)
            try:
                self._append(self._of(item.id) / _FILES / name, chunk)
            except OSError as error:
                raise disk_error(error) from error
        return item

    def _append(self, path: Path, chunk: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        before = os.fstat(descriptor).st_size
        try:
            rest, at = memoryview(chunk), before
            while rest:
                written = os.pwrite(descriptor, rest, at)
                rest, at = rest[written:], at + written
        except OSError:
            os.ftruncate(descriptor, before)
            raise
        finally:
            os.close(descriptor)

    def place(self, item: Import) -> Path:
        return Path(item.path) if item.path else self._of(item.id) / _FILES

    def drop_files(self, item: Import) -> None:
        shutil.rmtree(self._of(item.id) / _FILES, ignore_errors=True)
        if item.kept:
            self.update(replace(item, kept=False))

    def remove(self, item: Import) -> None:
        shutil.rmtree(self._of(item.id), ignore_errors=True)

    def marks(self, folder: Path) -> dict[str, str]:
        """Number, bytes and newest change of the files of each thing in the folder. What is hidden, or is
        taken away meanwhile, is left out."""
        marks = {}
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not path.name.startswith("."):
                try:
                    marks[path.name] = _mark(path)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise Unreachable(f"{path} cannot be read: {error.strerror}") from error
        return marks

    # --- what lies there ---------------------------------------------------------------------------------

    def contents(self, place: Path) -> Contents:
        """Repositories (the place itself, or folders right below it), volumes of transfers, loose sets."""
        try:
            found = Contents(tuple(_repositories(place)), tuple(_loose(place)))
        except OSError as error:
            raise Unreachable(
                f"{place} cannot be read: {error.strerror or error}",
                hint="Check that the medium is mounted, and that the service may read it.",
            ) from error
        if not found.repositories and not found.loose:
            raise NotFound(
                f"there is nothing at {place} that could be imported",
                hint="It is a transfer's folder, volumes of one, or a package's XML file with its payload.",
            )
        return found


def _mark(path: Path) -> str:
    files = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
    said = [file.lstat() for file in files]
    return f"{len(files)}/{sum(one.st_size for one in said)}/{max(one.st_mtime_ns for one in said)}"


def _repositories(place: Path) -> Iterator[Repository]:
    if place.is_file():
        yield from _in_volume(place, certain=place.suffix == ".zip")
        return
    if not place.is_dir():
        return
    if _is_repository(place):
        yield Repository(place, place.name)
    for inner in _inside(place):
        if _is_repository(inner):
            yield Repository(inner, inner.name)
        elif inner.suffix == ".zip" and inner.is_file():
            yield from _in_volume(inner, certain=VOLUME_NAME.search(inner.name) is not None)


def _is_repository(folder: Path) -> bool:
    metadata = folder / METADATA_FOLDER
    return any((metadata / name).is_file() for name in ("timestamp.json", MEDIA_TIMESTAMP))


def _in_volume(path: Path, *, certain: bool) -> Iterator[Repository]:
    """The repositories in a volume. A zip file without an index is a package's payload and no volume; where
    only a volume can be meant, what is wrong with it is said."""
    try:
        index = show(path)
    except (NotFound, InvalidPackage):
        if certain:
            raise
        return
    for source in index.sources:
        yield Repository(path, source.folder, source.folder)


def _loose(place: Path) -> Iterator[Path]:
    if place.is_file():
        if place.suffix == ".xml":
            yield place
        return
    for folder in (place, *(inner for inner in _inside(place) if inner.is_dir() and not inner.is_symlink())):
        for file in _inside(folder):
            if file.suffix == ".xml" and file.is_file() and not file.is_symlink():
                yield file


def _inside(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = []
    for number, path in enumerate(sorted(folder.iterdir())):
        if number >= _MOST_LOOKED_AT:
            raise InvalidInput(
                f"{folder} holds more than {_MOST_LOOKED_AT} things: no medium that could be meant"
            )
        found.append(path)
    return found
