"""``/api/v1/updates/{name}/checklist``: what is to be seen to before, during and after an update."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, JSONBody

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.checklist_views import ChecklistTick, ChecklistView


@get(
    "/updates/{name:str}/checklist",
    operation_id="showChecklist",
    summary="The activity checklist of an update, or of its newest run",
    sync_to_thread=True,
)
def show_checklist(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> ChecklistView:
    return desk.checklists.show(actor, name)


@post(
    "/updates/{name:str}/checklist/{item:str}",
    operation_id="tickChecklist",
    summary="Tick something off, or take that back",
    status_code=200,
    sync_to_thread=True,
)
def tick_checklist(
    desk: DeskHere,
    actor: SignedIn,
    name: FromPath[str],
    item: FromPath[str],
    data: JSONBody[ChecklistTick],
) -> ChecklistView:
    return desk.checklists.tick(actor, name, item, data)


HANDLERS = (show_checklist, tick_checklist)
