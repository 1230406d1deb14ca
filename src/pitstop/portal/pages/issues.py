"""``/issues``: what the publishers know goes wrong; consent to mends, and mending a run that failed."""

from __future__ import annotations

import msgspec
from litestar import get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response

from pitstop.model.errors import NotFound, NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to, in_path
from pitstop.portal.visits import OpenVisit, Visit


class ConsentForm(msgspec.Struct):
    """``given``: ``yes`` to agree, else no longer."""

    given: str = ""


@get("/issues", sync_to_thread=True)
def show_all(visit: OpenVisit) -> Response[str]:
    return visit.page("issues.html", issues=visit.desk.issues.list(visit.actor))


@get("/issues/{source:str}/{issue_id:str}", sync_to_thread=True)
def show(visit: OpenVisit, source: FromPath[str], issue_id: FromPath[str]) -> Response[str]:
    return _page(visit, f"{source}/{issue_id}")


@post("/issues/{source:str}/{issue_id:str}/consent", sync_to_thread=True)
def consent(
    visit: OpenVisit,
    source: FromPath[str],
    issue_id: FromPath[str],
    data: URLEncodedBody[ConsentForm],
) -> Response[str]:
    name = f"{source}/{issue_id}"
    try:
        visit.desk.issues.consent(visit.actor, name, given=data.given == "yes")
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, name, error)
    return go_to(f"/issues/{in_path(source)}/{in_path(issue_id)}?done=agreed")


@get("/issues/{source:str}/{issue_id:str}/consent", sync_to_thread=False)
def after_sign_in(source: FromPath[str], issue_id: FromPath[str]) -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/issues/{in_path(source)}/{in_path(issue_id)}")


@get("/runs/{run_id:str}/mend/{source:str}/{issue_id:str}", sync_to_thread=True)
def ask(
    visit: OpenVisit, run_id: FromPath[str], source: FromPath[str], issue_id: FromPath[str]
) -> Response[str]:
    """What the mend will do, where, and the button that does it."""
    return _question(visit, run_id, f"{source}/{issue_id}")


@post("/runs/{run_id:str}/mend/{source:str}/{issue_id:str}", sync_to_thread=True)
def mend(
    visit: OpenVisit, run_id: FromPath[str], source: FromPath[str], issue_id: FromPath[str]
) -> Response[str]:
    name = f"{source}/{issue_id}"
    try:
        visit.desk.issues.mend(visit.actor, run_id, name)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _question(visit, run_id, name, error)
    return go_to(f"/runs/{in_path(run_id)}?done=asked")


def _page(visit: Visit, name: str, problem: PitstopError | None = None) -> Response[str]:
    return visit.page("issue.html", problem=problem, issue=visit.desk.issues.show(visit.actor, name))


def _question(visit: Visit, run_id: str, name: str, problem: PitstopError | None = None) -> Response[str]:
    report = visit.desk.runs.show(visit.actor, run_id)
    offers = [offer for offer in report.issues if offer.mend and offer.issue.name == name]
    issue = offers[0].issue if offers else visit.desk.issues.show(visit.actor, name)
    return visit.page("ask_mend.html", problem=problem, run=report.run, offers=offers, issue=issue)
