"""The page that a case is read from on the other side: opens in any browser, needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from pitstop.wire.case_views import CaseDocument
from pitstop.wire.formats import duration, instant, spoken
from pitstop.wire.offline_page import fact_list, offline_page
from pitstop.wire.views import FindingView

_MORE: Final = """ <code>pitstop case verify FILE</code> checks
that all of it is as the system has signed it; <code>pitstop case view FILE</code> opens it as that system's
portal, to be read only."""


def case_page(document: CaseDocument, help_says: str) -> str:
    case = document.case
    title = f"Case {case.number}: {case.title}"
    body = [f"<h1>{escape(title)}</h1>", *_head(document, help_says)]
    body += ["<h2>What has happened</h2>", f"<pre>{escape(case.text)}</pre>", *_entries(document)]
    body += ["<h2>Active alerts</h2>", *_findings([alert.finding for alert in document.alerts])]
    body += ["<h2>Runs</h2>", *_runs(document)]
    return offline_page(title, body, _MORE)


def _head(document: CaseDocument, help_says: str) -> Iterator[str]:
    case, system, support = document.case, document.system, document.support
    contact = document.contact
    facts = [
        ("Severity", case.impact),
        ("System", f"{system.name}, {system.hardware_model}"),
        ("Versions", ", ".join(f"{each.product} {each.version}" for each in system.package_versions)),
        ("Support", f"{spoken(support.status).words}, {support.position}. {support.why}"),
        ("Entitled to", help_says),
        ("Asked", f"{contact.name}, {contact.number}".rstrip(", ") if contact else ""),
        ("Their reference", case.reference),
        ("Opened", f"{instant(case.opened)} by {case.opened_by}"),
        ("Span", f"{instant(case.since)} to {instant(case.until)}"),
        ("Run", case.run or ""),
    ]
    yield fact_list(facts)


def _entries(document: CaseDocument) -> Iterator[str]:
    for entry in document.case.entries:
        whose = "from the other side, entered" if entry.theirs else "written"
        yield f"<h3>{escape(instant(entry.at))}, {whose} by {escape(entry.by)}</h3>"
        yield f"<pre>{escape(entry.text)}</pre>"


def _findings(findings: Iterable[FindingView]) -> Iterator[str]:
    none = True
    for finding in findings:
        none = False
        yield f"<h3>{escape(finding.severity)}: {escape(finding.subject)}</h3><p>{escape(finding.what)}</p>"
        if finding.detail:
            yield f"<pre>{escape(finding.detail)}</pre>"
    if none:
        yield "<p>None.</p>"


def _runs(document: CaseDocument) -> Iterator[str]:
    if not document.runs:
        yield "<p>None in the span.</p>"
        return
    yield "<table><caption>Newest first; the portal of this file has their trees</caption>"
    yield "<tr><th>Run</th><th>Update</th><th>State</th><th>Began</th><th>Took</th><th>What failed</th></tr>"
    for run in document.runs:
        failed = run.finding.what if run.finding else ""
        cells = (run.id[:8], run.update, spoken(run.state).words, instant(run.started), duration(run.seconds))
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in (*cells, failed))}</tr>"
    yield "</table>"
