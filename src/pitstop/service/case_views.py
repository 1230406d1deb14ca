"""Cases as faces show them."""

from __future__ import annotations

from collections.abc import Sequence

from pitstop.model.cases import Case, CaseEntry, CaseKey, Contact
from pitstop.service.findings import finding_view
from pitstop.wire.case_views import CaseEntryView, CaseFileView, CaseKeyView, CaseView, ContactView


def case_view(case: Case, entries: Sequence[CaseEntry] = ()) -> CaseView:
    file = case.file
    return CaseView(
        number=case.number,
        title=case.title,
        impact=case.impact,
        text=case.text,
        contact=case.contact,
        state=case.state,
        opened=case.opened,
        opened_by=case.opened_by,
        since=case.since,
        until=case.until,
        run=case.run,
        reference=case.reference,
        closed=case.closed,
        file=CaseFileView(
            state=file.state,
            name=f"pitstop-case-{case.number}.zip",
            logs=file.logs,
            made=file.made,
            size=file.size,
            sha256=file.sha256,
            finding=finding_view(file.finding) if file.finding else None,
        ),
        entries=tuple(
            CaseEntryView(at=entry.at, by=entry.by, text=entry.text, theirs=entry.theirs) for entry in entries
        ),
    )


def contact_view(contact: Contact) -> ContactView:
    return ContactView(
        name=contact.name,
        party=contact.party,
        asks=contact.asks,
        phone=contact.phone,
        mail=contact.mail,
        url=contact.url,
        hours=contact.hours,
        number=contact.number,
        until=str(contact.until or ""),
    )


def key_view(key: CaseKey) -> CaseKeyView:
    return CaseKeyView(pem=key.pem, fingerprint=key.fingerprint)
