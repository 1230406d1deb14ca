"""``pitstop logs``: logs of the service, the runs and the nodes, in one file with secrets removed."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.asking import confirm
from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import field, finding_lines, note, paint, say, say_json, table
from pitstop.cli.saving import save as save_file
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.wire.formats import NOTHING, instant, size, spoken
from pitstop.wire.log_views import BundleView, CollectedView, NewBundle, SentView

if TYPE_CHECKING:
    from pitstop.client.client import PitstopClient

_LOOK_EVERY = 0.5

app = noun_app("Logs: collect, list, show, save, send.")

BundleId = Annotated[str, typer.Argument(metavar="ID", help="The bundle's id; its first characters will do.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Come back at once.")]


@app.command()
def collect(
    *,
    hours: Annotated[
        float | None, typer.Option(help="The last so many hours; by default four.", show_default=False)
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="From then on, such as 2026-03-14T03:00:00Z."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="By default now.")
    ] = None,
    node: Annotated[
        list[str] | None, typer.Option(help="This node; may be said again. By default all.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="The nodes of this role; may be said again.")] = None,
    run: Annotated[str | None, typer.Option(metavar="ID", help="With this run, whatever the span.")] = None,
    pseudonyms: Annotated[
        bool | None,
        typer.Option(
            "--pseudonyms/--true-names",
            help="Replace addresses and names, each by one other name. By default as the settings say.",
            show_default=False,
        ),
    ] = None,
    sos: Annotated[bool, typer.Option("--sos", help="With a report that each node makes with sos.")] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Collect logs and say what came of it. What cannot be had is named, with the reason.

    Secrets are removed on the way. Ctrl-C does not end it: `pitstop logs cancel` does.
    """
    wanted = NewBundle(
        since=since,
        until=until,
        hours=hours,
        nodes=tuple(node or ()),
        roles=tuple(role or ()),
        run=run,
        pseudonyms=pseudonyms,
        sos=sos,
    )
    with connect() as client:
        bundle = client.collect_logs(wanted)
        note(f"Logs {bundle.id} are being collected.")
        if not no_wait:
            bundle = _waited(client, bundle)
    _show(bundle, as_json=as_json)
    if bundle.state == "failed":
        raise typer.Exit(1)


@app.command("list")
def list_bundles(as_json: AsJson = False) -> None:
    """List all bundles, newest first."""
    with connect() as client:
        bundles = client.log_bundles()
    if as_json:
        say_json(bundles)
        return
    if not bundles:
        note("No logs were collected yet.")
        return
    for line in list_lines(bundles):
        say(line)


@app.command()
def show(
    bundle: BundleId,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Each single thing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a bundle holds, from where, what could not be had, and what was removed."""
    with connect() as client:
        found = _found(client, bundle)
    _show(found, everything=everything, as_json=as_json)


@app.command()
def save(
    bundle: BundleId,
    to: Annotated[Path, typer.Option("--to", help="Folder or file to save to.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Save a bundle as one file; goes on where it was, if it was broken off.

    It is a zip file: its index.html opens in any browser.
    """
    with connect() as client:
        found = _found(client, bundle)
        place = to / found.file_name if to.is_dir() else to
        save_file(partial(client.fetch_logs, found.id), found.size, found.sha256, place)
    if as_json:
        say_json(found)
        return
    say(str(place))


@app.command()
def send(
    bundle: BundleId,
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="A target of the service's settings.")],
    *,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Have the service send a bundle to a place that its settings name."""
    with connect() as client:
        found = client.send_logs(_found(client, bundle).id, to)
        while not no_wait and found.sent[-1].done is None:
            time.sleep(_LOOK_EVERY)
            found = client.log_bundle(found.id)
    if as_json:
        say_json(found)
    else:
        for line in _sent_lines(found.sent[-1]):
            say(line)
    if found.sent[-1].finding is not None:
        raise Unreachable(f"logs {found.id} were not sent to {to}", hint=found.sent[-1].finding.remedy)


@app.command()
def cancel(bundle: BundleId, as_json: AsJson = False) -> None:
    """Collect no further; nothing of it is kept."""
    with connect() as client:
        found = client.act_on_logs(_found(client, bundle).id, "cancel")
    _said(found, f"Logs {found.id} are not collected any further.", as_json=as_json)


@app.command()
def pin(bundle: BundleId, as_json: AsJson = False) -> None:
    """Keep a bundle, however old it gets and however little space there is."""
    with connect() as client:
        found = client.act_on_logs(_found(client, bundle).id, "pin")
    _said(found, f"Logs {found.id} stay.", as_json=as_json)


@app.command()
def unpin(bundle: BundleId, as_json: AsJson = False) -> None:
    """Keep a bundle no longer than others."""
    with connect() as client:
        found = client.act_on_logs(_found(client, bundle).id, "unpin")
    _said(found, f"Logs {found.id} stay until {instant(found.kept_until)}.", as_json=as_json)


@app.command()
def remove(bundle: BundleId, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove a bundle with its file."""
    with connect() as client:
        found = _found(client, bundle)
        confirm(f"Remove the logs {found.id} of {instant(found.created)}?", yes=yes)
        client.remove_logs(found.id)
    note(f"Logs {found.id} are removed.")


