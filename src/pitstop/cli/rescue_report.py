"""What ``pitstop rescue status`` shows."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pitstop.cli.output import clean, field
from pitstop.cli.run_report import report_lines
from pitstop.wire.formats import count
from pitstop.wire.rescue_views import RescueStatus
from pitstop.wire.views import RunReport


def status_lines(status: RescueStatus) -> list[str]:
    """What works first, then the newest run as ``pitstop run show`` has it."""
    lines = [*_conditions(status)]
    if status.alerts:
        lines += field("alerts", f"{count(status.alerts, 'alert')} active: rescue findings")
    lines.append("")
    return lines + (_newest(status.run) if status.run else ["There is no run yet."])


def _newest(report: RunReport) -> list[str]:
    """With what the console itself can do about it."""
    offers = tuple(action for action in report.run.actions if action.verb in ("resume", "stop"))
    run = msgspec.structs.replace(report.run, actions=offers)
    return report_lines(msgspec.structs.replace(report, run=run), by="pitstop rescue")


def _conditions(status: RescueStatus) -> Iterator[str]:
    yield from field("service", f"runs, pid {status.service}" if status.service else "does not run here")
    yield from field("portal, API", f"down: {clean(status.faces)}" if status.faces else "answer")
    yield from field(
        "database", f"can only be read: {clean(status.database)}" if status.database else "can be written"
    )
