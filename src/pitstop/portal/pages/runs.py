"""``/runs``: runs, old and going on; one run with its tree, filling by itself; resuming it."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import Any, Final

import msgspec
from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Response, Stream

from pitstop.model.accounts import Permission
from pitstop.model.errors import NotFound, NotSignedIn, PitstopError
from pitstop.model.run_actions import RunVerb, run_action
from pitstop.portal.folding import fold
from pitstop.portal.rendering import HEADERS, go_to, in_path, render
from pitstop.portal.streams import OVER, run_stream
from pitstop.portal.visits import OpenVisit, OpenWatches, PortalRequest, Visit
from pitstop.service.desk import RUNS_LISTED
from pitstop.service.watching import ENDLESS, MEDIA_TYPE, Telling, frame
from pitstop.wire.formats import percent, spoken
from pitstop.wire.views import FindingView, RunReport, StepView, leaves, places

SHOW_ALL_UP_TO: Final = 60
"""Runs of at most so many steps are shown unfolded, finished parts too."""

RUNS_SHOWN: Final = 25
"""In sight on the page of all runs."""

IN_PROGRESS: Final = "in-progress"
ACTIVE: Final = frozenset({IN_PROGRESS, "waiting"})


class AskForm(msgspec.Struct):
    """How something is asked of a run. ``now``: the box's value, where it is ticked."""

    reason: str = ""
    now: str = ""


@get("/runs", sync_to_thread=True)
def show_all(visit: OpenVisit, before: FromQuery[str | None] = None) -> Response[str]:
    """``before``: the last run of the page before this one."""
    runs = visit.desk.runs.list(visit.actor, before=before)
    older = runs[-1].id if len(runs) == RUNS_LISTED else None
    return visit.page("runs.html", runs=fold(runs, shown=RUNS_SHOWN), older=older)


@get("/runs/{run_id:str}", sync_to_thread=True)
def show(visit: OpenVisit, run_id: FromPath[str]) -> Response[str]:
    return _page(visit, run_id)


@get("/runs/{run_id:str}/live", media_type=MEDIA_TYPE, opt={ENDLESS: True})
async def live(
    request: PortalRequest, visit: OpenVisit, watches: OpenWatches, run_id: FromPath[str]
) -> Stream:
    """What changes on the page of a run, as it changes."""
    await sync_to_thread(visit.desk.runs.revision, visit.actor, run_id)
    return run_stream(request, visit, watches, run_id, _telling(visit.may(Permission.OPERATE)))


@cache
def _telling(may_operate: bool) -> Telling:
    """One for all who see the same, so that it is rendered once for all of them."""
    return Telling(partial(_changed, may_operate), _moved)


def _changed(may_operate: bool, report: RunReport) -> bytes:
    """The whole part; after the end of the run nothing more."""
    text = render("live.html", {**_facts(report), "may_operate": may_operate, "is_streamed": True})
    part = frame("part", text, id_=report.run.revision)
    return part if report.run.is_going_on else part + OVER


def _moved(report: RunReport) -> bytes:
    """What goes on though the run has not changed: the progress, and the time of the steps being done."""
    active = [step for step in places(report.steps) if step.status in ACTIVE]
    return frame("part", render("live_moved.html", {**_facts(report), "active": active, "is_streamed": True}))


@get("/runs/{run_id:str}/steps/{index:str}", sync_to_thread=True)
def show_step(visit: OpenVisit, run_id: FromPath[str], index: FromPath[str]) -> Response[str]:
    """One step with its whole output."""
    report = visit.desk.runs.show(visit.actor, run_id)
    step = visit.desk.runs.step(visit.actor, run_id, index)
    return visit.page("step.html", run=report.run, step=step)