def _found(client: PitstopClient, text: str) -> BundleView:
    """The bundle whose id begins so.

    Raises:
        InvalidInput: several do. NotFound.
    """
    matching = [bundle for bundle in client.log_bundles() if bundle.id.startswith(text)]
    if len(matching) > 1:
        raise InvalidInput(f"{len(matching)} bundles begin with {text}", hint="Give more of the id.")
    return client.log_bundle(matching[0].id if matching else text)


def _waited(client: PitstopClient, bundle: BundleView) -> BundleView:
    """The bundle when it has ended; meanwhile how far it is."""
    said = 0
    while bundle.state in ("waiting", "collecting"):
        time.sleep(_LOOK_EVERY)
        bundle = client.log_bundle(bundle.id)
        if bundle.parts and bundle.parts_done != said:
            said = bundle.parts_done
            note(f"{said} of {bundle.parts} places are read.")
    return bundle


def _show(bundle: BundleView, *, everything: bool = False, as_json: bool) -> None:
    if as_json:
        say_json(bundle)
        return
    for line in bundle_lines(bundle, everything=everything):
        say(line)


def _said(bundle: BundleView, words: str, *, as_json: bool) -> None:
    if as_json:
        say_json(bundle)
    else:
        note(words)


def list_lines(bundles: tuple[BundleView, ...]) -> list[str]:
    rows = (
        (
            bundle.id[:8],
            instant(bundle.created),
            spoken(bundle.state).words + (", pinned" if bundle.pinned else ""),
            size(bundle.size) if bundle.size else NOTHING,
            str(bundle.failed) if bundle.failed else NOTHING,
            _reason(bundle),
        )
        for bundle in bundles
    )
    return table(("ID", "COLLECTED", "STATE", "SIZE", "FAILED", "WHY"), rows)


def _reason(bundle: BundleView) -> str:
    if bundle.why == "run-failed":
        return f"run {(bundle.run or '')[:8]} has failed"
    return f"asked for by {bundle.by}"


def bundle_lines(bundle: BundleView, *, everything: bool = False) -> list[str]:
    """A bundle for people: first what could not be had."""
    state = spoken(bundle.state)
    lines = [f"{paint(state.words, state.tone)}: logs {bundle.id}"]
    lines += field("why", _reason(bundle))
    lines += field("span", f"{instant(bundle.since)} to {instant(bundle.until)}")
    if bundle.size:
        lines += field("file", f"{bundle.file_name}, {size(bundle.size)}")
        lines += field("kept", "pinned: it stays" if bundle.pinned else f"until {instant(bundle.kept_until)}")
    if bundle.pseudonyms:
        lines += field("names", "pseudonyms")
    lines += _listed("Could not be collected:", bundle, "failed")
    if not everything:
        lines += _listed("Not whole:", bundle, "cut")
        lines += _listed("Left out:", bundle, "left-out")
    if bundle.collected:
        lines += ["", *(_all_of_it(bundle) if everything else _by_origin(bundle))]
    if bundle.removed:
        lines += ["", "Removed:", *(f"  {number:6} {name}" for name, number in bundle.removed.items())]
    for sent in bundle.sent:
        lines += ["", *_sent_lines(sent)]
    for finding in bundle.findings:
        lines += ["", *finding_lines(finding)]
    return lines


def _listed(title: str, bundle: BundleView, outcome: str) -> list[str]:
    """The things with this outcome, and why."""
    things = [thing for thing in bundle.collected if thing.outcome == outcome]
    lines = [line for thing in things for line in field(thing.origin, f"{thing.name}: {thing.note}")]
    return ["", title, *lines] if lines else []


def _by_origin(bundle: BundleView) -> list[str]:
    """A line for each place that was read."""
    origins: dict[str, list[CollectedView]] = {}
    for thing in bundle.collected:
        origins.setdefault(thing.origin, []).append(thing)
    rows = (
        (
            origin,
            str(sum(thing.lines for thing in things)),
            size(sum(thing.size for thing in things)),
            _outcomes(things),
        )
        for origin, things in origins.items()
    )
    return table(("FROM", "LINES", "SIZE", "THINGS"), rows)


def _outcomes(things: list[CollectedView]) -> str:
    """``2 collected (1 of them empty), 1 cut``."""
    said = []
    for outcome in ("collected", "cut", "left-out", "failed"):
        number = sum(thing.outcome == outcome for thing in things)
        empty = sum(thing.outcome == outcome == "collected" and not thing.size for thing in things)
        if number:
            words = spoken(outcome).words.lower()
            said.append(f"{number} {words}" + (f" ({empty} of them empty)" if empty else ""))
    return ", ".join(said)


def _all_of_it(bundle: BundleView) -> list[str]:
    return table(("FROM", "LINES", "SIZE", "OUTCOME", "WHAT"), map(_row, bundle.collected))


def _row(thing: CollectedView) -> tuple[str, ...]:
    what = f"{thing.name}: {thing.note}" if thing.note else thing.name
    return (thing.origin, str(thing.lines), size(thing.size), spoken(thing.outcome).words, what)


def _sent_lines(sent: SentView) -> list[str]:
    if sent.done is None:
        return [f"On its way to {sent.target} since {instant(sent.begun)}."]
    if sent.finding is None:
        return [f"Sent to {sent.target} on {instant(sent.done)}:", f"  {sent.place}"]
    return finding_lines(sent.finding)
