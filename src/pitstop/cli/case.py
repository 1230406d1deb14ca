"""``pitstop case``: asking for support, with all that the other side needs in one signed file.

``verify`` and ``view`` are for that other side: they need no service.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.asking import text_from
from pitstop.cli.connection import connect, run_id_of
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import clean, field, finding_lines, note, paint, say, say_json, table
from pitstop.cli.saving import save as save_file
from pitstop.cli.system import AsJson
from pitstop.model.cases import IMPACT_WORDS, Impact
from pitstop.model.errors import InvalidInput
from pitstop.wire.case_views import CaseView, CaseWord, ContactView, NewCase
from pitstop.wire.formats import NOTHING, instant, size, spoken

if TYPE_CHECKING:
    from pitstop.client.client import PitstopClient

_LOOK_EVERY = 0.5

app = noun_app("Support cases: open, list, show, write, save, verify, view.")

Number = Annotated[int, typer.Argument(metavar="CASE", help="The case's number.", min=1)]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Come back at once.")]
KnownKey = Annotated[
    Path | None,
    typer.Option("--key", exists=True, dir_okay=False, help="The system's public key (`pitstop case key`)."),
]


@app.command("open")
def open_case(
    title: Annotated[str, typer.Argument(help="What it is about, in one line.")],
    *,
    impact: Annotated[
        Impact, typer.Option("--severity", help="A: critical, B: moderate, C: minimal.")
    ] = Impact.B,
    text: Annotated[
        str | None,
        typer.Option(help="What has happened; - for standard input."),
    ] = None,
    contact: Annotated[str, typer.Option(help="Who is asked: see `pitstop case contacts`.")] = "",
    run: Annotated[str | None, typer.Option(metavar="ID", help="The run that it is about.")] = None,
    hours: Annotated[
        float | None,
        typer.Option(
            help="Logs of the last so many hours; by default from before the run, or four.",
            show_default=False,
        ),
    ] = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Open a case. Its file is made of the logs of the span, runs, versions, findings and support status."""
    if text == "-":
        text = sys.stdin.read()
    said = text_from("What has happened", text, "Give it by --text, or - and standard input.")
    with connect() as client:
        about = run_id_of(client, run) if run else None
        new = NewCase(title=title, impact=impact, text=said, contact=contact, run=about, hours=hours)
        case = client.open_case(new)
        note(f"Case {case.number} is open. Its file is being made.")
        if not no_wait:
            case = _waited(client, case)
    _show(case, as_json=as_json)


@app.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """List all cases, newest first."""
    with connect() as client:
        cases = client.cases()
    if as_json:
        say_json(cases)
        return
    if not cases:
        note("No cases yet.")
        return
    rows = (
        (
            str(case.number),
            spoken(f"case-{case.state}").words,
            case.impact,
            instant(case.opened),
            spoken(case.file.state).words,
            case.contact or NOTHING,
            case.title,
        )
        for case in cases
    )
    for line in table(("CASE", "STATE", "SEVERITY", "OPENED", "FILE", "ASKED", "TITLE"), rows):
        say(line)


@app.command()
def show(case: Number, as_json: AsJson = False) -> None:
    """Show a case, with what was said."""
    with connect() as client:
        found = client.case(case)
    _show(found, as_json=as_json)


@app.command()
def contacts(as_json: AsJson = False) -> None:
    """Show whom to ask for what, and whether the policy entitles to support."""
    with connect() as client:
        offer = client.case_offer()
    if as_json:
        say_json(offer)
        return
    say(offer.says)
    if not offer.contacts:
        note("The settings name nobody yet: each is a [[contact]] there.")
    for contact in offer.contacts:
        say()
        for line in _contact_lines(contact):
            say(line)


