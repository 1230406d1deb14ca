"""The watched bucket: what is put there is brought here, and imported once it stands still.

A folder of the bucket is one import; so is each volume of a transfer that lies at its top, and so is all else
at its top together, since a package's loose files belong together. What has come before a break is kept, and
the next look goes on with it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pitstop.model.errors import Conflict, NoSpace, PitstopError, StateUnusable, Unreachable
from pitstop.model.findings import from_error
from pitstop.model.imports import Handed, HandedFile, Import, ImportState
from pitstop.ports.buckets import Bucket, BucketFile
from pitstop.service.imports import ImportsService
from pitstop.wire.transfers import VOLUME_NAME

log = logging.getLogger(__name__)

LOOSE = "loose files"
"""What the import of the files at the bucket's top is called."""

_MEND = (Unreachable.code, Conflict.code, NoSpace.code, StateUnusable.code)
"""What may keep a thing from coming, and go by itself."""


@dataclass(frozen=True, slots=True)
class BucketWatch:
    """Looks into one bucket, again and again. Blocks while it fetches."""

    bucket: Bucket
    url: str
    imports: ImportsService

    def look(self, marks: Mapping[str, str]) -> Mapping[str, str]:
        """Import what has stood still since the look before.

        Args:
            marks: what the look before gave: by name, what tells one state of a thing from another.

        Returns:
            The same for the next look.

        Raises:
            Unreachable: the bucket cannot be looked into.
        """
        things = grouped(self.bucket.files())
        now = {name: _mark(files) for name, files in things.items()}
        known = {item.name: item for item in self.imports.arrivals.all() if item.handed is Handed.BUCKET}
        for name, item in known.items():
            if now.get(name) != item.mark and item.state not in (ImportState.WAITING, ImportState.IMPORTING):
                self.imports.arrivals.remove(item)  # it is gone, or another by now
        for name, mark in now.items():
            before = known.get(name)
            if marks.get(name) == mark and (before is None or before.mark != mark or _is_coming(before)):
                self._bring(name, mark, things[name], before if before and before.mark == mark else None)
        return now

    def _bring(self, name: str, mark: str, files: Sequence[BucketFile], begun: Import | None) -> None:
        try:
            item = begun or self._begun(name, mark, files)
            here = self.imports.arrivals.received(item)
            for number, (file, at) in enumerate(zip(files, here, strict=True)):
                self._fetch(item, number, file, at)
            self.imports.hand_over(item)
        except PitstopError as error:
            log.warning("%s of %s: %s", name, self.url, error)
            self.imports.alerts.raise_alert(from_error(error, _subject(name)), self.imports.clock.now())
        else:
            self._is_well(name)

    def _fetch(self, item: Import, number: int, file: BucketFile, at: int) -> None:
        """What lacks of a file. Raises Unreachable: less came than the bucket had said."""
        for chunk in self.bucket.read(file, at):
            at = self.imports.arrivals.receive(item, number, at, chunk)
        if at < file.size:
            raise Unreachable(f"{file.name} ended after {at} of {file.size} bytes")

    def _is_well(self, name: str) -> None:
        """What kept it from coming has gone."""
        for code in _MEND:
            self.imports.alerts.close_alerts(code, _subject(name), "pitstop", self.imports.clock.now())

    def _begun(self, name: str, mark: str, files: Sequence[BucketFile]) -> Import:
        inside = {file: file.name.removeprefix(f"{name}/") for file in files}
        with self.imports.audited.act("pitstop", "import", name, f"watched bucket {self.url}"):
            return self.imports.begin_from_bucket(
                name, mark, [HandedFile(inside[file], file.size) for file in files]
            )


def grouped(files: Sequence[BucketFile]) -> Mapping[str, Sequence[BucketFile]]:
    """By name of the import that they make together."""
    things: dict[str, list[BucketFile]] = {}
    for file in files:
        top, slash, _ = file.name.partition("/")
        if top.startswith("."):
            continue  # hidden, as in a watched folder
        name = top if slash or VOLUME_NAME.search(top) else LOOSE
        things.setdefault(name, []).append(file)
    return things


def _subject(name: str) -> str:
    return f"import {name}"


def _mark(files: Sequence[BucketFile]) -> str:
    said = "\n".join(f"{file.name}\t{file.size}\t{file.mark}" for file in files)
    return hashlib.sha256(said.encode()).hexdigest()


def _is_coming(item: Import) -> bool:
    return item.state is ImportState.RECEIVING
