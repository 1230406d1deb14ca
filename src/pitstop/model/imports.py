"""An import: files that were handed over, from their first byte to what came of them.

Handed over are files (uploaded piece by piece), or a place on the service's own machine: a mounted medium, a
folder, what was put into the watched folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pitstop.model.errors import InvalidMove
from pitstop.model.findings import Finding


class ImportState(StrEnum):
    """``receiving``: files still come; ``waiting``: all is here, and it is next or soon; ``importing``: it is
    being judged and brought into place; then one of the two ends."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    IMPORTING = "importing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class ImportEvent(StrEnum):
    """What can happen to an import."""

    HANDED_OVER = "handed-over"
    BEGUN = "begun"
    ENDED_WELL = "ended-well"
    ENDED_BADLY = "ended-badly"


_S, _E = ImportState, ImportEvent
IMPORT_MOVES: dict[tuple[ImportState, ImportEvent], ImportState] = {
    (_S.RECEIVING, _E.HANDED_OVER): _S.WAITING,
    (_S.FAILED, _E.HANDED_OVER): _S.WAITING,  # once more, with what is still here
    (_S.WAITING, _E.BEGUN): _S.IMPORTING,
    (_S.IMPORTING, _E.BEGUN): _S.IMPORTING,  # taken up again after the service was away
    (_S.IMPORTING, _E.ENDED_WELL): _S.SUCCEEDED,
    (_S.IMPORTING, _E.ENDED_BADLY): _S.FAILED,
}
"""The one table of moves of an import."""


class Handed(StrEnum):
    """How it was handed over: the last two by being put where the service looks, a folder or a bucket."""

    UPLOADED = "uploaded"
    BY_PATH = "by-path"
    WATCHED = "watched"
    BUCKET = "bucket"


@dataclass(frozen=True, slots=True)
class HandedFile:
    """A file that is uploaded: its path in what is handed over, and the bytes that it will have."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ImportedSource:
    """What a publisher's part did for a source: ``standing`` is newer, same or older; ``made``: when it was
    signed for media."""

    source: str
    standing: str
    made: datetime | None


@dataclass(frozen=True, slots=True)
class ImportedPackage:
    """A package of which something was handed over; ``missing``: its volumes that are still not here."""

    name: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """One import.

    Attributes:
        name: what people call it, such as the name of the folder.
        path: where it lies on this machine; "" for uploads.
        mark: of what was found in the watched folder: by which it is known again.
        findings: what is to be said of it; of a failed one, why.
        kept: whether the uploaded files are still here.
        open: names and sizes of its files are what comes: a plain form's upload, which cannot go on after a
            break.
    """

    id: str
    name: str
    by: str
    handed: Handed
    state: ImportState
    created: datetime
    files: tuple[HandedFile, ...] = ()
    path: str = ""
    mark: str = ""
    ended: datetime | None = None
    sources: tuple[ImportedSource, ...] = ()
    packages: tuple[ImportedPackage, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    kept: bool = False
    open: bool = False


def moved(item: Import, event: ImportEvent) -> ImportState:
    """The state that ``event`` leads to.

    Raises:
        InvalidMove: the table has no such move; names import, state and event.
    """
    to = IMPORT_MOVES.get((item.state, event))
    if to is None:
        raise InvalidMove(f"import {item.name} ({item.id}) is {item.state} and cannot be {event}")
    return to
