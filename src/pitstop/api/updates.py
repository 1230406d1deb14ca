"""``/api/v1/updates``: what there is, why not further, and the verbs that are open."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, PathParameter, QueryParameter

from pitstop.api.security import DeskHere, SignedIn
from pitstop.model.accounts import Actor
from pitstop.model.errors import InvalidMove
from pitstop.model.runs import WindowUse
from pitstop.model.updates import Verb
from pitstop.service.desk import Desk
from pitstop.wire.views import RehearsalView, RunView, UpdateView

VerbPart = Annotated[Verb, PathParameter(description="What to do; see `actions` of the update.")]


@get("/updates", operation_id="listUpdates", summary="All updates, newest first", sync_to_thread=True)
def list_updates(desk: DeskHere, actor: SignedIn) -> tuple[UpdateView, ...]:
    return desk.updates.list(actor)


AskNodes = Annotated[bool, QueryParameter(name="askNodes", description="Put the probes to the nodes.")]
InWindows = Annotated[
    WindowUse, QueryParameter(name="windows", description="How the run keeps to the maintenance windows.")
]


@get("/updates/{name:str}", operation_id="showUpdate", summary="One update", sync_to_thread=True)
def show_update(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> UpdateView:
    return desk.updates.show(actor, name)


@get(
    "/updates/{name:str}/notes",
    operation_id="showReleaseNotes",
    summary="The release notes, Markdown",
    media_type="text/markdown",
    sync_to_thread=True,
)
def show_notes(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> str:
    return desk.updates.notes(actor, name)


@get(
    "/updates/{name:str}/rehearsal",
    operation_id="rehearseUpdate",
    summary="What installing an update would do, step by step",
    description="Nothing is done. With `askNodes` the probes are put to the nodes: they change nothing.",
    sync_to_thread=True,
)
def rehearse_update(
    desk: DeskHere, actor: SignedIn, name: FromPath[str], ask_nodes: AskNodes = False
) -> RehearsalView:
    return desk.rehearsals.rehearse(actor, name, ask_nodes=ask_nodes)


@post(
    "/updates/{name:str}/{verb:str}",
    operation_id="startUpdate",
    summary="Prepare, check health, apply or rerun",
    description="Answers with the run that was begun (or goes on) as soon as it is written down. With "
    "`windows` it keeps to the maintenance windows: `whole` begins it in one that it fits into, `spread` "
    "stops it between batches when a window closes and goes on in the next.",
    status_code=202,
    sync_to_thread=True,
)
def start_update(
    desk: DeskHere,
    actor: SignedIn,
    name: FromPath[str],
    verb: VerbPart,
    windows: InWindows = WindowUse.NONE,
) -> Response[RunView]:
    if verb is Verb.RESUME:
        run = resume_last(desk, actor, name)
    else:
        run = desk.updates.start(actor, name, verb, windows)
    return Response(run, status_code=202, headers={"Location": f"/api/v1/runs/{run.id}"})


def resume_last(desk: Desk, actor: Actor, name: str) -> RunView:
    """Go on with the update's last run.

    Raises:
        NotFound, InvalidMove: there is no such update, or it has no run.
    """
    last = desk.updates.show(actor, name).last_run
    if last is None:
        raise InvalidMove(f"update {name} has no run that could be resumed")
    return desk.runs.resume(actor, last)


HANDLERS = (list_updates, show_update, show_notes, rehearse_update, start_update)
