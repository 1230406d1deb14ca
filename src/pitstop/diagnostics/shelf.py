"""The bundles in the state folder: ``logs/bundles/<id>/`` with a record (``bundle.json``) and ``logs.zip``.

A file that is still being written is below ``work/`` there, and is its own final name only once it is whole
and on disk. Removing a bundle's folder forgets it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pitstop.diagnostics.disk import translated
from pitstop.model.errors import NotFound, PitstopError, StateUnusable
from pitstop.model.logs import Bundle
from pitstop.package.typed import from_json
from pitstop.ports.logs import FILE

_RECORD, _WORK = "bundle.json", "work"
_ID = re.compile(r"[0-9a-f-]{8,64}", re.ASCII)


class FileShelf:
    """Implements :class:`pitstop.ports.logs.Shelf`.

    Args:
        folder: made if need be.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, bundle: Bundle) -> None:
        with translated():
            folder = self._of(bundle.id)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(folder / _RECORD, msgspec.json.encode(bundle))

    def get(self, bundle_id: str) -> Bundle:
        try:
            return from_json((self._of(bundle_id) / _RECORD).read_bytes(), Bundle)
        except FileNotFoundError:
            raise NotFound(f"there is no log bundle {bundle_id}") from None
        except msgspec.DecodeError as error:
            raise StateUnusable(f"the record of log bundle {bundle_id} is damaged: {error}") from error

    def all(self) -> Sequence[Bundle]:
        found = []
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            try:
                found.append(self.get(folder.name))
            except PitstopError:
                continue  # cut short before its record was written, or damaged: nothing can be said of it
        return sorted(found, key=lambda bundle: bundle.created, reverse=True)

    def file(self, bundle: Bundle) -> Path:
        return self._of(bundle.id) / FILE

    def work(self, bundle: Bundle) -> Path:
        with translated():
            self.drop_work(bundle)
            folder = self._of(bundle.id) / _WORK
            folder.mkdir(parents=True, mode=0o700)
            return folder

    def seal(self, bundle: Bundle) -> tuple[int, str]:
        with translated():
            made = self._of(bundle.id) / _WORK / FILE
            with made.open("rb") as file:
                os.fsync(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = os.fstat(file.fileno()).st_size
            made.replace(self.file(bundle))
            _sync(self._of(bundle.id))
            self.drop_work(bundle)
        return size, digest

    def drop_work(self, bundle: Bundle) -> None:
        shutil.rmtree(self._of(bundle.id) / _WORK, ignore_errors=True)

    def remove(self, bundle: Bundle) -> None:
        folder = self._of(bundle.id)
        (folder / _RECORD).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def _of(self, bundle_id: str) -> Path:
        if not _ID.fullmatch(bundle_id):
            raise NotFound(f"there is no log bundle {bundle_id!r}")
        return self._folder / bundle_id


def _write(path: Path, content: bytes) -> None:
    """After a crash the file is the old one or the new one."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        _sync(path.parent)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
