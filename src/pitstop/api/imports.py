"""``/api/v1/imports``: handing files over, and ``/api/v1/transfer-request``: what this system lacks.

An upload is begun with the names and sizes of all its files (``POST``), then each file comes in ranges: a
``PATCH`` with the bytes as its body, and with ``Upload-Offset`` naming the first of them. An answer 409 says
where to go on; so does ``received`` of the import. When all is there, ``POST .../finish``.
"""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, HeaderParameter, JSONBody

from pitstop.api.security import AnyRequest, DeskHere, SignedIn
from pitstop.service.receiving import gathered
from pitstop.wire.transfers import TransferRequest
from pitstop.wire.views import ImportView, NewImport

MAX_BEGIN = 8 << 20
"""Bytes of the list of files that an upload is begun with."""

Offset = Annotated[
    int, HeaderParameter(name="Upload-Offset", ge=0, description="Of the body's first byte in the file.")
]


@get("/imports", operation_id="listImports", summary="All imports, newest first", sync_to_thread=True)
def list_imports(desk: DeskHere, actor: SignedIn) -> tuple[ImportView, ...]:
    return desk.imports.list(actor)


@get(
    "/imports/{import_id:str}",
    operation_id="showImport",
    summary="One import: how far it has come, or what came of it",
    sync_to_thread=True,
)
def show_import(desk: DeskHere, actor: SignedIn, import_id: FromPath[str]) -> ImportView:
    return desk.imports.show(actor, import_id)


@post(
    "/imports",
    operation_id="beginImport",
    summary="Begin an upload, or import what lies at a path of the service's machine",
    description="`files` are awaited, each under its path with slashes. With `path`, it begins now.",
    status_code=201,
    request_max_body_size=MAX_BEGIN,
    sync_to_thread=True,
)
def begin_import(desk: DeskHere, actor: SignedIn, data: JSONBody[NewImport]) -> Response[ImportView]:
    begun = desk.imports.begin(actor, data)
    return Response(begun, status_code=201, headers={"Location": f"/api/v1/imports/{begun.id}"})


@patch(
    "/imports/{import_id:str}/files/{file:int}",
    operation_id="uploadToImport",
    summary="The next bytes of a file, by its number from 0",
    description="The body is the bytes themselves. What has come before a break is kept: ask where to go on.",
    status_code=200,
    request_max_body_size=None,
)
async def upload(
    request: AnyRequest,
    *,
    desk: DeskHere,
    actor: SignedIn,
    import_id: FromPath[str],
    file: FromPath[int],
    offset: Offset,
) -> ImportView:
    async for stretch in gathered(request.stream()):
        offset = await sync_to_thread(desk.imports.receive, actor, import_id, file, offset, stretch)
    return await sync_to_thread(desk.imports.show, actor, import_id)


@post(
    "/imports/{import_id:str}/finish",
    operation_id="finishImport",
    summary="All files are there: import them",
    description="Answers at once; ask for the import to see what came of it.",
    status_code=202,
    sync_to_thread=True,
)
def finish_import(desk: DeskHere, actor: SignedIn, import_id: FromPath[str]) -> ImportView:
    return desk.imports.finish(actor, import_id)


@delete(
    "/imports/{import_id:str}",
    operation_id="discardImport",
    summary="Forget an import, and remove what was uploaded",
    sync_to_thread=True,
)
def discard_import(desk: DeskHere, actor: SignedIn, import_id: FromPath[str]) -> None:
    desk.imports.discard(actor, import_id)


@get(
    "/transfer-request",
    operation_id="transferRequest",
    summary="What this system has and lacks: `request.json` for the downloader",
    sync_to_thread=True,
)
def transfer_request(desk: DeskHere, actor: SignedIn) -> TransferRequest:
    return desk.transfers.request(actor)


HANDLERS = (
    list_imports,
    show_import,
    begin_import,
    upload,
    finish_import,
    discard_import,
    transfer_request,
)
