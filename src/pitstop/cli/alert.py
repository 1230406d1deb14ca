"""``pitstop alert``: findings that were raised, with what to do about them, and where they are sent on to."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import field, finding_lines, note, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.wire.alert_views import AlertView
from pitstop.wire.formats import NOTHING, instant, spoken

app = noun_app("Alerts: list, show, close; the channels that they are sent on by.")
channel_app = noun_app("Where alerts are sent on to: list, test.")
app.add_typer(channel_app, name="channel")

AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's id.")]


@app.command("list")
def list_alerts(
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are held back, and those that are closed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the active alerts, newest first, with what to do."""
    with connect() as client:
        alerts = client.alerts(active_only=not everything)
    if as_json:
        say_json(alerts)
        return
    if not alerts:
        note("No alerts." if everything else "No active alerts.")
    for alert in alerts:
        for line in alert_lines(alert):
            say(line)


@app.command()
def show(alert: AlertId, as_json: AsJson = False) -> None:
    """Show an alert: what it is, and what to do, step by step."""
    with connect() as client:
        shown = client.alert(alert)
    if as_json:
        say_json(shown)
        return
    for line in alert_lines(shown, in_full=True):
        say(line)


@app.command()
def close(
    alert: AlertId,
    reason: Annotated[str, typer.Option(help="Why: kept with the alert, and in the audit log.")] = "",
    as_json: AsJson = False,
) -> None:
    """Close an alert. If its cause is still there, it is raised again."""
    with connect() as client:
        closed = client.close_alert(alert, reason)
    if as_json:
        say_json(closed)
        return
    note(f"Alert {closed.id} is closed.")


@channel_app.command("list")
def list_channels(as_json: AsJson = False) -> None:
    """List the channels that the settings name, and how they do."""
    with connect() as client:
        channels = client.alert_channels()
    if as_json:
        say_json(channels)
        return
    if not channels:
        note("Alerts are sent nowhere. How to have them sent: docs/alerts.md.")
        return
    rows = [
        (
            each.name,
            each.says,
            each.at_least,
            instant(each.took),
            f"failed {each.failures} times: {each.problem}"
            if each.failures
            else "works"
            if each.took
            else NOTHING,
        )
        for each in channels
    ]
    for line in table(("name", "what", "from", "last took something", "now"), rows):
        say(line)


@channel_app.command("test")
def try_channel(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The channel's name.")], as_json: AsJson = False
) -> None:
    """Send a test message by a channel, and say whether it was taken."""
    with connect() as client:
        channel = client.test_alert_channel(name)
    if as_json:
        say_json(channel)
        return
    note(f"{channel.name} took it: {channel.says}.")


def alert_lines(alert: AlertView, *, in_full: bool = False) -> list[str]:
    times = f"raised {instant(alert.raised)}"
    if alert.refreshed != alert.raised:
        times += f", seen again {instant(alert.refreshed)}"
    if alert.closed:
        times += f", closed {instant(alert.closed)} by {alert.closed_by}"
        times += f": {alert.reason}" if alert.reason else ""
    elif alert.state == "held":
        times += ", held back until the update has ended"
    lines = [f"{alert.id}  {times}"]
    if alert.verdict:
        lines += [f"  The update: {spoken(alert.verdict).words.lower()}."]
    lines += [f"  {line}" for line in finding_lines(alert.finding)]
    if not in_full:
        return lines
    lines += ["", "  What to do:"]
    for number, step in enumerate(alert.steps, start=1):
        lines += field(f"  {number}.", step, label=4)
    lines += ["", *(f"  {link.words}: {link.url}" for link in alert.links)]
    return lines
