"""A run as faces show it: the head for lists, and the report with its tree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from pitstop.engine.progress import Portion
from pitstop.model.errors import NotFound
from pitstop.model.inner_steps import InnerStatus
from pitstop.model.run_actions import RunAction
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import DRIVEN, Run, RunPurpose, Step, StepStatus, Waiting
from pitstop.model.undoing import drained, passed_no_return, point_of_no_return
from pitstop.policy.likely import Likely
from pitstop.policy.time_left import HIGH, LOW, Outlook
from pitstop.service.findings import action_view, finding_view
from pitstop.steps.drain import WAS_OUT
from pitstop.wire.formats import clock_time, duration, lateness, percent, rate
from pitstop.wire.issue_views import OfferView
from pitstop.wire.views import PortionView, Range, RunReport, RunView, StepView, WaitingView

PortionOf = Callable[[str], Portion | None]

SHOWN_OUTPUT = 400
"""Characters of a step's output in a report, but for steps that have failed: reports of big trees are sent at
every change of a run. A step that is asked for by itself is shown with all."""

SHOWN_INNER = 20
"""Inner steps of a step in a report: the last ones."""


def portion_view(portion: Portion | None) -> PortionView | None:
    """What is under way, as faces show it; nothing where nothing says how far it has come."""
    if portion is None:
        return None
    return PortionView(
        done=portion.done,
        whole=portion.whole,
        percent=round(portion.percent, 1),
        rate=portion.rate,
        seconds_left=portion.seconds_left,
    )


def range_of(likely: Likely) -> Range:
    """What eight of ten take."""
    return Range(least=round(likely.within(LOW), 1), most=round(likely.within(HIGH), 1))


def usual_range(outlook: Outlook, index: str) -> Range | None:
    """None where it was not timed on this system."""
    usual = outlook.usual.get(index)
    return range_of(usual) if usual else None


def run_view(run: Run, title: str, actions: tuple[RunAction, ...], now: datetime) -> RunView:
    return RunView(
        id=run.id,
        update=run.update,
        title=title,
        purpose=run.purpose,
        state=run.state,
        phase=run.phase or "",
        attempt=run.attempt,
        revision=run.revision,
        from_version=run.from_version,
        to_version=run.to_version,
        requested_by=run.requested_by,
        started=run.created,
        ended=run.ended,
        seconds=((run.ended or now) - run.created).total_seconds(),
        finding=finding_view(run.finding) if run.finding else None,
        actions=tuple(action_view(action) for action in actions),
        windows=run.windows,
        goes_on=run.goes_on,
        with_updates=tuple(rider.update for rider in run.riders),
    )


def run_report(
    tree: RunTree,
    head: RunView,
    portion: PortionOf,
    now: datetime,
    outlook: Outlook,
    *,
    together: Portion | None = None,
    issues: tuple[OfferView, ...] = (),
) -> RunReport:
    """The whole report.

    Args:
        portion: says how far a step that is being done has come.
        together: how far all that are being done have come, taken together.
        issues: what the failed steps may be.
    """
    leaves = tree.leaves()
    return RunReport(
        run=head,
        percent=round(outlook.percent, 1),
        steps_done=sum(leaf.status is StepStatus.SUCCEEDED for leaf in leaves),
        steps_all=len(leaves),
        remaining=range_of(outlook.left) if outlook.left else None,
        now=tuple(
            _doing(leaf, portion(leaf.index), lateness(_step_view(tree, leaf, now, outlook)))
            for leaf in leaves
            if _is_active(tree.run, leaf)
        ),
        nodes_out_of_service=tuple(nodes_out_of_service(tree)),
        no_return=_no_return(tree),
        steps=tuple(_step_view(tree, place, now, outlook) for place in tree.children()),
        progress=portion_view(together) if tree.run.state in DRIVEN else None,
        next=_next(tree),
        issues=issues,
    )


def step_view(tree: RunTree, index: str, now: datetime, outlook: Outlook) -> StepView:
    """One place, with the whole of its own output and all its inner steps.

    Raises:
        NotFound: the run has no such place.
    """
    step = tree.steps.get(index)
    if step is None:
        raise NotFound(
            f"run {tree.run.id} has no step {index!r}", hint="Choose one that the run's tree shows."
        )
    view = _step_view(tree, step, now, outlook)
    inner = _inner(step, now, len(step.inner)) if step.is_leaf else view.steps
    return msgspec.structs.replace(view, output=step.output, steps=inner)


def nodes_out_of_service(tree: RunTree) -> dict[str, Step]:
    """The nodes that this run has taken out of service, or may have, and not put back yet: by name, the step
    that did it."""
    return {leaf.node: leaf for leaf in drained(tree) if leaf.node and leaf.record.get(WAS_OUT) != "yes"}


def _no_return(tree: RunTree) -> str:
    """The point after which the run can only go forward, in a line; empty where there is none."""
    passed = passed_no_return(tree)
    point = passed or point_of_no_return(tree)
    if point is None or tree.run.purpose is not RunPurpose.APPLY:
        return ""
    return f"step {point.index} {point.name}, {'passed' if passed else 'not reached yet'}"


def _is_active(run: Run, leaf: Step) -> bool:
    active = (StepStatus.IN_PROGRESS, StepStatus.WAITING)
    return run.state in DRIVEN and leaf.status in active


def _doing(leaf: Step, portion: Portion | None, late: str) -> str:
    how_far = f" ({_how_far(portion)})" if portion else ""
    waits = f": {_waits(leaf.waiting)}" if leaf.waiting else _at(leaf)
    lag = f", {late}" if late else ""
    return f"{_named(leaf)}{how_far}{waits}{lag}"


def _at(leaf: Step) -> str:
    """Which inner step is being done."""
    return next((f": {each.name}" for each in leaf.inner if each.status is InnerStatus.IN_PROGRESS), "")


def _named(leaf: Step) -> str:
    where = f" on {leaf.node}" if leaf.node and leaf.node not in leaf.name else ""
    return f"{leaf.index} {leaf.name}{where}"


def _next(tree: RunTree) -> str:
    """The first step in tree order, behind one that is being done, that has not begun."""
    leaves = tree.leaves()
    active = [number for number, leaf in enumerate(leaves) if _is_active(tree.run, leaf)]
    later = leaves[active[0] :] if active else ()
    return next((_named(leaf) for leaf in later if leaf.status is StepStatus.PENDING), "")


def _given_up(step: Step) -> datetime | None:
    """When the first try of a step that goes on is ended; of a further one only the first start is known."""
    if step.status is not StepStatus.IN_PROGRESS or step.started is None or step.attempt > 1:
        return None
    return step.started + step.deadline


def _waits(waiting: Waiting) -> str:
    since, until = clock_time(waiting.since), clock_time(waiting.until)
    return f"{waiting.reason}, since {since}, until {until} at most"


def _how_far(portion: Portion) -> str:
    """``43 %, 12 MB/s, 2 min 5 s left``; what is not known is left out."""
    said = [percent(portion.percent)]
    if portion.rate:
        said.append(rate(portion.rate))
        said.append(f"{duration(portion.seconds_left)} left")
    return ", ".join(said)


def _step_view(tree: RunTree, step: Step, now: datetime, outlook: Outlook) -> StepView:
    inner = tuple(_step_view(tree, child, now, outlook) for child in tree.children(step.index))
    inner = inner or _inner(step, now, SHOWN_INNER)
    status = tree.status(step.index)
    started, ended = _span(step, inner, status)
    return StepView(
        index=step.index,
        name=step.name,
        description=step.description,
        status=status,
        node=step.node,
        kind=step.kind,
        started=started,
        ended=ended,
        seconds=((ended or now) - started).total_seconds() if started else None,
        expected=step.expected.total_seconds() if step.expected else None,
        attempt=step.attempt,
        output=step.output if status is StepStatus.FAILED else _end_of(step.output),
        found_done=step.found_done,
        waiting=_waiting(step),
        finding=finding_view(step.finding) if step.finding else None,
        steps=inner,
        usual=usual_range(outlook, step.index),
        late=step.index in outlook.late,
        until=_given_up(step),
    )


def _inner(step: Step, now: datetime, shown: int) -> tuple[StepView, ...]:
    """What the step's tool has told of, as places below it: so many of them, the last ones."""
    before = max(0, len(step.inner) - shown)
    return tuple(
        StepView(
            index=f"{step.index}.{number}",
            name=each.name,
            description=each.said,
            status=each.status,
            node=each.node,
            kind=None,
            started=each.started,
            ended=each.ended,
            seconds=((each.ended or now) - each.started).total_seconds(),
            expected=None,
            attempt=step.attempt,
            output="",
            found_done=False,
            waiting=None,
            finding=None,
        )
        for number, each in enumerate(step.inner[before:], start=before + 1)
    )


def _end_of(output: str) -> str:
    return output if len(output) <= SHOWN_OUTPUT else f"…{output[1 - SHOWN_OUTPUT :]}"


def _span(
    step: Step, inner: tuple[StepView, ...], status: StepStatus
) -> tuple[datetime | None, datetime | None]:
    """Of a leaf, its own times; of a group, from its first start to (once all have ended) its last end."""
    if step.is_leaf:
        return step.started, step.ended
    started = min((child.started for child in inner if child.started), default=None)
    if status not in (StepStatus.SUCCEEDED, StepStatus.FAILED):
        return started, None
    return started, max((child.ended for child in inner if child.ended), default=None)


def _waiting(step: Step) -> WaitingView | None:
    if step.waiting is None:
        return None
    return WaitingView(reason=step.waiting.reason, since=step.waiting.since, until=step.waiting.until)
