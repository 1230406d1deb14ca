"""Support cases: opening them, what is said about them, and the one file that is handed over.

The file is made in the background, once the logs of the span are collected; what the logs cannot have is no
reason to have no file. It can be made anew, with what is known then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from pitstop.model.accounts import Actor, Permission, Role
from pitstop.model.cases import Case, CaseEntry, CaseEvent, CaseFile, CaseState, FileState, Impact, case_move
from pitstop.model.errors import Conflict, InvalidInput, NotFound, PitstopError
from pitstop.model.findings import Finding, Severity
from pitstop.model.logs import Bundle, BundleState, is_over
from pitstop.ports.cases import CaseFiles, CaseParts, Cases
from pitstop.ports.jobs import Jobs
from pitstop.ports.logs import Shelf
from pitstop.ports.records import Runs
from pitstop.service.audited import Audited
from pitstop.service.case_documents import CaseDocuments
from pitstop.service.case_views import case_view, key_view
from pitstop.service.logs import LONGEST_SPAN, LogsService
from pitstop.wire.case_views import CaseKeyView, CaseOffer, CaseView, CaseWord, NewCase
from pitstop.wire.log_views import NewBundle

log = logging.getLogger(__name__)

MAKE = "make-case-file"
"""The job that makes a case's file; its key is the case's number."""

NOT_MADE = "case-file-not-made"
LONGEST_TITLE, LONGEST_TEXT = 200, 20_000
_LOOK_SECONDS = 1.0
_RUNS_OFFERED = 10
_NEWEST_RUNS = 5
_BEFORE_RUN = timedelta(minutes=10)
_ITSELF = Actor("pitstop", Role.ADMINISTRATOR, "cases")


@dataclass(frozen=True, slots=True)
class CasesService:
    """Implements :class:`pitstop.service.desk.CasesDesk`."""

    cases: Cases
    files: CaseFiles
    documents: CaseDocuments
    logs: LogsService
    shelf: Shelf
    runs: Runs
    jobs: Jobs
    audited: Audited

    # --- seeing ------------------------------------------------------------------------------------------

    def list(self, actor: Actor) -> tuple[CaseView, ...]:
        actor.require(Permission.READ_LOGS)
        return tuple(case_view(case) for case in self.cases.cases())

    def show(self, actor: Actor, number: int) -> CaseView:
        actor.require(Permission.READ_LOGS)
        return case_view(self.cases.case(number), self.cases.entries(number))

    def offer(self, actor: Actor) -> CaseOffer:
        actor.require(Permission.READ_LOGS)
        return self.documents.offer(_ITSELF, _RUNS_OFFERED)

    def key(self, actor: Actor) -> CaseKeyView:
        actor.require(Permission.READ_LOGS)
        return key_view(self.files.key())

    def file(self, actor: Actor, number: int) -> Path:
        with self.audited.change(actor, Permission.READ_LOGS, "fetch case", f"case {number}"):
            case = self.cases.case(number)
            if case.file.state is not FileState.READY:
                raise Conflict(
                    f"the file of case {number} is {case.file.state}", hint="Wait until it is ready."
                )
            path = self.files.file(number)
            if not path.is_file():
                raise NotFound(
                    f"the file of case {number} is not on this machine",
                    hint="Fetch it from the service that made it, or have it made anew here.",
                )
            return path

    # --- asking ------------------------------------------------------------------------------------------

    def open(self, actor: Actor, new: NewCase) -> CaseView:
        with self.audited.change(actor, Permission.COLLECT_LOGS, "open case", new.title[:LONGEST_TITLE]):
            impact = _checked(new)
            self.documents.require_contact(new.contact)
            bundle = self.logs.collect(actor, self._span(new))
            case = self.cases.open_case(
                Case(
                    number=0,
                    title=new.title.strip(),
                    impact=impact,
                    text=new.text,
                    contact=new.contact,
                    state=CaseState.OPEN,
                    opened=self.audited.clock.now(),
                    opened_by=actor.name,
                    since=bundle.since,
                    until=bundle.until,
                    file=CaseFile(FileState.MAKING, bundle.id),
                    run=bundle.run,
                )
            )
            self.jobs.submit(MAKE, str(case.number))
            return case_view(case)

    def say(self, actor: Actor, number: int, word: CaseWord) -> CaseView:
        what = "enter an answer to case" if word.theirs else "write to case"
        with self.audited.change(actor, Permission.COLLECT_LOGS, what, f"case {number}"):
            if not word.text.strip() or len(word.text) > LONGEST_TEXT:
                raise InvalidInput(f"what is said has one to {LONGEST_TEXT} characters")
            case = self.cases.case(number)
            state = case_move(case, CaseEvent.ANSWERED if word.theirs else CaseEvent.WRITTEN)
            case = replace(case, state=state, reference=word.reference.strip() or case.reference)
            entry = CaseEntry(self.audited.clock.now(), actor.name, word.text, theirs=word.theirs)
            self.cases.change(case, entry)
            return case_view(case, self.cases.entries(number))

    def close(self, actor: Actor, number: int) -> CaseView:
        with self.audited.change(actor, Permission.COLLECT_LOGS, "close case", f"case {number}"):
            case = self.cases.case(number)
            state = case_move(case, CaseEvent.CLOSED)
            return self._changed(replace(case, state=state, closed=self.audited.clock.now()))

    def reopen(self, actor: Actor, number: int) -> CaseView:
        with self.audited.change(actor, Permission.COLLECT_LOGS, "reopen case", f"case {number}"):
            case = self.cases.case(number)
            return self._changed(replace(case, state=case_move(case, CaseEvent.REOPENED), closed=None))

    def renew(self, actor: Actor, number: int) -> CaseView:
        """Make the file anew, with logs from the case's begin until now."""
        with self.audited.change(actor, Permission.COLLECT_LOGS, "renew case", f"case {number}"):
            case = self.cases.case(number)
            if case.file.state is FileState.MAKING:
                raise Conflict(f"the file of case {number} is being made", hint="Wait until it is ready.")
            now = self.audited.clock.now()
            bundle = self.logs.collect(actor, NewBundle(since=case.since, until=now, run=case.run))
            view = self._changed(replace(case, until=now, file=CaseFile(FileState.MAKING, bundle.id)))
            self.jobs.submit(MAKE, str(number))
            return view

    def _changed(self, case: Case) -> CaseView:
        self.cases.change(case)
        return case_view(case, self.cases.entries(case.number))

    def _span(self, new: NewCase) -> NewBundle:
        """The logs of the last hours; of a run, unless hours are said, those since before its begin.

        Raises:
            NotFound: there is no such run.
        """
        if new.run is None or new.hours is not None:
            return NewBundle(hours=new.hours, run=new.run)
        since = self.runs.run(new.run).created - _BEFORE_RUN
        return NewBundle(since=max(since, self.audited.clock.now() - LONGEST_SPAN), run=new.run)

    # --- doing -------------------------------------------------------------------------------------------

    def unfinished(self) -> tuple[str, ...]:
        """The cases whose file is to be made on this machine, which has their logs."""
        making = [case for case in self.cases.cases() if case.file.state is FileState.MAKING]
        return tuple(str(case.number) for case in making if self._bundle(case) is not None)

    async def work(self, key: str) -> None:
        """The job: makes the file. Whatever it ends with is written down, and never raised."""
        number = int(key)
        while await asyncio.to_thread(self._waits_for_logs, number):  # noqa: ASYNC110 - another job's end
            await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.to_thread(self._make, number)

    def _waits_for_logs(self, number: int) -> bool:
        bundle = self._bundle(self.cases.case(number))
        return bundle is not None and not is_over(bundle)

    def _make(self, number: int) -> None:
        case = self.cases.case(number)
        if case.file.state is not FileState.MAKING:
            return
        try:
            size, digest = self._made(case)
        except PitstopError as error:
            made = replace(case.file, state=FileState.FAILED, finding=_not_made(case, error))
        except Exception as error:
            log.exception("making the file of case %s broke", number)
            broken = PitstopError(f"it broke: {type(error).__name__}: {error}")
            made = replace(case.file, state=FileState.FAILED, finding=_not_made(case, broken))
        else:
            now = self.audited.clock.now()
            made = replace(case.file, state=FileState.READY, made=now, size=size, sha256=digest)
        self.cases.change(replace(self.cases.case(number), file=made))

    def _made(self, case: Case) -> tuple[int, str]:
        documents = self.documents.of(_ITSELF, case, self.cases.entries(case.number))
        parts = CaseParts(documents, self._logs_of(case), self._runs_of(case))
        return self.files.make(case.number, parts)

    def _logs_of(self, case: Case) -> Path | None:
        bundle = self._bundle(case)
        return self.shelf.file(bundle) if bundle and bundle.state is BundleState.READY else None

    def _bundle(self, case: Case) -> Bundle | None:
        """The logs of its span; None: another machine has them, or they were removed."""
        try:
            return self.shelf.get(case.file.logs)
        except NotFound:
            return None

    def _runs_of(self, case: Case) -> Sequence[str]:
        """The case's own, those of the span, and the newest, to compare with."""
        runs = self.runs.runs()
        within = [
            run.id
            for run in runs
            if run.created <= case.until and (run.ended is None or run.ended >= case.since)
        ]
        wanted = [*([case.run] if case.run else []), *within, *(run.id for run in runs[:_NEWEST_RUNS])]
        return list(dict.fromkeys(wanted))


def _checked(new: NewCase) -> Impact:
    """Raises InvalidInput."""
    if not new.title.strip() or len(new.title) > LONGEST_TITLE or not new.title.isprintable():
        raise InvalidInput(f"a title is one line of one to {LONGEST_TITLE} characters")
    if not new.text.strip() or len(new.text) > LONGEST_TEXT:
        raise InvalidInput(f"what has happened is said in one to {LONGEST_TEXT} characters")
    try:
        return Impact(new.impact)
    except ValueError:
        raise InvalidInput(f"{new.impact!r} is no severity of a case", hint="It is A, B or C.") from None


def _not_made(case: Case, error: PitstopError) -> Finding:
    return Finding(
        NOT_MADE,
        Severity.WARNING,
        f"case {case.number}",
        f"The file of the case was not made: {error.message}",
        f"{error.hint} Then have it made anew.",
        impact="There is nothing to hand over yet; what was said in the case is kept.",
    )
