"""A run as a report that a tired person can act on.

From where to where, where it is, how long, how long still, what it waits for and since when, what is out of
service; then what failed, what that means and what to do; then the tree. What is told about time is told by
the service's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pitstop.cli.issue_report import offers_lines
from pitstop.cli.output import clean, field, finding_lines, paint
from pitstop.wire.formats import (
    Tone,
    count,
    duration,
    duration_range,
    ending,
    instant,
    percent,
    spoken,
    until,
    usually,
)
from pitstop.wire.views import FindingView, RunReport, RunView, StepView, leaves

MARKS = {
    "succeeded": "[done]",
    "in-progress": "[now]",
    "waiting": "[waits]",
    "failed": "[FAILED]",
    "pending": "[ ]",
}
_MARK_WIDTH = 8


BY = "pitstop run"


def report_lines(report: RunReport, *, everything: bool = False, by: str = BY) -> list[str]:
    """The whole report; done and pending groups are folded unless ``everything`` is asked for.

    ``by``: the command that has the verbs which it names.
    """
    return [
        *head_lines(report),
        *_failure(report),
        *_next(report.run, by),
        "",
        "Steps",
        *tree(report, everything),
    ]


def head_lines(report: RunReport) -> list[str]:
    """The part above the tree."""
    run, state = report.run, spoken(report.run.state)
    lines = [f"{paint(state.words, state.tone)}: {run.update}, {clean(run.title)}"]
    lines += field("from, to", f"{run.from_version} -> {run.to_version}")
    lines += field("run", f"{run.id}, attempt {run.attempt}, asked for by {run.requested_by}")
    lines += field("time", _time(run))
    lines += field(
        "progress", f"{percent(report.percent)}, {report.steps_done} of {count(report.steps_all, 'step')}"
    )
    if run.is_going_on:
        lines += field("left", _left(report))
    if run.goes_on is not None:
        lines += field("goes on", f"by itself at {instant(run.goes_on)}, when a maintenance window opens")
    if report.no_return:
        lines += field("no return", report.no_return)
    lines += _doing(report)
    if report.nodes_out_of_service:
        lines += field("out of service", ", ".join(report.nodes_out_of_service))
    return lines


def tree(report: RunReport, everything: bool) -> list[str]:
    """One line for each place; a group that is done or pending is one line, unless everything is shown."""
    return list(_branch(report.steps, everything, 0))


def step_line(step: StepView, indent: int = 0) -> str:
    """Mark, index, name, and how long it took or takes."""
    mark = paint(MARKS.get(step.status, f"[{step.status}]").ljust(_MARK_WIDTH), spoken(step.status).tone)
    more = ", ".join(part for part in _remarks(step) if part)
    where = f" on {step.node}" if step.node and not indent and step.node not in step.name else ""
    name = f"{'  ' * indent}{step.index} {clean(step.name)}{where}"
    return f"  {mark}  {name}{f'  ({more})' if more else ''}"


def _remarks(step: StepView) -> Iterator[str]:
    if step.seconds is not None:
        yield duration(step.seconds)
    if _running(step):
        yield paint("late", Tone.WARN) if step.late else ""
        yield usually(step)
    if step.attempt > 1:
        yield f"try {step.attempt}"
    if step.found_done:
        yield "was done already"


def _running(step: StepView) -> bool:
    return step.status in ("in-progress", "waiting")


def _branch(steps: tuple[StepView, ...], everything: bool, indent: int) -> Iterator[str]:
    for step in steps:
        yield step_line(step, indent)
        if everything or step.status not in ("succeeded", "pending"):
            if step.kind is None:
                yield from _branch(step.steps, everything, indent + 1)
            else:
                yield from (inner_line(each, indent + 1) for each in step.steps)


def inner_line(inner: StepView, indent: int = 0) -> str:
    """As ``step_line``, and how it ended."""
    return f"{step_line(inner, indent)}{f': {clean(inner.description)}' if inner.description else ''}"


def _time(run: RunView) -> str:
    if run.ended is None:
        return f"for {duration(run.seconds)}, since {instant(run.started)}"
    return f"{duration(run.seconds)}, {instant(run.started)} to {instant(run.ended)}"


def _left(report: RunReport) -> str:
    if report.remaining is None:
        return "not known yet"
    end, aim = ending(report), until(report.run)
    return f"about {duration_range(report.remaining)} {aim}".rstrip() + (
        f", {end if aim else f'ends {end}'}" if end else ""
    )


def _doing(report: RunReport) -> list[str]:
    """What is being done; of what waits also for what, since when and until when."""
    now = report.run.started + timedelta(seconds=report.run.seconds)
    waiting = [step for step in leaves(report.steps) if step.status == "waiting" and step.waiting]
    places = {step.index for step in waiting}
    lines = []
    for doing in report.now:
        if doing.split(" ", 1)[0] not in places:
            lines += field("now", doing)
    for step in waiting:
        lines += field("now", f"{step.index} {step.name}") + _waits(step, now)
    return lines + (field("next", report.next) if report.next else [])


def _waits(step: StepView, now: datetime) -> list[str]:
    if step.waiting is None:
        return []
    waiting = step.waiting
    custom = f", {usually(step)}" if usually(step) else ""
    so_far = f"since {instant(waiting.since)} ({duration((now - waiting.since).total_seconds())}{custom})"
    return field("waits for", f"{waiting.reason}, {so_far}, until {instant(waiting.until)} at most")


def _failure(report: RunReport) -> list[str]:
    """What failed, where: the failed steps' findings, else the run's own."""
    failed = [step for step in leaves(report.steps) if step.status == "failed"]
    lines: list[str] = []
    for step in failed:
        lines += ["", f"Failed: step {step.index}, {clean(step.name)}"]
        if step.finding is not None:
            lines += [f"  {line}" for line in finding_lines(with_output(step.finding, step.output))]
        offers = [offer for offer in report.issues if offer.index == step.index]
        lines += ["", *(f"  {line}" for line in offers_lines(offers, report.run.id[:8]))] if offers else []
    if not failed and report.run.finding is not None:
        lines += ["", "Failed", *(f"  {line}" for line in finding_lines(report.run.finding))]
    return lines


def with_output(finding: FindingView, output: str) -> FindingView:
    """The finding with the step's output as its evidence, where it has none of its own."""
    if finding.detail or not output:
        return finding
    return FindingView(
        code=finding.code,
        severity=finding.severity,
        subject=finding.subject,
        what=finding.what,
        remedy=finding.remedy,
        impact=finding.impact,
        detail=output,
        links=finding.links,
        runbook=finding.runbook,
    )


def _next(run: RunView, by: str) -> list[str]:
    """What may be done with the run now."""
    open_now = [action.verb for action in run.actions]
    if not open_now:
        return []
    if "resume" not in open_now:
        return ["", f"Open now: {', '.join(f'{by} {verb} {run.id[:8]}' for verb in open_now)}"]
    others = [verb for verb in open_now if verb != "resume"]
    when = "When the cause is mended" if "failed" in run.state else "To go on"
    lines = ["", f"{when}: {by} resume {run.id[:8]}"]
    return lines + ([f"Or: {', '.join(f'{by} {verb} {run.id[:8]}' for verb in others)}"] if others else [])
