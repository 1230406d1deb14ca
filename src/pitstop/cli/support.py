"""``pitstop support``: whether the system is supported, on any day, and what brings it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pitstop.cli.assumed import CatalogueFiles, Facts, Hardware, InstalledBuilds, Nodes, assumed
from pitstop.cli.connection import connect
from pitstop.cli.nouns import verb_app
from pitstop.cli.output import field, finding_lines, paint, say, say_json, table
from pitstop.cli.path import step_lines
from pitstop.cli.system import AsJson
from pitstop.wire.formats import NOTHING, spoken
from pitstop.wire.policy_formats import (
    days_text,
    ends_text,
    entitled_text,
    known_text,
    path_headline,
    support_headline,
    total_text,
)
from pitstop.wire.policy_views import FamilyBarView, PolicyDateView, SupportReport, TimelineView

OnDay = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="A day (UTC), past or future; today when left out."),
]


def support(
    *,
    at: OnDay = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="The families over time instead.")] = False,
    catalogue: CatalogueFiles = None,
    installed: InstalledBuilds = None,
    fact: Facts = None,
    hardware: Hardware = "",
    nodes: Nodes = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the system is supported and why, until when, and what brings it back with the least."""
    from pitstop.service.policy_support import support_report, timeline_view

    day = at.date() if at else None
    system = assumed(catalogue, installed, facts=fact, hardware=hardware, nodes=nodes)
    answer: SupportReport | TimelineView
    if system is None:
        with connect() as client:
            answer = client.timeline() if timeline else client.support(day)
    elif timeline:
        answer = timeline_view(system.graph, system.facts)
    else:
        answer = support_report(system.graph, system.facts, day)
    if as_json:
        say_json(answer)
        return
    lines = timeline_lines(answer) if isinstance(answer, TimelineView) else support_lines(answer)
    for line in lines:
        say(line)


def support_lines(report: SupportReport) -> list[str]:
    status = spoken(report.status)
    headline = support_headline(report, status.words)
    lines = [headline.replace(status.words, paint(status.words, status.tone), 1)]
    lines += field("why", report.why)
    family = f", family {report.current_family}" if report.current_family else ""
    lines += field("installed", f"{report.current_version or NOTHING}{family}")
    lines += field("supported", ", ".join(report.supported_families) or NOTHING)
    lines += field("contract", entitled_text(report.entitled))
    if report.ends is not None and report.status == "supported":
        lines += field("until", f"{ends_text(report.ends)}. {report.ends.why}")
    past = "; the past is judged by it too" if report.about == "past" else ""
    lines += field("knowledge", known_text(report.as_known_on) + past)
    if report.way_back is not None:
        lines += ["", f"The least that brings it into support: {path_headline(report.way_back)}"]
        lines += step_lines(report.way_back)
        if report.way_back.steps:
            lines += field("takes", total_text(report.way_back))
        lines += [f"  {line}" for finding in report.way_back.why_not for line in finding_lines(finding)]
    if report.findings:
        lines += ["", "To know"]
        lines += [f"  {line}" for finding in report.findings for line in finding_lines(finding)]
    return lines


def timeline_lines(timeline: TimelineView) -> list[str]:
    lines = table(
        ("FAMILY", "TODAY", "RELEASED", "SUPPORTED UNTIL"),
        ((bar.family, _today(bar), days_text(bar.released), _until(bar)) for bar in timeline.families),
    )
    for entry in timeline.exceptions:
        lines += field("exception", f"N-{entry.behind} is supported {_when(entry)}")
    for entry in timeline.ends:
        lines += field("fixed end", f"support ends {_when(entry)}")
    return [*lines, *field("knowledge", known_text(timeline.as_known_on))]


def _when(entry: PolicyDateView) -> str:
    last = f"with {entry.last_day} as the last day" if entry.last_day else ""
    parts = (
        f"while {entry.while_newest} is the newest" if entry.while_newest else "",
        f"from {entry.first_day}" if entry.first_day else "",
        last,
        f"for {', '.join((*entry.families, *entry.hardware))}" if entry.families or entry.hardware else "",
        f"if {' and '.join(entry.conditions)}" if entry.conditions else "",
        f"({entry.reason})" if entry.reason else "",
    )
    return " ".join(filter(None, parts))


def _until(bar: FamilyBarView) -> str:
    if bar.last_day is not None:
        return days_text(bar.last_day)
    return ends_text(bar.forecast).removeprefix("supported until ")


def _today(bar: FamilyBarView) -> str:
    words = (
        bar.position or "withdrawn",
        "supported" if bar.supported else "",
        "this system" if bar.current else "",
    )
    return ", ".join(filter(None, words))


app = verb_app(support)
