"""``/``: the Update page. How the system stands, what it may be updated to, and what was installed."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.response import Response, Stream

from pitstop.model.accounts import Permission
from pitstop.model.errors import NotSignedIn, PitstopError
from pitstop.portal.folding import fold
from pitstop.portal.rendering import go_to, render
from pitstop.portal.streams import OVER, one_event, run_stream
from pitstop.portal.visits import OpenVisit, OpenWatches, PortalRequest, Visit
from pitstop.service.watching import ENDLESS, MEDIA_TYPE, Telling, frame
from pitstop.wire.views import RunReport, UpdateView

NOT_OFFERED: Final = frozenset({"Obsolete", "Recalled", "Invalid"})
"""States in which an update is not for this system, whatever is done: shown apart, folded."""


NOT_AVAILABLE: Final = NOT_OFFERED | {"Installed"}


@get("/", sync_to_thread=True)
def show(visit: OpenVisit) -> Response[str]:
    """For who may only read logs, the way to them."""
    if visit.may(Permission.READ_LOGS) and not visit.may(Permission.SEE):
        return go_to("/logs")
    return page(visit)


@get("/live", media_type=MEDIA_TYPE, opt={ENDLESS: True})
async def live(request: PortalRequest, visit: OpenVisit, watches: OpenWatches) -> Stream | Response[bytes]:
    """How the run in progress goes on; over at once where there is none."""
    system = await sync_to_thread(visit.desk.system.show, visit.actor)
    if system.active_run is None:
        return one_event(OVER)
    return run_stream(request, visit, watches, system.active_run, TELLING)


def _part(report: RunReport) -> bytes:
    part = frame("part", render("running.html", {"report": report, "is_streamed": True}))
    return part if report.run.is_going_on else part + OVER


TELLING: Final = Telling(_part, _part)


@post("/check", sync_to_thread=True)
def check_sources(visit: OpenVisit) -> Response[str]:
    try:
        visit.desk.sources.check(visit.actor)
    except NotSignedIn:
        raise
    except PitstopError as error:
        return page(visit, error)
    return go_to("/?done=checked")


@get("/check", sync_to_thread=False)
def after_sign_in() -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to("/")


def page(visit: Visit, problem: PitstopError | None = None) -> Response[str]:
    updates = visit.desk.updates.list(visit.actor)
    installed = [update for update in updates if update.state == "Installed"]
    available = [update for update in updates if update.state not in NOT_AVAILABLE]
    return visit.page(
        "overview.html",
        problem=problem,
        available=fold(available, keep=_goes_on),
        all_available=available,
        not_offered=[update for update in updates if update.state in NOT_OFFERED],
        installed=fold(sorted(installed, key=_when_installed, reverse=True)),
        report=_active_report(visit),
        is_streamed=False,
    )


def _goes_on(update: UpdateView) -> bool:
    """Whether there is something to begin or to look after: that is never folded away."""
    return bool(update.actions) or update.state != "HasPrerequisite"


def _when_installed(update: UpdateView) -> tuple[bool, float]:
    return update.installed is not None, update.installed.timestamp() if update.installed else 0.0


def _active_report(visit: Visit) -> RunReport | None:
    run_id = visit.system.active_run if visit.system else None
    return visit.desk.runs.show(visit.actor, run_id) if run_id else None
