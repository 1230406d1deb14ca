"""The operations of the public specifications, one row each, and how a path finds its row.

ARM's paths are compared without regard to case, which no router of ours does; so one handler takes all of
``/subscriptions/...`` and this table decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from litestar import Response, get, post, put
from litestar.concurrency import sync_to_thread

from pitstop.api.security import AnyRequest, DeskHere, SignedIn
from pitstop.api.update_admin import alerts, locations, runs, updates
from pitstop.api.update_admin.call import Call, open_call, require_api_version
from pitstop.api.update_admin.errors import ArmError
from pitstop.model.accounts import Actor
from pitstop.service.desk import Desk
from pitstop.wire import insights_admin
from pitstop.wire.insights_admin import AlertList, AlertResource
from pitstop.wire.update_admin import API_VERSION, NAMESPACE, Resource, ResourceList

Answer = Resource | ResourceList | AlertResource | AlertList

_PROVIDERS = "subscriptions/{subscription}/resourceGroups/{group}/providers"
_ROOT = f"{_PROVIDERS}/{NAMESPACE}"
_ALERTS = f"{_PROVIDERS}/{insights_admin.NAMESPACE}/regionHealths/{{location}}/alerts"
_LOCATION = f"{_ROOT}/updateLocations/{{location}}"
_UPDATE = f"{_LOCATION}/updates/{{update}}"
_RUN = f"{_UPDATE}/updateRuns/{{run}}"


@dataclass(frozen=True, slots=True)
class Operation:
    """A row: what is asked, and what answers."""

    name: str
    method: str
    path: str
    answer: Callable[[Call], Answer]


OPERATIONS = (
    Operation("UpdateLocations_List", "GET", f"{_ROOT}/updateLocations", locations.list_locations),
    Operation("UpdateLocations_Get", "GET", _LOCATION, locations.show_location),
    Operation("Updates_List", "GET", f"{_LOCATION}/updates", updates.list_updates),
    Operation("Updates_Get", "GET", _UPDATE, updates.show_update),
    Operation("Updates_Prepare", "POST", f"{_UPDATE}/prepare", updates.prepare),
    Operation("Updates_HealthCheck", "POST", f"{_UPDATE}/healthCheck", updates.check_health),
    Operation("Updates_Apply", "POST", f"{_UPDATE}/apply", updates.apply),
    Operation("UpdateRuns_List", "GET", f"{_UPDATE}/updateRuns", runs.list_runs),
    Operation("UpdateRuns_Get", "GET", _RUN, runs.show_run),
    Operation("UpdateRuns_ListTopLevel", "GET", f"{_LOCATION}/updateRuns", runs.list_all_runs),
    Operation("UpdateRuns_GetTopLevel", "GET", f"{_LOCATION}/updateRuns/{{run}}", runs.show_run),
    Operation("UpdateRuns_Rerun", "POST", f"{_RUN}/rerun", runs.rerun),
)


ALERT_OPERATIONS = (
    Operation("Alerts_List", "GET", _ALERTS, alerts.list_alerts),
    Operation("Alerts_Get", "GET", f"{_ALERTS}/{{alert}}", alerts.show_alert),
    Operation("Alerts_Close", "PUT", f"{_ALERTS}/{{alert}}", alerts.close_alert),
)
"""Of the other API, which has the alerts of the same systems."""


def names_in(template: str, path: str) -> Mapping[str, str] | None:
    """What ``path`` names where the template has ``{...}``; None when it is another path."""
    words, parts = template.split("/"), path.strip("/").split("/")
    if len(words) != len(parts) or not all(parts):
        return None
    names = {}
    for word, part in zip(words, parts, strict=True):
        if word.startswith("{"):
            names[word.strip("{}")] = part
        elif word.casefold() != part.casefold():
            return None
    return names


@get(["/subscriptions/{rest:path}", "/Subscriptions/{rest:path}"])
async def answer_get(request: AnyRequest, desk: DeskHere, actor: SignedIn) -> Response[Answer]:
    _, answer = await sync_to_thread(_asked, request, desk, actor)
    return Response(answer, status_code=200)


@post(["/subscriptions/{rest:path}", "/Subscriptions/{rest:path}"])
async def answer_post(request: AnyRequest, desk: DeskHere, actor: SignedIn) -> Response[Answer]:
    call, run = await sync_to_thread(_asked, request, desk, actor)
    location = call.link(run.id) if isinstance(run, Resource) else ""
    return Response(run, status_code=202, headers={"location": location})


@put(["/subscriptions/{rest:path}", "/Subscriptions/{rest:path}"])
async def answer_put(request: AnyRequest, desk: DeskHere, actor: SignedIn) -> Response[Answer]:
    """The body is the resource as the caller has it; what it asks for is in the path and the query."""
    _, answer = await sync_to_thread(_asked, request, desk, actor)
    return Response(answer, status_code=200)


HANDLERS = (answer_get, answer_post, answer_put)


def _asked(request: AnyRequest, desk: Desk, actor: Actor) -> tuple[Call, Answer]:
    of_alerts = f"/{insights_admin.NAMESPACE}/".casefold() in request.scope["path"].casefold()
    require_api_version(request, insights_admin.API_VERSION if of_alerts else API_VERSION)
    operations = ALERT_OPERATIONS if of_alerts else OPERATIONS
    operation, names = _find(operations, str(request.method), request.scope["path"])
    call = open_call(request, desk, actor, names)
    return call, operation.answer(call)


def _find(operations: Sequence[Operation], method: str, path: str) -> tuple[Operation, Mapping[str, str]]:
    known = False
    for operation in operations:
        names = names_in(operation.path, path)
        if names is not None and operation.method == method:
            return operation, names
        known = known or names is not None
    if known:
        raise ArmError(405, "MethodNotAllowed", f"{method} is not an operation of this resource.")
    raise ArmError(404, "InvalidResourceType", f"'{path}' is no resource that is known here.", path)