@app.command()
def write(
    case: Number,
    text: Annotated[str, typer.Argument(help="What was said; - for standard input.")],
    *,
    theirs: Annotated[bool, typer.Option("--theirs", help="The other side has said it.")] = False,
    reference: Annotated[str, typer.Option(help="What they call this case.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write down what was said in a case, by us or by them."""
    said = sys.stdin.read() if text == "-" else text
    with connect() as client:
        found = client.say_to_case(case, CaseWord(text=said, theirs=theirs, reference=reference))
    if as_json:
        say_json(found)
    else:
        note(f"It is written down. Case {case}: {spoken(f'case-{found.state}').words.lower()}.")


@app.command()
def close(case: Number, as_json: AsJson = False) -> None:
    """Close a case. Nothing of it is lost."""
    with connect() as client:
        found = client.act_on_case(case, "close")
    _said(found, f"Case {case} is closed.", as_json=as_json)


@app.command()
def reopen(case: Number, as_json: AsJson = False) -> None:
    """Open a closed case again."""
    with connect() as client:
        found = client.act_on_case(case, "reopen")
    _said(found, f"Case {case} is open again.", as_json=as_json)


@app.command()
def renew(case: Number, no_wait: NoWait = False, as_json: AsJson = False) -> None:
    """Make the file anew, with what is known until now."""
    with connect() as client:
        found = client.act_on_case(case, "renew")
        if not no_wait:
            found = _waited(client, found)
    _show(found, as_json=as_json)


@app.command()
def save(
    case: Number,
    to: Annotated[Path, typer.Option("--to", help="Folder or file to save to.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Save a case's file; goes on where it was, if it was broken off."""
    with connect() as client:
        found = client.case(case)
        if found.file.state != "ready":
            raise InvalidInput(
                f"the file of case {case} is {found.file.state}", hint="See `pitstop case show`."
            )
        place = to / found.file.name if to.is_dir() else to
        save_file(partial(client.fetch_case, case), found.file.size, found.file.sha256, place)
    if as_json:
        say_json(found)
    else:
        say(str(place))


@app.command()
def key(as_json: AsJson = False) -> None:
    """Print the public key that the files of this system's cases are checked with: hand it over once."""
    with connect() as client:
        found = client.case_key()
    if as_json:
        say_json(found)
        return
    say(found.pem.rstrip())
    note(f"Fingerprint: {found.fingerprint}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The file of a case.")],
    known: KnownKey = None,
    as_json: AsJson = False,
) -> None:
    """Check that a file is whole, and what the system has signed. Needs no service.

    Without --key that says only that nobody has changed the file since: compare the fingerprint.
    """
    from pitstop.cli.case_checking import checked

    found = checked(file, known)
    if as_json:
        say_json(found)
        return
    for line in (
        *field("case", f"{found.case} of {clean(found.system)}, made on {instant(found.made)}"),
        *field("members", f"{found.members}, all as they were signed"),
        *field("signed by", found.fingerprint),
    ):
        say(line)
    if not found.known_key:
        note("Whose key that is, the file cannot say: compare the fingerprint with the operator's.")


@app.command()
def view(
    file: Annotated[Path, typer.Argument(help="The file of a case.")],
    known: KnownKey = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On loopback; 0: any that is free.")] = 0,
) -> None:
    """Open a file as that system's portal, as of when it was made, to be read only; until Ctrl-C.

    The file is checked before. Needs no service, and no sign-in.
    """
    from pitstop.daemon.case_portal import view_case

    view_case(file, known.read_text(encoding="utf-8") if known else None, port)


def _waited(client: PitstopClient, case: CaseView) -> CaseView:
    while case.file.state == "making":
        time.sleep(_LOOK_EVERY)
        case = client.case(case.number)
    return case


def _show(case: CaseView, *, as_json: bool) -> None:
    if as_json:
        say_json(case)
        return
    for line in case_lines(case):
        say(line)


def _said(case: CaseView, words: str, *, as_json: bool) -> None:
    if as_json:
        say_json(case)
    else:
        note(words)


def case_lines(case: CaseView) -> list[str]:
    """A case for people."""
    state, file = spoken(f"case-{case.state}"), case.file
    lines = [f"{paint(state.words, state.tone)}: case {case.number}, {clean(case.title)}"]
    lines += field("severity", f"{case.impact}: {IMPACT_WORDS[Impact(case.impact)]}")
    lines += field("asked", case.contact or "nobody yet")
    if case.reference:
        lines += field("reference", case.reference)
    lines += field("span", f"{instant(case.since)} to {instant(case.until)}")
    if case.run:
        lines += field("run", case.run)
    told = f", {size(file.size)}: pitstop case save {case.number}" if file.state == "ready" else ""
    lines += field("file", spoken(file.state).words.lower() + told)
    if file.finding:
        lines += ["", *finding_lines(file.finding)]
    lines += ["", f"{instant(case.opened)}, {clean(case.opened_by)}:", *_indented(case.text)]
    for entry in case.entries:
        who = f"{case.contact or 'the other side'} (entered by {entry.by})" if entry.theirs else entry.by
        lines += ["", f"{instant(entry.at)}, {clean(who)}:", *_indented(entry.text)]
    return lines


def _indented(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in clean(text).splitlines()]


def _contact_lines(contact: ContactView) -> list[str]:
    party = {"platform": "the platform", "oem": "the hardware", "service-provider": "a service provider"}
    lines = [f"{clean(contact.name)}, of {party[contact.party]}"]
    lines += field("about", ", ".join(contact.asks))
    hours = f" ({contact.hours})" if contact.hours else ""
    told = (
        ("phone", contact.phone + hours if contact.phone else ""),
        ("mail", contact.mail),
        ("site", contact.url),
        ("number", contact.number),
        ("entitled until", contact.until),
    )
    return lines + [line for name, text in told if text for line in field(name, text)]
