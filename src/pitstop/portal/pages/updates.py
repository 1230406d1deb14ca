"""``/updates/{name}``: all about one update, and the page that asks before something is begun."""

from __future__ import annotations

import msgspec
from litestar import get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response

from pitstop.model.errors import InvalidMove, NotFound, NotSignedIn, PitstopError
from pitstop.model.runs import WindowUse
from pitstop.model.updates import ACTIONS, Verb
from pitstop.portal.folding import fold
from pitstop.portal.rendering import go_to, in_path
from pitstop.portal.visits import OpenVisit, Visit
from pitstop.wire.check_views import ReadinessView
from pitstop.wire.policy_views import Explanation
from pitstop.wire.views import ActionView, RunView, UpdateView


class BeginForm(msgspec.Struct):
    """When the run is to go on."""

    windows: WindowUse = WindowUse.NONE


@get("/updates/{name:str}", sync_to_thread=True)
def show(visit: OpenVisit, name: FromPath[str]) -> Response[str]:
    return page(visit, name)


@get("/updates/{name:str}/{verb:str}", sync_to_thread=True)
def ask(visit: OpenVisit, name: FromPath[str], verb: FromPath[str]) -> Response[str]:
    """What will happen, and the button that makes it happen. A failed run is resumed on its own page."""
    update = visit.desk.updates.show(visit.actor, name)
    if verb == Verb.RESUME and update.last_run:
        return go_to(f"/runs/{in_path(update.last_run)}")
    return _confirmation(visit, update, _verb(verb))


@post("/updates/{name:str}/{verb:str}", sync_to_thread=True)
def begin(
    visit: OpenVisit, name: FromPath[str], verb: FromPath[str], data: URLEncodedBody[BeginForm]
) -> Response[str]:
    wanted = _verb(verb)
    update = visit.desk.updates.show(visit.actor, name)
    try:
        run = _begun(visit, update, wanted, data.windows)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _confirmation(visit, update, wanted, error)
    return go_to(f"/runs/{in_path(run.id)}")


def page(visit: Visit, name: str, problem: PitstopError | None = None) -> Response[str]:
    update = visit.desk.updates.show(visit.actor, name)
    return visit.page(
        "update.html",
        problem=problem,
        update=update,
        explained=_explained(visit, name),
        readiness=_readiness(visit, name),
        notes=visit.desk.updates.notes(visit.actor, name),
        runs=fold(visit.desk.runs.list(visit.actor, name)),
    )


def _explained(visit: Visit, name: str) -> Explanation | None:
    """What the servicing policy says of it; None where its release is no longer known."""
    try:
        return visit.desk.policy.explain(visit.actor, name)
    except NotFound:
        return None


def _readiness(visit: Visit, name: str) -> ReadinessView | None:
    """What the checks say; None where its release is no longer known."""
    try:
        return visit.desk.checks.readiness(visit.actor, name)
    except NotFound:
        return None


def _begun(visit: Visit, update: UpdateView, verb: Verb, windows: WindowUse) -> RunView:
    if verb is Verb.RESUME and update.last_run:
        return visit.desk.runs.resume(visit.actor, update.last_run)
    return visit.desk.updates.start(visit.actor, update.name, verb, windows)


def _confirmation(
    visit: Visit, update: UpdateView, verb: Verb, problem: PitstopError | None = None
) -> Response[str]:
    action = next((item for item in update.actions if item.verb == verb), None)
    if action is None and problem is None:
        problem = _not_open(update, verb)
    is_oem = update.package_type == "OEM"
    system = visit.system
    current = (system.current_oem_version if is_oem else system.current_version) if system else ""
    return visit.page(
        "confirm.html", problem=problem, update=update, action=action, from_version=current, verb=verb
    )


def _not_open(update: UpdateView, verb: Verb) -> InvalidMove:
    label = next(action.label for action in ACTIONS if action.verb is verb)
    return InvalidMove(f"{label} is not open for {update.name} now", hint=_open_now(update.actions))


def _open_now(actions: tuple[ActionView, ...]) -> str:
    names = ", ".join(action.label for action in actions)
    return f"Open now: {names}." if names else "The reasons below say what to do first."


def _verb(text: str) -> Verb:
    try:
        return Verb(text)
    except ValueError:
        raise NotFound(f"there is no action {text!r}", hint="Use the buttons of the update's page.") from None
