"""``/api/v1/cases``: support cases, each with the one file that is handed over."""

from __future__ import annotations

import asyncio

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from pitstop.api.security import AnyRequest, DeskHere, SignedIn
from pitstop.service.log_files import pieces
from pitstop.service.watching import ENDLESS
from pitstop.wire.byte_ranges import part_of
from pitstop.wire.case_views import CaseKeyView, CaseOffer, CaseView, CaseWord, NewCase


@get("/cases", operation_id="listCases", summary="All cases, newest first", sync_to_thread=True)
def list_cases(desk: DeskHere, actor: SignedIn) -> tuple[CaseView, ...]:
    return desk.cases.list(actor)


@get(
    "/cases/offer",
    operation_id="offerCases",
    summary="Whom to ask, and what the policy entitles to",
    sync_to_thread=True,
)
def offer_cases(desk: DeskHere, actor: SignedIn) -> CaseOffer:
    return desk.cases.offer(actor)


@get(
    "/cases/key",
    operation_id="showCaseKey",
    summary="The public key that the files of cases are checked with",
    sync_to_thread=True,
)
def show_case_key(desk: DeskHere, actor: SignedIn) -> CaseKeyView:
    return desk.cases.key(actor)


@post(
    "/cases",
    operation_id="openCase",
    summary="Open a case",
    description="Answers at once; its file is made in the background, with the logs of the span.",
    status_code=201,
    sync_to_thread=True,
)
def open_case(desk: DeskHere, actor: SignedIn, data: JSONBody[NewCase]) -> Response[CaseView]:
    opened = desk.cases.open(actor, data)
    return Response(opened, status_code=201, headers={"Location": f"/api/v1/cases/{opened.number}"})


@get(
    "/cases/{number:int}",
    operation_id="showCase",
    summary="One case, with what was said",
    sync_to_thread=True,
)
def show_case(desk: DeskHere, actor: SignedIn, number: FromPath[int]) -> CaseView:
    return desk.cases.show(actor, number)


@post(
    "/cases/{number:int}/entries",
    operation_id="sayToCase",
    summary="Write to a case, or enter what the other side has answered",
    status_code=200,
    sync_to_thread=True,
)
def say_to_case(desk: DeskHere, actor: SignedIn, number: FromPath[int], data: JSONBody[CaseWord]) -> CaseView:
    return desk.cases.say(actor, number, data)


@post(
    "/cases/{number:int}/close",
    operation_id="closeCase",
    summary="Close a case",
    status_code=200,
    sync_to_thread=True,
)
def close_case(desk: DeskHere, actor: SignedIn, number: FromPath[int]) -> CaseView:
    return desk.cases.close(actor, number)


@post(
    "/cases/{number:int}/reopen",
    operation_id="reopenCase",
    summary="Open a closed case again",
    status_code=200,
    sync_to_thread=True,
)
def reopen_case(desk: DeskHere, actor: SignedIn, number: FromPath[int]) -> CaseView:
    return desk.cases.reopen(actor, number)


@post(
    "/cases/{number:int}/renew",
    operation_id="renewCase",
    summary="Make the file anew, with what is known until now",
    status_code=202,
    sync_to_thread=True,
)
def renew_case(desk: DeskHere, actor: SignedIn, number: FromPath[int]) -> CaseView:
    return desk.cases.renew(actor, number)


@get(
    "/cases/{number:int}/file",
    operation_id="fetchCase",
    summary="The file of a case: a zip file, signed",
    description="With `Range: bytes=N-` from there on, to go on after a break.",
    media_type="application/zip",
    opt={ENDLESS: True},
)
async def fetch_case(request: AnyRequest, desk: DeskHere, actor: SignedIn, number: FromPath[int]) -> Stream:
    path = await asyncio.to_thread(desk.cases.file, actor, number)
    case = await asyncio.to_thread(desk.cases.show, actor, number)
    part = part_of(request.headers.get("range", ""), case.file.size, case.file.name)
    return Stream(
        pieces(path, part.start),
        media_type="application/zip",
        headers=part.headers,
        status_code=part.status,
    )


HANDLERS = (
    list_cases,
    offer_cases,
    show_case_key,
    open_case,
    show_case,
    say_to_case,
    close_case,
    reopen_case,
    renew_case,
    fetch_case,
)
