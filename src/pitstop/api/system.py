"""``/api/v1/system``: the system as a whole."""

from __future__ import annotations

from litestar import get, post
from litestar.params import JSONBody

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.views import SystemView


@get(
    "/system", operation_id="showSystem", summary="The system: versions, support, nodes", sync_to_thread=True
)
def show_system(desk: DeskHere, actor: SignedIn) -> SystemView:
    return desk.system.show(actor)


@post(
    "/system/adopt",
    operation_id="adoptSystem",
    summary="Declare, once, what is installed",
    description="The body says, by product, the version that every node runs; the nodes are asked. "
    "A system that was adopted before is left as it is (409).",
    status_code=200,
    sync_to_thread=True,
)
def adopt_system(desk: DeskHere, actor: SignedIn, data: JSONBody[dict[str, str]]) -> SystemView:
    return desk.system.adopt(actor, data)


HANDLERS = (show_system, adopt_system)
