"""``/api/v1/runs``: heads, reports, journals, resume, and the stream that follows a run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.response import Stream

from pitstop.api.security import AnyRequest, DeskHere, SignedIn, origin_of, token_of
from pitstop.model.errors import NotSignedIn
from pitstop.model.run_actions import ASKS, RunAction
from pitstop.service.desk import EVENTS_LISTED, RUNS_LISTED
from pitstop.service.watching import ENDLESS, HEADERS, MEDIA_TYPE, Telling, Watches, frame
from pitstop.wire.views import EventView, RunAsked, RunReport, RunView, StepView

OfUpdate = Annotated[str | None, QueryParameter(name="update", description="Only runs of this update.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="At most this many runs.")]
Before = Annotated[str | None, QueryParameter(description="Only runs that began before the run of this id.")]
After = Annotated[int, QueryParameter(ge=0, description="Only events behind the one of this number.")]
EventLimit = Annotated[int, QueryParameter(ge=1, le=10_000, description="At most this many events.")]
AgainOn = Annotated[
    list[str] | None,
    QueryParameter(name="againOn", description="Replaced nodes on which finished steps are done again."),
]
WatchesHere = NamedDependency[SkipValidation[Watches]]


@get(
    "/runs",
    operation_id="listRuns",
    summary="Runs, newest first",
    description="The next page is asked for with `before`: the id of the last run of this one.",
    sync_to_thread=True,
)
def list_runs(
    desk: DeskHere,
    actor: SignedIn,
    update: OfUpdate = None,
    limit: Limit = RUNS_LISTED,
    before: Before = None,
) -> tuple[RunView, ...]:
    return desk.runs.list(actor, update, limit=limit, before=before)


@get("/runs/{run_id:str}", operation_id="showRun", summary="A run with its tree", sync_to_thread=True)
def show_run(desk: DeskHere, actor: SignedIn, run_id: FromPath[str]) -> RunReport:
    return desk.runs.show(actor, run_id)


@get(
    "/runs/{run_id:str}/steps/{index:str}",
    operation_id="showRunStep",
    summary="One step of a run, with its whole output",
    description="A run's report has only the end of the outputs of steps that have not failed.",
    sync_to_thread=True,
)
def show_step(desk: DeskHere, actor: SignedIn, run_id: FromPath[str], index: FromPath[str]) -> StepView:
    return desk.runs.step(actor, run_id, index)


@get(
    "/runs/{run_id:str}/events",
    operation_id="listRunEvents",
    summary="A run's journal, oldest first",
    description="The next page is asked for with `after`: the sequence number of the last event of this one.",
    sync_to_thread=True,
)
def list_events(
    desk: DeskHere,
    actor: SignedIn,
    run_id: FromPath[str],
    after: After = 0,
    limit: EventLimit = EVENTS_LISTED,
) -> tuple[EventView, ...]:
    return desk.runs.history(actor, run_id, after=after, limit=limit)


@post(
    "/runs/{run_id:str}/resume",
    operation_id="resumeRun",
    summary="Go on with a failed run",
    description="From the step that failed; finished steps are not done again.",
    status_code=202,
    sync_to_thread=True,
)
def resume_run(
    desk: DeskHere, actor: SignedIn, run_id: FromPath[str], again_on: AgainOn = None
) -> Response[RunView]:
    return _accepted(desk.runs.resume(actor, run_id, frozenset(again_on or ())))


def _asking(action: RunAction) -> HTTPRouteHandler:
    @post(
        f"/runs/{{run_id:str}}/{action.verb}",
        operation_id=f"{action.verb}Run",
        summary=f"{action.label} a run",
        description=action.says,
        status_code=202,
        sync_to_thread=True,
    )
    def ask(
        desk: DeskHere, actor: SignedIn, run_id: FromPath[str], data: JSONBody[RunAsked | None] = None
    ) -> Response[RunView]:
        asked = data or RunAsked()
        return _accepted(desk.runs.ask(actor, run_id, action.verb, asked.reason, now=asked.now))

    return ask


def _accepted(run: RunView) -> Response[RunView]:
    return Response(run, status_code=202, headers={"Location": f"/api/v1/runs/{run.id}"})


def _report_frame(report: RunReport) -> bytes:
    return frame("report", msgspec.json.encode(report).decode(), id_=report.run.revision)


TELLING = Telling(_report_frame)


@get(
    "/runs/{run_id:str}/watch",
    operation_id="watchRun",
    summary="Follow a run: Server-Sent Events",
    description="Each event `report` carries a RunReport, its id is the run's revision. The stream ends when "
    "the run does; asked again with that Last-Event-ID the answer is 204, so that a browser stops asking.",
    media_type=MEDIA_TYPE,
    opt={ENDLESS: True},
)
async def watch_run(
    request: AnyRequest, desk: DeskHere, actor: SignedIn, watches: WatchesHere, run_id: FromPath[str]
) -> Response[bytes] | Stream:
    report = await sync_to_thread(desk.runs.show, actor, run_id)
    seen = request.headers.get("last-event-id", "")
    if not report.run.is_going_on and seen == str(report.run.revision):
        return Response(b"", status_code=204)
    token, origin = token_of(request), origin_of(request)

    async def still_signed_in() -> None:
        await sync_to_thread(desk.accounts.actor, token, origin)

    async def stream() -> AsyncIterator[bytes]:
        try:
            async for part in watches.follow(run_id, TELLING, still_signed_in):
                yield part
        except NotSignedIn:
            return

    return Stream(stream(), media_type=MEDIA_TYPE, headers=HEADERS)


HANDLERS = (
    list_runs,
    show_run,
    show_step,
    list_events,
    resume_run,
    *map(_asking, ASKS),
    watch_run,
)
