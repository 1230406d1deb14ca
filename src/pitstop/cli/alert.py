"""``pitstop alert``: findings that were raised, with what to do about them."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import finding_lines, note, say, say_json
from pitstop.cli.system import AsJson
from pitstop.wire.formats import instant
from pitstop.wire.views import AlertView

app = noun_app("Alerts: list, close.")


@app.command("list")
def list_alerts(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
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
def close(alert: Annotated[str, typer.Argument(help="The alert's id.")], as_json: AsJson = False) -> None:
    """Close an alert. If its cause is still there, it is raised again."""
    with connect() as client:
        closed = client.close_alert(alert)
    if as_json:
        say_json(closed)
        return
    note(f"Alert {closed.id} is closed.")


def alert_lines(alert: AlertView) -> list[str]:
    times = f"raised {instant(alert.raised)}"
    if alert.refreshed != alert.raised:
        times += f", seen again {instant(alert.refreshed)}"
    if alert.closed:
        times += f", closed {instant(alert.closed)} by {alert.closed_by}"
    return [f"{alert.id}  {times}", *(f"  {line}" for line in finding_lines(alert.finding))]
