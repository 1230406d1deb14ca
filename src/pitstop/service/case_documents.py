"""What the file of a case says by itself: for programs ``case.json``, for people ``index.html``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pitstop.model.accounts import Actor
from pitstop.model.cases import Case, CaseEntry, Contact
from pitstop.model.cleaning import Clean, cleaned
from pitstop.model.errors import InvalidInput
from pitstop.package.typed import converted
from pitstop.policy.help import HELP_WORDS, Help, help_of
from pitstop.policy.support import support
from pitstop.service.case_page import case_page
from pitstop.service.case_views import case_view, contact_view
from pitstop.service.desk import AlertsDesk, PolicyDesk, RunsDesk, SystemDesk
from pitstop.service.facts import Knowledge
from pitstop.wire.case_views import CaseDocument, CaseOffer

CASE, PAGE = "case.json", "index.html"


@dataclass(frozen=True, slots=True)
class CaseDocuments:
    """Attributes: ``clean``: a text without secrets."""

    contacts: Sequence[Contact]
    knowledge: Knowledge
    system: SystemDesk
    policy: PolicyDesk
    alerts: AlertsDesk
    runs: RunsDesk
    clean: Clean

    def require_contact(self, name: str) -> None:
        """Raises InvalidInput: the settings name no such contact."""
        names = [contact.name for contact in self.contacts]
        if name and name not in names:
            raise InvalidInput(
                f"there is no contact {name!r}",
                hint=f"There are: {', '.join(names)}."
                if names
                else "Contacts are [[contact]] in the settings.",
            )

    def offer(self, actor: Actor, runs: int) -> CaseOffer:
        wanted = self._help()
        return CaseOffer(
            contacts=tuple(contact_view(contact) for contact in self.contacts),
            help=wanted,
            says=HELP_WORDS[wanted],
            runs=self.runs.list(actor)[:runs],
        )

    def of(self, actor: Actor, case: Case, entries: Sequence[CaseEntry]) -> Mapping[str, bytes]:
        contact = next((each for each in self.contacts if each.name == case.contact), None)
        document = CaseDocument(
            case=case_view(case, entries),
            contact=contact_view(contact) if contact else None,
            help=self._help(),
            system=self.system.show(actor),
            support=self.policy.support(actor),
            alerts=self.alerts.list(actor, active_only=True),
            runs=tuple(run for run in self.runs.list(actor) if run.ended is None or run.ended >= case.since),
        )
        clean = converted(cleaned(msgspec.to_builtins(document), self.clean), CaseDocument)
        said = msgspec.json.format(msgspec.json.encode(clean), indent=2)
        return {CASE: said, PAGE: case_page(clean, HELP_WORDS[Help(clean.help)]).encode()}

    def _help(self) -> Help:
        return help_of(support(self.knowledge.graph(), self.knowledge.facts()))
