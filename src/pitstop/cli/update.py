"""``pitstop update``: what there is, why not further, and going on with one."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.asking import confirm
from pitstop.cli.connection import connect
from pitstop.cli.following import follow
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import clean, field, finding_lines, note, paint, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.client.client import PitstopClient
from pitstop.client.problems import finding_of
from pitstop.model.errors import InvalidMove
from pitstop.model.runs import WindowUse
from pitstop.model.updates import Verb, action
from pitstop.wire.formats import count, duration_range, instant, size, spoken, under_way
from pitstop.wire.views import RunView, SystemView, UpdateView

app = noun_app("Updates: list, show, install.")

Name = Annotated[str, typer.Argument(help="The update's name, as `pitstop update list` shows it.")]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the run until it ends.")]


@app.command("list")
def list_updates(
    everything: Annotated[bool, typer.Option("--all", help="Also what is installed or superseded.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the updates, newest first, with their states and why they cannot go on yet."""
    with connect() as client:
        updates = client.updates()
    if as_json:
        say_json(updates)
        return
    shown = [item for item in updates if everything or item.state not in ("Installed", "Obsolete", "Invalid")]
    for line in update_lines(shown):
        say(line)
    if len(shown) < len(updates):
        note(f"{len(updates) - len(shown)} more that are installed, superseded or not for this system: --all")


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one update: all reasons, what it needs, what may be done with it now."""
    with connect() as client:
        update = client.update(name)
    if as_json:
        say_json(update)
        return
    for line in update_report(update):
        say(line)


@app.command()
def notes(name: Name) -> None:
    """Print the release notes (Markdown)."""
    with connect() as client:
        say(clean(client.notes(name)).rstrip("\n"))


@app.command()
def install(
    name: Name,
    watch: Watch = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    windows: Annotated[
        WindowUse,
        typer.Option(
            "--in-windows",
            help="Keep to the maintenance windows: `whole` begins in one that the run fits into, `spread` "
            "stops between batches when a window closes and goes on in the next.",
        ),
    ] = WindowUse.NONE,
    as_json: AsJson = False,
) -> None:
    """Prepare, check health, and install over all nodes."""
    with connect() as client:
        update = client.update(name)
        _require_open(update)
        question = install_question(update, client.system())
        confirm(question, yes=yes)
        _begun(client, client.start(name, Verb.APPLY, windows), watch=watch, as_json=as_json)


@app.command()
def prepare(name: Name, watch: Watch = False, as_json: AsJson = False) -> None:
    """Download, verify and check health; stop before anything is installed."""
    with connect() as client:
        _begun(client, client.start(name, Verb.PREPARE), watch=watch, as_json=as_json)


@app.command()
def check(name: Name, watch: Watch = False, as_json: AsJson = False) -> None:
    """Run the health check of a prepared update again."""
    with connect() as client:
        _begun(client, client.start(name, Verb.CHECK_HEALTH), watch=watch, as_json=as_json)


def install_question(update: UpdateView, system: SystemView) -> str:
    """What the operator agrees to."""
    installed = {item.product: item.version for item in system.package_versions}
    before = installed.get(update.product, system.current_version)
    takes = f", expected to take {duration_range(update.expected)}" if update.expected else ""
    restarts = " Nodes restart." if update.restarts_nodes else ""
    nodes = count(len(system.nodes), "node")
    return (
        f"Install {update.name} ({update.package_type}) on {system.name}, {nodes}: "
        f"{before} -> {update.version}{takes}.{restarts} Go on?"
    )


def update_lines(updates: list[UpdateView]) -> list[str]:
    rows = (
        (item.name, item.package_type, item.version, spoken(item.state).words, _why_not(item))
        for item in updates
    )
    return table(("NAME", "TYPE", "VERSION", "STATE", "WHY NOT YET"), rows)


def _why_not(update: UpdateView) -> str:
    if not update.reasons:
        return ""
    more = len(update.reasons) - 1
    return update.reasons[0].what + (f" (and {more} more)" if more else "")


def update_report(update: UpdateView) -> list[str]:
    state = spoken(update.state)
    said = state.words if state.words == update.state else f"{state.words} ({update.state})"
    lines = [f"{update.name}, {clean(update.title)}: {paint(said, state.tone)}"]
    facts = (
        ("publisher", f"{update.publisher} {update.product}"),
        ("type", update.package_type + (f", family {update.family}" if update.family else "")),
        ("version", update.version),
        ("released", update.released),
        ("installed", instant(update.installed) if update.installed else ""),
        ("size", size(update.size)),
        ("takes", duration_range(update.expected) if update.expected else ""),
        ("restarts", "nodes restart" if update.restarts_nodes else "no node restarts"),
        ("needs", _needs(update)),
        ("notes", update.notes_link),
        ("article", update.article_link),
        ("help", update.support_address),
        ("last run", update.last_run or ""),
        ("under way", under_way(update.progress)),
    )
    for name, text in facts:
        if text:
            lines += field(name, text)
    if update.description:
        lines += ["", clean(update.description)]
    if update.reasons:
        lines += ["", "Why not yet"]
        lines += [f"  {line}" for reason in update.reasons for line in finding_lines(reason)]
    if not update.actions:
        return [*lines, "", "Nothing is open now."]
    offers = ((_command(offer.verb, update), offer.says) for offer in update.actions)
    return [*lines, "", *table(("OPEN NOW", "WHAT IT DOES"), offers)]


def _needs(update: UpdateView) -> str:
    return ", ".join(dict.fromkeys(update.requires))


def _command(verb: str, update: UpdateView) -> str:
    of = (update.last_run or "")[:8] if verb == Verb.RESUME else update.name
    return f"{action(Verb(verb)).command} {of}".rstrip()


def _require_open(update: UpdateView) -> None:
    """Say no before anybody is asked to agree."""
    if any(offer.verb == Verb.APPLY for offer in update.actions):
        return
    offers = [_command(offer.verb, update) for offer in update.actions]
    state = spoken(update.state).words.lower()
    refused = InvalidMove(
        f"update {update.name} cannot be installed now: {state} ({update.state})",
        hint=f"Open now: {', '.join(offers)}" if offers else f"See `pitstop update show {update.name}`.",
    )
    refused.findings = tuple(finding_of(reason) for reason in update.reasons)
    raise refused


def _begun(client: PitstopClient, run: RunView, *, watch: bool, as_json: bool) -> None:
    if watch:
        note(f"Run {run.id} has begun.")
        follow(client, run.id, as_json=as_json)
    elif as_json:
        say_json(run)
    else:
        say(run.id)
        note(f"The run has begun. Follow it with: pitstop run watch {run.id[:8]}")
