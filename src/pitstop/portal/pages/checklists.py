"""``/checklists/{name}``: the activity checklist of an update, to be ticked off and printed."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response

from pitstop.model.errors import NotFound, NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to, in_path
from pitstop.portal.visits import OpenVisit, Visit
from pitstop.wire.checklist_views import ChecklistTick
from pitstop.wire.formats import STAGE_WORDS


@dataclass(frozen=True, slots=True)
class TickForm:
    done: str = "yes"
    note: str = ""


@get("/checklists/{name:str}", sync_to_thread=True)
def show(visit: OpenVisit, name: FromPath[str]) -> Response[str]:
    return _page(visit, name)


@post("/checklists/{name:str}/{item:str}", sync_to_thread=True)
def tick(
    visit: OpenVisit, name: FromPath[str], item: FromPath[str], data: URLEncodedBody[TickForm]
) -> Response[str]:
    wanted = ChecklistTick(done=data.done == "yes", note=data.note)
    try:
        visit.desk.checklists.tick(visit.actor, name, item, wanted)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, name, error)
    return go_to(f"/checklists/{in_path(name)}#{item}")


@get("/checklists/{name:str}/{item:str}", sync_to_thread=False)
def after_sign_in(name: FromPath[str], item: FromPath[str]) -> Response[str]:  # noqa: ARG001  the path has it
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/checklists/{in_path(name)}")


def _page(visit: Visit, name: str, problem: PitstopError | None = None) -> Response[str]:
    found = visit.desk.checklists.show(visit.actor, name)
    return visit.page(
        "checklist.html",
        problem=problem,
        list=found,
        stages=[
            (stage, words, [item for item in found.items if item.stage == stage])
            for stage, words in STAGE_WORDS.items()
        ],
    )
