"""``/api/v1/logs``: bundles of logs, collected in the background."""

from __future__ import annotations

import asyncio

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from pitstop.api.security import AnyRequest, DeskHere, SignedIn
from pitstop.service.log_files import pieces
from pitstop.service.watching import ENDLESS
from pitstop.wire.byte_ranges import part_of
from pitstop.wire.log_views import BundleView, LogsOffer, NewBundle, Sending


@get(
    "/logs",
    operation_id="listLogs",
    summary="All log bundles, newest first, each without `collected`",
    sync_to_thread=True,
)
def list_logs(desk: DeskHere, actor: SignedIn) -> tuple[BundleView, ...]:
    return desk.logs.list(actor)


@get(
    "/logs/offer",
    operation_id="offerLogs",
    summary="What may be chosen: nodes, roles, targets",
    sync_to_thread=True,
)
def offer_logs(desk: DeskHere, actor: SignedIn) -> LogsOffer:
    return desk.logs.offer(actor)


@get(
    "/logs/{bundle_id:str}",
    operation_id="showLogs",
    summary="One log bundle: how far it is, or what was collected from where",
    sync_to_thread=True,
)
def show_logs(desk: DeskHere, actor: SignedIn, bundle_id: FromPath[str]) -> BundleView:
    return desk.logs.show(actor, bundle_id)


@post(
    "/logs",
    operation_id="collectLogs",
    summary="Collect logs, with secrets removed",
    description="Answers at once; ask for the bundle to see how far it is. By default the last four hours.",
    status_code=202,
    sync_to_thread=True,
)
def collect_logs(desk: DeskHere, actor: SignedIn, data: JSONBody[NewBundle]) -> Response[BundleView]:
    begun = desk.logs.collect(actor, data)
    return Response(begun, status_code=202, headers={"Location": f"/api/v1/logs/{begun.id}"})


@post(
    "/logs/{bundle_id:str}/cancel",
    operation_id="cancelLogs",
    summary="Collect no further",
    status_code=200,
    sync_to_thread=True,
)
def cancel_logs(desk: DeskHere, actor: SignedIn, bundle_id: FromPath[str]) -> BundleView:
    return desk.logs.cancel(actor, bundle_id)


@post(
    "/logs/{bundle_id:str}/pin",
    operation_id="pinLogs",
    summary="Keep it, however old it gets",
    status_code=200,
    sync_to_thread=True,
)
def pin_logs(desk: DeskHere, actor: SignedIn, bundle_id: FromPath[str]) -> BundleView:
    return desk.logs.pin(actor, bundle_id, pinned=True)


@post(
    "/logs/{bundle_id:str}/unpin",
    operation_id="unpinLogs",
    summary="Keep it no longer than others",
    status_code=200,
    sync_to_thread=True,
)
def unpin_logs(desk: DeskHere, actor: SignedIn, bundle_id: FromPath[str]) -> BundleView:
    return desk.logs.pin(actor, bundle_id, pinned=False)


@post(
    "/logs/{bundle_id:str}/send",
    operation_id="sendLogs",
    summary="Send it to a place that the settings name",
    description="Answers at once; `sent` of the bundle says what became of it.",
    status_code=202,
    sync_to_thread=True,
)
def send_logs(
    desk: DeskHere, actor: SignedIn, bundle_id: FromPath[str], data: JSONBody[Sending]
) -> BundleView:
    return desk.logs.send(actor, bundle_id, data.target)


@get(
    "/logs/{bundle_id:str}/file",
    operation_id="fetchLogs",
    summary="The file of a bundle: a zip file",
    description="With `Range: bytes=N-` from there on, to go on after a break.",
    media_type="application/zip",
    opt={ENDLESS: True},
)
async def fetch_logs(
    request: AnyRequest, desk: DeskHere, actor: SignedIn, bundle_id: FromPath[str]
) -> Stream:
    bundle = await asyncio.to_thread(desk.logs.show, actor, bundle_id)
    path = await asyncio.to_thread(desk.logs.file, actor, bundle_id)
    part = part_of(request.headers.get("range", ""), bundle.size, bundle.file_name)
    return Stream(
        pieces(path, part.start),
        media_type="application/zip",
        headers=part.headers,
        status_code=part.status,
    )


@delete(
    "/logs/{bundle_id:str}",
    operation_id="removeLogs",
    summary="Remove a log bundle with its file",
    sync_to_thread=True,
)
def remove_logs(desk: DeskHere, actor: SignedIn, bundle_id: FromPath[str]) -> None:
    desk.logs.remove(actor, bundle_id)


HANDLERS = (
    list_logs,
    offer_logs,
    show_logs,
    collect_logs,
    cancel_logs,
    pin_logs,
    unpin_logs,
    send_logs,
    fetch_logs,
    remove_logs,
)
