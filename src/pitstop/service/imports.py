"""Imports: handing files over, seeing what came of them, and the watched folder.

An upload comes file by file and piece by piece, and goes on where it was, also after a restart; until it is
finished nothing is looked into, and one that nobody goes on with is removed after a while. One import is done
at a time. What it does is in :mod:`pitstop.service.importing`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Lock
from uuid import uuid4

from pitstop.engine.progress import Progress
from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import (
    Conflict,
    InvalidInput,
    InvalidMove,
    NoSpace,
    NotFound,
    PitstopError,
    StateUnusable,
    Unreachable,
)
from pitstop.model.findings import Finding, from_error
from pitstop.model.imports import (
    Handed,
    HandedFile,
    Import,
    ImportEvent,
    ImportState,
    moved,
)
from pitstop.ports.clock import Clock
from pitstop.ports.imports import Arrivals
from pitstop.ports.jobs import Jobs
from pitstop.ports.records import Alerts
from pitstop.service.audited import Audited
from pitstop.service.findings import finding_view
from pitstop.service.importing import Importing, Outcome
from pitstop.service.reports import portion_view
from pitstop.wire.views import (
    HandedFileView,
    ImportedPackageView,
    ImportedSourceView,
    ImportView,
    NewImport,
)

log = logging.getLogger(__name__)

IMPORT = "import"
"""The job that does an import; its key is the import's id."""

ABANDONED_AFTER = timedelta(days=2)
"""An upload that nobody goes on with is removed."""

REMEMBERED_FOR = timedelta(days=90)
"""How long it is remembered what came of an import."""

_MAY_MEND = (NoSpace, StateUnusable, Unreachable)
"""After these the uploaded files are kept, so that the import can be finished again without them."""

_UNATTENDED = frozenset({Handed.WATCHED, Handed.BUCKET})
"""Remembered for as long as the thing lies there, so that it is not imported again."""

_NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class ImportsService:
    """Implements :class:`pitstop.service.desk.ImportsDesk`."""

    arrivals: Arrivals
    importing: Importing
    jobs: Jobs
    alerts: Alerts
    audited: Audited
    clock: Clock
    progress: Progress = field(default_factory=Progress)
    _one: Lock = field(default_factory=Lock)

    # --- seeing ------------------------------------------------------------------------------------------

    def list(self, actor: Actor) -> tuple[ImportView, ...]:
        actor.require(Permission.SEE)
        return tuple(self._view(item) for item in self.arrivals.all())

    def show(self, actor: Actor, import_id: str) -> ImportView:
        actor.require(Permission.SEE)
        return self._view(self.arrivals.get(import_id))

    # --- handing over ------------------------------------------------------------------------------------

    def begin(self, actor: Actor, wanted: NewImport) -> ImportView:
        """Begin an upload, or import what lies at a path of this machine."""
        called = wanted.name or Path(wanted.path).name
        with self.audited.change(actor, Permission.OPERATE, "begin import", called[:_NAME_LIMIT]):
            name = _name_of(called)
            if bool(wanted.path) == bool(wanted.files):
                raise InvalidInput(
                    "an import is of files that are uploaded, or of a path, and of one of them"
                )
            if wanted.path:
                return self._view(self._by_path(actor.name, name, wanted.path, Handed.BY_PATH))
            files = tuple(HandedFile(file.name, file.size) for file in wanted.files)
            item = replace(self._uploaded(actor, name), files=files)
            self.arrivals.add(item)
            return self._view(item)

    def begin_form(self, actor: Actor, name: str, most: int) -> ImportView:
        with self.audited.change(actor, Permission.OPERATE, "begin import", name[:_NAME_LIMIT]):
            item = replace(self._uploaded(actor, _name_of(name)), open=True)
            self.arrivals.add(item, more=most)
            return self._view(item)

    def _uploaded(self, actor: Actor, name: str) -> Import:
        return Import(
            id=str(uuid4()),
            name=name,
            by=actor.name,
            handed=Handed.UPLOADED,
            state=ImportState.RECEIVING,
            created=self.clock.now(),
            kept=True,
        )

    def receive(self, actor: Actor, import_id: str, file: int, offset: int, chunk: bytes) -> int:
        """Take in the next bytes of a file; how many are here now. Quick; not in the audit log each time."""
        return self.arrivals.receive(self._receiving(actor, import_id), file, offset, chunk)

    def receive_named(self, actor: Actor, import_id: str, name: str, chunk: bytes) -> None:
        item = self._receiving(actor, import_id)
        if not item.open:
            raise Conflict(f"the files of import {item.name} were all named when it was begun")
        self.arrivals.receive_named(item, name, chunk)

    def _receiving(self, actor: Actor, import_id: str) -> Import:
        actor.require(Permission.OPERATE)
        item = self.arrivals.get(import_id)
        if item.state is not ImportState.RECEIVING:
            raise Conflict(f"import {item.name} is {item.state}: it takes in no files any more")
        return item

    def finish(self, actor: Actor, import_id: str) -> ImportView:
        """All files are here: import them. After some failures it can be asked for again."""
        item = self.arrivals.get(import_id)
        with self.audited.change(actor, Permission.OPERATE, "import", item.name):
            moved(item, ImportEvent.HANDED_OVER)
            item = self._closed(item)
            self._require_whole(item)
            return self._view(self.hand_over(item))

    def discard(self, actor: Actor, import_id: str) -> None:
        """Forget an import, and remove what was uploaded; what it brought into place stays."""
        item = self.arrivals.get(import_id)
        with self.audited.change(actor, Permission.OPERATE, "discard import", item.name):
            if item.state in (ImportState.WAITING, ImportState.IMPORTING):
                raise Conflict(f"import {item.name} is {item.state}", hint="Wait until it has ended.")
            self.arrivals.remove(item)

    def _by_path(self, by: str, name: str, path: str, handed: Handed, mark: str = "") -> Import:
        if not Path(path).is_absolute():
            raise InvalidInput(f"{path!r} is not an absolute path", hint="Such as /media/usb/transfer.")
        item = Import(
            id=str(uuid4()),
            name=name,
            by=by,
            handed=handed,
            state=ImportState.RECEIVING,
            created=self.clock.now(),
            path=path,
            mark=mark,
        )
        self.arrivals.contents(self.arrivals.place(item))
        self.arrivals.add(item)
        return self.hand_over(item)

    def begin_from_bucket(self, name: str, mark: str, files: Sequence[HandedFile]) -> Import:
        """Begin an import whose files are brought here from the watched bucket, with ``receive`` of the
        arrivals; then it is handed over. Raises as ``begin``."""
        item = Import(
            id=str(uuid4()),
            name=_name_of(name),
            by="pitstop",
            handed=Handed.BUCKET,
            state=ImportState.RECEIVING,
            created=self.clock.now(),
            files=tuple(files),
            mark=mark,
            kept=True,
        )
        self.arrivals.add(item)
        return item

    def hand_over(self, item: Import) -> Import:
        """All of it is here, or lies at its path: it is imported as soon as its turn comes."""
        waiting = replace(item, state=moved(item, ImportEvent.HANDED_OVER), ended=None, findings=())
        self.arrivals.update(waiting)
        self.jobs.submit(IMPORT, item.id)
        return waiting

    def _closed(self, item: Import) -> Import:
        """Of an open upload: that these are all its files."""
        if not item.open:
            return item
        if not item.files:
            raise InvalidInput("no files were chosen", hint="Choose the files that were carried here.")
        sizes = zip(item.files, self.arrivals.received(item), strict=True)
        return replace(item, open=False, files=tuple(replace(file, size=here) for file, here in sizes))

    def _require_whole(self, item: Import) -> None:
        if item.files and not item.kept:
            raise Conflict(f"the files of import {item.name} are gone", hint="Upload them again.")
        for file, here in zip(item.files, self.arrivals.received(item), strict=True):
            if here != file.size:
                raise Conflict(
                    f"{file.name} is not whole yet: {here} of {file.size} bytes are here",
                    hint=f"Go on from byte {here}.",
                )

    # --- doing -------------------------------------------------------------------------------------------

    async def work(self, import_id: str) -> None:
        """The job: does the import outside the event loop. A job that raises is done again, so that what has
        nothing to do says so in the log alone."""
        try:
            await asyncio.to_thread(self.do, import_id)
        except (NotFound, InvalidMove) as error:
            log.info("import %s is not done: %s", import_id, error)

    def do(self, import_id: str) -> None:
        """Do the import. Blocks. Whatever it ends with is written down, and never raised.

        Raises:
            NotFound, InvalidMove: there is nothing to do.
        """
        with self._one:
            item = self.arrivals.get(import_id)
            item = replace(item, state=moved(item, ImportEvent.BEGUN))
            self.arrivals.update(item)
            report = self.progress.reporter(item.id, "")
            try:
                contents = self.arrivals.contents(self.arrivals.place(item))
                outcome = self.importing.bring(contents, self.clock.now(), report)
            except PitstopError as error:
                outcome = Outcome()
                outcome.refuse(error, f"import {item.name}")
            except Exception as error:
                log.exception("import %s broke", item.id)
                outcome = Outcome()
                outcome.refuse(_broken(error), f"import {item.name}")
            finally:
                self.progress.forget(item.id, "")
            self._ended(item, outcome)

    def _ended(self, item: Import, outcome: Outcome) -> None:
        event = ImportEvent.ENDED_BADLY if outcome.refused else ImportEvent.ENDED_WELL
        ended = replace(
            item,
            state=moved(item, event),
            ended=self.clock.now(),
            sources=tuple(outcome.sources),
            packages=tuple(outcome.packages.values()),
            findings=tuple(outcome.findings),
        )
        self.arrivals.update(ended)
        if item.files and not _may_mend(outcome.findings):
            self.arrivals.drop_files(ended)
        if item.handed in _UNATTENDED:
            self._tell(ended)

    def _tell(self, item: Import) -> None:
        """Nobody stands by: what went wrong is an alert."""
        for finding in item.findings:
            if finding.blocks:
                self.alerts.raise_alert(finding, self.clock.now())

    def unfinished(self) -> tuple[str, ...]:
        """The imports that have been handed over, and have not ended: at its start the service goes on with
        them."""
        under_way = (ImportState.WAITING, ImportState.IMPORTING)
        return tuple(item.id for item in self.arrivals.all() if item.state in under_way)

    def drop_broken(self) -> None:
        """At the service's start: remove the forms that were under way at its end. They cannot go on."""
        for item in self.arrivals.all():
            if item.open:
                self.arrivals.remove(item)

    # --- the watched folder, and what is over ------------------------------------------------------------

    def look_into(self, folder: Path, marks: Mapping[str, str]) -> dict[str, str]:
        """Import what was put into the watched folder, once it has stood still between two looks.

        Args:
            marks: what the look before gave: by name, what tells one state of a thing from another.

        Returns:
            The same for the next look.
        """
        now = self.arrivals.marks(folder)
        known = set()
        for item in self.arrivals.all():
            if item.handed is Handed.WATCHED and item.ended is not None and item.name not in now:
                self.arrivals.remove(item)
            elif item.handed is Handed.WATCHED:
                known.add((item.name, item.mark))
        for name, mark in now.items():
            if marks.get(name) == mark and (name, mark) not in known:
                self._watched(folder / name, mark)
        return now

    def _watched(self, path: Path, mark: str) -> None:
        try:
            with self.audited.act("pitstop", "import", path.name, "watched folder"):
                self._by_path("pitstop", path.name, str(path), Handed.WATCHED, mark)
        except NotFound:
            log.info("%s holds nothing that could be imported", path)
        except PitstopError as error:
            log.warning("%s: %s", path, error)
            self.alerts.raise_alert(from_error(error, f"import {path.name}"), self.clock.now())

    def tidy(self) -> None:
        """Remove uploads that nobody went on with, and what has long been over."""
        now = self.clock.now()
        for item in self.arrivals.all():
            over = item.ended is not None and now - item.ended >= REMEMBERED_FOR
            waits = item.state is ImportState.RECEIVING and item.handed is Handed.UPLOADED
            idle = waits or (item.state is ImportState.FAILED and item.kept)
            if over and item.handed not in _UNATTENDED:
                self.arrivals.remove(item)
            elif idle and now - (item.ended or item.created) >= ABANDONED_AFTER:
                log.info("import %s (%s) was never finished: its files are removed", item.name, item.id)
                self.arrivals.remove(item)

    def _view(self, item: Import) -> ImportView:
        received = self.arrivals.received(item) if item.kept else [file.size for file in item.files]
        sizes = received if item.open else [file.size for file in item.files]
        return ImportView(
            id=item.id,
            name=item.name,
            by=item.by,
            handed=item.handed,
            path=item.path,
            state=item.state,
            created=item.created,
            ended=item.ended,
            files=tuple(
                HandedFileView(name=file.name, size=size, received=here)
                for file, size, here in zip(item.files, sizes, received, strict=True)
            ),
            sources=tuple(
                ImportedSourceView(source=part.source, standing=part.standing, made=part.made)
                for part in item.sources
            ),
            packages=tuple(
                ImportedPackageView(name=package.name, missing=package.missing) for package in item.packages
            ),
            findings=tuple(finding_view(finding) for finding in item.findings),
            kept=item.kept,
            progress=portion_view(self.progress.of(item.id, "")),
        )


def _name_of(name: str) -> str:
    if not name or len(name) > _NAME_LIMIT or not name.isprintable():
        raise InvalidInput("an import has a name, of printable characters, at most 200")
    return name


def _broken(error: Exception) -> PitstopError:
    return PitstopError(f"the import broke: {type(error).__name__}: {error}")


def _may_mend(findings: Sequence[Finding]) -> bool:
    return any(finding.code in {kind.code for kind in _MAY_MEND} for finding in findings)
