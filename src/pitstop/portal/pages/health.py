"""``/health``: what the system's checks found, running them again, skipping one by name with a reason."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Response

from pitstop.model.errors import NotFound, NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to, in_path
from pitstop.portal.visits import OpenVisit, Visit
from pitstop.wire.check_views import CheckResultView, CheckRunAsked, is_wrong

WRONG: Final = "wrong"
_WAIT_SECONDS: Final = 20.0
"""So long the page after the button waits for what is found."""
_LOOK_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class SkipForm:
    reason: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class UnskipForm:
    target: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The results of one check, as the page shows them together."""

    check: str
    title: str
    results: tuple[CheckResultView, ...]


@get("/health", sync_to_thread=True)
def show_all(visit: OpenVisit, show: FromQuery[str] = "") -> Response[str]:
    return _list(visit, show)


@get("/health/{check:str}", sync_to_thread=True)
def show(visit: OpenVisit, check: FromPath[str]) -> Response[str]:
    return _page(visit, check)


@post("/health/run", sync_to_thread=True)
def run(visit: OpenVisit) -> Response[str]:
    try:
        asked = visit.desk.checks.run(visit.actor)
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _list(visit, "", error)
    return go_to(f"/health?done={'checks-run' if _has_ended(visit, asked) else 'checks-asked'}")


@post("/health/{check:str}/skip", sync_to_thread=True)
def skip(visit: OpenVisit, check: FromPath[str], data: URLEncodedBody[SkipForm]) -> Response[str]:
    try:
        visit.desk.checks.skip(visit.actor, check, data.target, data.reason)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, check, error)
    return go_to(f"/health/{in_path(check)}?done=check-skipped")


@post("/health/{check:str}/unskip", sync_to_thread=True)
def unskip(visit: OpenVisit, check: FromPath[str], data: URLEncodedBody[UnskipForm]) -> Response[str]:
    try:
        visit.desk.checks.unskip(visit.actor, check, data.target)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, check, error)
    return go_to(f"/health/{in_path(check)}?done=check-unskipped")


@get("/health/run", sync_to_thread=False)
def after_running() -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed; as below."""
    return go_to("/health")


@get(["/health/{check:str}/skip", "/health/{check:str}/unskip"], sync_to_thread=False)
def after_sign_in(check: FromPath[str]) -> Response[str]:
    return go_to(f"/health/{in_path(check)}")


def _list(visit: Visit, show: str, problem: PitstopError | None = None) -> Response[str]:
    checks = visit.desk.checks.list(visit.actor)
    wrong = [result for result in checks.results if is_wrong(result)]
    shown = wrong if show == WRONG else checks.results
    return visit.page(
        "health.html",
        problem=problem,
        checks=checks,
        wrong=len(wrong),
        blocking=sum(result.blocks for result in checks.results),
        only_wrong=show == WRONG,
        groups=[_group(list(each)) for _, each in groupby(shown, key=lambda result: result.check)],
    )


def _group(results: list[CheckResultView]) -> Group:
    return Group(results[0].check, results[0].title, tuple(results))


def _page(visit: Visit, name: str, problem: PitstopError | None = None) -> Response[str]:
    return visit.page("check.html", problem=problem, check=visit.desk.checks.show(visit.actor, name))


def _has_ended(visit: Visit, asked: CheckRunAsked) -> bool:
    """Whether what was asked for has ended meanwhile."""
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        rounds = visit.desk.checks.list(visit.actor).rounds
        if any(each.number > asked.after and each.ended is not None for each in rounds):
            return True
        time.sleep(_LOOK_SECONDS)
    return False