@get("/runs/{run_id:str}/report.json", sync_to_thread=True)
def download(visit: OpenVisit, run_id: FromPath[str]) -> Response[bytes]:
    """The run as JSON, in the shape that API and command line give."""
    report = visit.desk.runs.show(visit.actor, run_id)
    name = re.sub(r"[^A-Za-z0-9.-]", "_", f"run-{report.run.id}.json")
    return Response(
        msgspec.json.format(msgspec.json.encode(report), indent=2),
        media_type="application/json",
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'},
    )


@post("/runs/{run_id:str}/resume", sync_to_thread=True)
def resume(visit: OpenVisit, run_id: FromPath[str]) -> Response[str]:
    try:
        visit.desk.runs.resume(visit.actor, run_id)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, run_id, error)
    return go_to(f"/runs/{in_path(run_id)}?done=resumed")


@get("/runs/{run_id:str}/resume", sync_to_thread=False)
def after_sign_in(run_id: FromPath[str]) -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/runs/{in_path(run_id)}")


@get("/runs/{run_id:str}/ask/{verb:str}", sync_to_thread=True)
def ask(visit: OpenVisit, run_id: FromPath[str], verb: FromPath[str]) -> Response[str]:
    """What a stop, an abort or a cancel will do, and the button that does it."""
    return _question(visit, run_id, _verb(verb))


@post("/runs/{run_id:str}/ask/{verb:str}", sync_to_thread=True)
def do_ask(
    visit: OpenVisit, run_id: FromPath[str], verb: FromPath[str], data: URLEncodedBody[AskForm]
) -> Response[str]:
    wanted = _verb(verb)
    try:
        visit.desk.runs.ask(visit.actor, run_id, wanted, data.reason, now=bool(data.now))
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _question(visit, run_id, wanted, error)
    return go_to(f"/runs/{in_path(run_id)}?done=asked")


def _question(visit: Visit, run_id: str, verb: RunVerb, problem: PitstopError | None = None) -> Response[str]:
    report = visit.desk.runs.show(visit.actor, run_id)
    offered = next((action for action in report.run.actions if action.verb == verb), None)
    return visit.page(
        "ask_run.html",
        problem=problem,
        report=report,
        run=report.run,
        action=run_action(verb),
        offered=offered,
    )


def _verb(text: str) -> RunVerb:
    try:
        verb = RunVerb(text)
    except ValueError:
        verb = RunVerb.RESUME
    if verb is RunVerb.RESUME:
        raise NotFound(f"there is no question {text!r} of a run", hint="Use the buttons of the run's page.")
    return verb


def _page(visit: Visit, run_id: str, problem: PitstopError | None = None) -> Response[str]:
    return visit.page(
        "run.html", problem=problem, **_facts(visit.desk.runs.show(visit.actor, run_id)), is_streamed=False
    )


def _facts(report: RunReport) -> dict[str, Any]:
    return {
        "report": report,
        "run": report.run,
        "title": title_of(report),
        "announcement": announcement(report),
        "failed": failed_steps(report),
        "cause": _cause(report),
        "unfolded": report.steps_all <= SHOW_ALL_UP_TO,
    }


def title_of(report: RunReport) -> str:
    """What the browser's tab says: how far, before what."""
    state = spoken(report.run.state).words
    head = percent(report.percent) if report.run.is_going_on else state
    return f"{head} · {report.run.title}"


def announcement(report: RunReport) -> str:
    """What a screen reader says when it changes: state and phase, and each further tenth, not each step."""
    run = report.run
    if not run.is_going_on:
        return f"{spoken(run.state).words}. Version {run.from_version} to {run.to_version}."
    phase = f", {spoken(run.phase).words.lower()}" if run.phase else ""
    return f"{spoken(run.state).words}{phase}, {int(report.percent // 10) * 10} percent."


def failed_steps(report: RunReport) -> list[StepView]:
    """The leaves that failed, in tree order."""
    return [step for step in leaves(report.steps) if step.status == "failed"]


def _cause(report: RunReport) -> FindingView | None:
    """The run's own finding, unless a failed step says the very same."""
    finding = report.run.finding
    if finding is None or any(step.finding == finding for step in failed_steps(report)):
        return None
    return finding
