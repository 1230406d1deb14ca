"""``/cases``: whom to ask for support, opening a case, what was said, and the file that is handed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litestar import get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Response, Stream

from pitstop.model.accounts import Permission
from pitstop.model.cases import IMPACT_WORDS
from pitstop.model.errors import InvalidInput, NotFound, NotSignedIn, PitstopError
from pitstop.portal.rendering import HEADERS, go_to
from pitstop.portal.visits import OpenVisit, PortalRequest, Visit
from pitstop.service.log_files import pieces
from pitstop.service.watching import ENDLESS
from pitstop.wire.byte_ranges import part_of
from pitstop.wire.case_views import CaseWord, NewCase


@dataclass(frozen=True, slots=True)
class OpenForm:
    title: str = ""
    impact: str = "B"
    text: str = ""
    contact: str = ""
    run: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class SayForm:
    text: str = ""
    theirs: str = ""
    reference: str = ""


@get("/cases", sync_to_thread=True)
def show_all(visit: OpenVisit, run: FromQuery[str] = "") -> Response[str]:
    return _list(visit, typed=OpenForm(run=run))


@post("/cases", sync_to_thread=True)
def open_case(visit: OpenVisit, data: URLEncodedBody[OpenForm]) -> Response[str]:
    try:
        opened = visit.desk.cases.open(visit.actor, _wanted(data))
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _list(visit, error, typed=data)
    return go_to(f"/cases/{opened.number}?done=case-opened")


@get("/cases/{number:int}", sync_to_thread=True)
def show(visit: OpenVisit, number: FromPath[int]) -> Response[str]:
    return _page(visit, number)


@get("/cases/{number:int}/file", opt={ENDLESS: True}, sync_to_thread=True)
def download(request: PortalRequest, visit: OpenVisit, number: FromPath[int]) -> Stream:
    """A browser that was interrupted goes on where it was."""
    path = visit.desk.cases.file(visit.actor, number)
    file = visit.desk.cases.show(visit.actor, number).file
    part = part_of(request.headers.get("range", ""), file.size, file.name)
    return Stream(
        pieces(path, part.start),
        media_type="application/zip",
        headers={**HEADERS, **part.headers},
        status_code=part.status,
    )


@post("/cases/{number:int}/entries", sync_to_thread=True)
def say(visit: OpenVisit, number: FromPath[int], data: URLEncodedBody[SayForm]) -> Response[str]:
    word = CaseWord(text=data.text, theirs=data.theirs == "yes", reference=data.reference)
    return _done(
        visit, number, "case-said", lambda: visit.desk.cases.say(visit.actor, number, word), typed=data
    )


@post("/cases/{number:int}/close", sync_to_thread=True)
def close(visit: OpenVisit, number: FromPath[int]) -> Response[str]:
    return _done(visit, number, "case-closed", lambda: visit.desk.cases.close(visit.actor, number))


@post("/cases/{number:int}/reopen", sync_to_thread=True)
def reopen(visit: OpenVisit, number: FromPath[int]) -> Response[str]:
    return _done(visit, number, "case-reopened", lambda: visit.desk.cases.reopen(visit.actor, number))


@post("/cases/{number:int}/renew", sync_to_thread=True)
def renew(visit: OpenVisit, number: FromPath[int]) -> Response[str]:
    return _done(visit, number, "case-renewed", lambda: visit.desk.cases.renew(visit.actor, number))


@get(
    ["/cases/{number:int}/" + verb for verb in ("entries", "close", "reopen", "renew")], sync_to_thread=False
)
def after_sign_in(number: FromPath[int]) -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/cases/{number}")


def _done(
    visit: Visit, number: int, done: str, act: Callable[[], object], typed: SayForm | None = None
) -> Response[str]:
    try:
        act()
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, number, error, typed)
    return go_to(f"/cases/{number}?done={done}")


def _wanted(data: OpenForm) -> NewCase:
    """Raises InvalidInput."""
    try:
        hours = float(data.hours) if data.hours.strip() else None
    except ValueError:
        raise InvalidInput(f"{data.hours!r} is no number of hours", hint="Such as 4, or 0.5.") from None
    return NewCase(
        title=data.title,
        impact=data.impact,
        text=data.text,
        contact=data.contact,
        run=data.run or None,
        hours=hours,
    )


def _list(visit: Visit, problem: PitstopError | None = None, typed: OpenForm | None = None) -> Response[str]:
    return visit.page(
        "cases.html",
        problem=problem,
        cases=visit.desk.cases.list(visit.actor),
        offer=visit.desk.cases.offer(visit.actor),
        impacts=IMPACT_WORDS,
        typed=typed or OpenForm(),
        may_open=visit.may(Permission.COLLECT_LOGS),
    )


def _page(
    visit: Visit, number: int, problem: PitstopError | None = None, typed: SayForm | None = None
) -> Response[str]:
    offer = visit.desk.cases.offer(visit.actor)
    case = visit.desk.cases.show(visit.actor, number)
    return visit.page(
        "case.html",
        problem=problem,
        case=case,
        asked=next((contact for contact in offer.contacts if contact.name == case.contact), None),
        impacts=IMPACT_WORDS,
        key=visit.desk.cases.key(visit.actor),
        typed=typed or SayForm(),
        under_way=case.file.state == "making",
        may_open=visit.may(Permission.COLLECT_LOGS),
    )
