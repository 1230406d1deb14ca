"""Support cases in memory, for faces: :class:`pitstop.service.desk.CasesDesk` without a state behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp

from pitstop.model.accounts import Actor, Permission
from pitstop.model.cases import (
    Case,
    CaseEntry,
    CaseEvent,
    CaseFile,
    CaseState,
    Contact,
    FileState,
    Impact,
    case_move,
)
from pitstop.model.errors import Conflict, InvalidInput, NotFound
from pitstop.policy.help import HELP_WORDS, Help
from pitstop.service.case_views import case_view, contact_view
from pitstop.wire.case_views import CaseKeyView, CaseOffer, CaseView, CaseWord, NewCase
from simulators.logs import FILE, NOW, READY

CONTACTS = (
    Contact(
        "Northstar support", "platform", ("deployment", "update"), "+1 555 0100", "help@northstar.example",
        "https://northstar.example/cases", "24 hours", "C-1001",
    ),
    Contact("Lumen", "oem", ("hardware",), phone="+1 555 0101"),
)  # fmt: skip


def _first() -> Case:
    return Case(
        1, "Lantern does not start on n3", Impact.A, "Since three.\nIt says <b>broken</b>.", CONTACTS[0].name,
        CaseState.ANSWERED, NOW, "ada", NOW, NOW,
        CaseFile(FileState.READY, READY, NOW, len(FILE), "0" * 64), reference="SR-42",
    )  # fmt: skip


@dataclass
class SimulatedCases:
    """Files are there at once. A test may put others in the place of cases."""

    cases: dict[int, Case] = field(default_factory=lambda: {1: _first()})
    said: list[tuple[int, CaseEntry]] = field(
        default_factory=lambda: [(1, CaseEntry(NOW, "ada", "Mend it.", theirs=True))]
    )

    def list(self, actor: Actor) -> tuple[CaseView, ...]:
        actor.require(Permission.READ_LOGS)
        return tuple(case_view(case) for case in reversed(self.cases.values()))

    def show(self, actor: Actor, number: int) -> CaseView:
        actor.require(Permission.READ_LOGS)
        return self._view(self._of(number))

    def offer(self, actor: Actor) -> CaseOffer:
        actor.require(Permission.READ_LOGS)
        return CaseOffer(
            contacts=tuple(map(contact_view, CONTACTS)), help=Help.FULL, says=HELP_WORDS[Help.FULL], runs=()
        )

    def key(self, actor: Actor) -> CaseKeyView:
        actor.require(Permission.READ_LOGS)
        return CaseKeyView(pem="-----BEGIN PUBLIC KEY-----\n", fingerprint="77ca 6df6")

    def open(self, actor: Actor, new: NewCase) -> CaseView:
        actor.require(Permission.COLLECT_LOGS)
        if not new.title.strip():
            raise InvalidInput("a title is one line of one to 200 characters")
        number = len(self.cases) + 1
        case = replace(
            _first(), number=number, title=new.title, impact=Impact(new.impact), text=new.text, run=new.run,
            contact=new.contact, state=CaseState.OPEN, file=CaseFile(FileState.MAKING, READY), reference="",
        )  # fmt: skip
        return self._put(case)

    def say(self, actor: Actor, number: int, word: CaseWord) -> CaseView:
        actor.require(Permission.COLLECT_LOGS)
        case = self._of(number)
        state = case_move(case, CaseEvent.ANSWERED if word.theirs else CaseEvent.WRITTEN)
        self.said.append((number, CaseEntry(NOW, actor.name, word.text, theirs=word.theirs)))
        return self._put(replace(case, state=state, reference=word.reference or case.reference))

    def close(self, actor: Actor, number: int) -> CaseView:
        actor.require(Permission.COLLECT_LOGS)
        case = self._of(number)
        return self._put(replace(case, state=case_move(case, CaseEvent.CLOSED), closed=NOW))

    def reopen(self, actor: Actor, number: int) -> CaseView:
        actor.require(Permission.COLLECT_LOGS)
        case = self._of(number)
        return self._put(replace(case, state=case_move(case, CaseEvent.REOPENED), closed=None))

    def renew(self, actor: Actor, number: int) -> CaseView:
        actor.require(Permission.COLLECT_LOGS)
        return self._put(replace(self._of(number), file=CaseFile(FileState.MAKING, READY)))

    def file(self, actor: Actor, number: int) -> Path:
        actor.require(Permission.READ_LOGS)
        if self._of(number).file.state is not FileState.READY:
            raise Conflict(f"the file of case {number} is being made", hint="See the case.")
        path = Path(mkdtemp(prefix="pitstop-case-")) / "case.zip"
        path.write_bytes(FILE)
        return path

    def _of(self, number: int) -> Case:
        if number not in self.cases:
            raise NotFound(f"there is no case {number}")
        return self.cases[number]

    def _put(self, case: Case) -> CaseView:
        self.cases[case.number] = case
        return self._view(case)

    def _view(self, case: Case) -> CaseView:
        return case_view(case, [entry for number, entry in self.said if number == case.number])
