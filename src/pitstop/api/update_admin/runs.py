"""updateRuns: of one update or of all, and rerun, which goes on with a failed one."""

from __future__ import annotations

from pitstop.api.update_admin.call import Call
from pitstop.api.update_admin.updates import find_update
from pitstop.model.errors import NotFound
from pitstop.wire.update_admin import Resource, ResourceList, run_resource
from pitstop.wire.views import RunReport

PAGE = 20
"""Runs carry their whole tree, so that pages are short."""


def list_runs(call: Call) -> ResourceList:
    update = find_update(call).name
    return _page(call, f"{call.scope.update(update)}/updateRuns", update)


def list_all_runs(call: Call) -> ResourceList:
    return _page(call, f"{call.scope.id}/updateRuns")


def show_run(call: Call) -> Resource:
    return run_resource(call.scope, _find_run(call))


def rerun(call: Call) -> Resource:
    resumed = call.desk.runs.resume(call.actor, _find_run(call).run.id)
    return run_resource(call.scope, call.desk.runs.show(call.actor, resumed.id))


def _page(call: Call, collection: str, update: str | None = None) -> ResourceList:
    runs = call.desk.runs.list(call.actor, update, limit=call.page + PAGE + 1)
    page = runs[call.page : call.page + PAGE]
    resources = tuple(run_resource(call.scope, call.desk.runs.show(call.actor, run.id)) for run in page)
    return call.paged(collection, resources, more=len(runs) > call.page + PAGE, step=PAGE)


def _find_run(call: Call) -> RunReport:
    """The run that the path names; below an update, only if it is a run of that update.

    Raises:
        NotFound: there is none.
    """
    wanted = call.names["run"].lower()
    report = call.desk.runs.show(call.actor, wanted)
    if "update" in call.names and report.run.update != find_update(call).name:
        raise NotFound(f"update {call.names['update']} has no run {wanted}")
    return report
