"""updates: list, get, and the three verbs, each of which answers with the run that it has begun."""

from __future__ import annotations

from pitstop.api.update_admin.call import Call
from pitstop.model.errors import NotFound
from pitstop.model.updates import Verb
from pitstop.wire.update_admin import Resource, ResourceList, run_resource, update_resource
from pitstop.wire.views import UpdateView

PAGE = 100


def list_updates(call: Call) -> ResourceList:
    updates = call.desk.updates.list(call.actor)
    page = updates[call.page : call.page + PAGE]
    resources = tuple(update_resource(call.scope, update) for update in page)
    more = len(updates) > call.page + PAGE
    return call.paged(f"{call.scope.id}/updates", resources, more=more, step=PAGE)


def show_update(call: Call) -> Resource:
    return update_resource(call.scope, find_update(call))


def prepare(call: Call) -> Resource:
    return _start(call, Verb.PREPARE)


def check_health(call: Call) -> Resource:
    return _start(call, Verb.CHECK_HEALTH)


def apply(call: Call) -> Resource:
    return _start(call, Verb.APPLY)


def find_update(call: Call) -> UpdateView:
    """The update that the path names, in whatever case.

    Raises:
        NotFound: there is none.
    """
    wanted = call.names["update"]
    try:
        return call.desk.updates.show(call.actor, wanted)
    except NotFound:
        updates = call.desk.updates.list(call.actor)
        found = next((item for item in updates if item.name.casefold() == wanted.casefold()), None)
        if found is None:
            raise
        return found


def _start(call: Call, verb: Verb) -> Resource:
    run = call.desk.updates.start(call.actor, find_update(call).name, verb)
    return run_resource(call.scope, call.desk.runs.show(call.actor, run.id))
