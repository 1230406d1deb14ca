"""``/imports``: handing over what was carried here, how far it has come, and what came of it.

Files come in one of two ways. With ``imports.js``: announced with their sizes, then in pieces that go on
after a break, also on another day (``/imports/uploads`` and what follows). Without: as a plain form,
which is read as it comes and never lies anywhere twice; a form that breaks leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from litestar import get, patch, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, HeaderParameter, JSONBody, URLEncodedBody
from litestar.response import Response

from pitstop.model.accounts import Permission
from pitstop.model.errors import InvalidInput, NotFound, NotSignedIn, PitstopError
from pitstop.portal.folding import fold
from pitstop.portal.forms import FormFile, form_files
from pitstop.portal.problems import shown
from pitstop.portal.rendering import HEADERS, go_to, in_path
from pitstop.portal.visits import OpenVisit, PortalRequest, Visit
from pitstop.service.receiving import gathered
from pitstop.wire.transfers import REQUEST_NAME
from pitstop.wire.views import ImportView, NewImport

IMPORTS_SHOWN: Final = 25
"""In sight on the page of all imports."""

UNDER_WAY: Final = frozenset({"receiving", "waiting", "importing"})
BEING_DONE: Final = frozenset({"waiting", "importing"})
"""Such a page fills by itself."""

MAX_LIST: Final = 8 << 20
"""Bytes of the list of files that an upload is begun with."""

Offset = Annotated[int, HeaderParameter(name="Upload-Offset", ge=0)]


@dataclass(frozen=True, slots=True)
class PathForm:
    path: str


@get("/imports", sync_to_thread=True)
def show_all(visit: OpenVisit) -> Response[str]:
    return _all(visit)


@get("/imports/{import_id:str}", sync_to_thread=True)
def show(visit: OpenVisit, import_id: FromPath[str]) -> Response[str]:
    return _one(visit, import_id)


@get(f"/imports/{REQUEST_NAME}", sync_to_thread=True)
def request_file(visit: OpenVisit) -> Response[bytes]:
    """What this system has and lacks, to be taken to the downloader. Reads the volumes that are here."""
    asked = visit.desk.transfers.request(visit.actor)
    answer = _json(msgspec.json.format(msgspec.json.encode(asked), indent=2))
    answer.headers["Content-Disposition"] = f'attachment; filename="{REQUEST_NAME}"'
    return answer


# --- without a script ------------------------------------------------------------------------------------


@post("/imports", request_max_body_size=None)
async def upload_form(request: PortalRequest, visit: OpenVisit) -> Response[str]:
    """Take in the files of a form, and import them."""
    visit.actor.require(Permission.OPERATE)
    body = request.stream()
    try:
        taken = await _taken_in(visit, form_files(request, body))
    except NotSignedIn:
        raise
    except PitstopError as error:
        async for _ in body:
            pass  # browsers look at no answer before they have sent all
        return await sync_to_thread(_all, visit, error)
    return go_to(f"/imports/{in_path(taken)}")


async def _taken_in(visit: Visit, parts: AsyncIterator[FormFile | bytes]) -> str:
    """The id of an import of all files of the form; what goes wrong meanwhile leaves none."""
    desk, taken, name = visit.desk.imports, "", ""
    try:
        async for part in parts:
            if isinstance(part, FormFile):
                begun = taken or (await sync_to_thread(desk.begin_form, visit.actor, part.top, part.most)).id
                taken, name = begun, part.name
            chunk = b"" if isinstance(part, FormFile) else part
            await sync_to_thread(desk.receive_named, visit.actor, taken, name, chunk)
        await sync_to_thread(desk.finish, visit.actor, taken)
    except Exception:
        if taken:
            await sync_to_thread(desk.discard, visit.actor, taken)
        raise
    return taken


@post("/imports/by-path", sync_to_thread=True)
def by_path(visit: OpenVisit, data: URLEncodedBody[PathForm]) -> Response[str]:
    """Import what lies at a path of the service's machine."""
    try:
        begun = visit.desk.imports.begin(visit.actor, NewImport(path=data.path.strip()))
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _all(visit, error, path=data.path)
    return go_to(f"/imports/{in_path(begun.id)}")


@post("/imports/{import_id:str}/finish", sync_to_thread=True)
def finish(visit: OpenVisit, import_id: FromPath[str]) -> Response[str]:
    try:
        visit.desk.imports.finish(visit.actor, import_id)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _one(visit, import_id, error)
    return go_to(f"/imports/{in_path(import_id)}")


@post("/imports/{import_id:str}/discard", sync_to_thread=True)
def discard(visit: OpenVisit, import_id: FromPath[str]) -> Response[str]:
    try:
        visit.desk.imports.discard(visit.actor, import_id)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _one(visit, import_id, error)
    return go_to("/imports?done=discarded")


@get(
    ["/imports/by-path", "/imports/{import_id:str}/finish", "/imports/{import_id:str}/discard"],
    sync_to_thread=False,
)
def after_sign_in(import_id: FromPath[str] = "") -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/imports/{in_path(import_id)}" if import_id else "/imports")


# --- with imports.js -------------------------------------------------------------------------------------


def _problem(_request: PortalRequest, error: PitstopError) -> Response[bytes]:
    """For the script: the same words as on a page."""
    wrong = shown(error)
    said = msgspec.json.encode({"message": wrong.message, "hint": wrong.hint, "code": wrong.code})
    return _json(said, wrong.status)


@post(
    "/imports/uploads",
    request_max_body_size=MAX_LIST,
    exception_handlers={PitstopError: _problem},
    sync_to_thread=True,
)
def begin(visit: OpenVisit, data: JSONBody[NewImport]) -> Response[bytes]:
    """Announce files; the answer says which number each has."""
    if data.path:
        raise InvalidInput("an upload is of files")
    return _view(visit.desk.imports.begin(visit.actor, data), 201)


@get("/imports/{import_id:str}/state.json", exception_handlers={PitstopError: _problem}, sync_to_thread=True)
def state(visit: OpenVisit, import_id: FromPath[str]) -> Response[bytes]:
    """How much of each file is here: where to go on."""
    return _view(visit.desk.imports.show(visit.actor, import_id))


@patch(
    "/imports/{import_id:str}/files/{file:int}",
    status_code=200,
    request_max_body_size=None,
    exception_handlers={PitstopError: _problem},
)
async def upload(
    request: PortalRequest, *, visit: OpenVisit, import_id: FromPath[str], file: FromPath[int], offset: Offset
) -> Response[bytes]:
    """The next bytes of a file, as the body; how many of it are here then. Nothing of the other files: there
    may be thousands."""
    desk = visit.desk.imports
    async for stretch in gathered(request.stream()):
        offset = await sync_to_thread(desk.receive, visit.actor, import_id, file, offset, stretch)
    return _json(msgspec.json.encode({"received": offset}))


def _view(item: ImportView, status: int = 200) -> Response[bytes]:
    return _json(msgspec.json.encode(item), status)


def _json(content: bytes, status: int = 200) -> Response[bytes]:
    return Response(content, status_code=status, media_type="application/json", headers=dict(HEADERS))


# --- the pages -------------------------------------------------------------------------------------------


def _all(visit: Visit, problem: PitstopError | None = None, *, path: str = "") -> Response[str]:
    every = visit.desk.imports.list(visit.actor)
    return visit.page(
        "imports.html",
        problem=problem,
        under_way=[item for item in every if item.state in UNDER_WAY],
        over=fold([item for item in every if item.state not in UNDER_WAY], shown=IMPORTS_SHOWN),
        received=received,
        typed_path=path,
    )


def _one(visit: Visit, import_id: str, problem: PitstopError | None = None) -> Response[str]:
    item = visit.desk.imports.show(visit.actor, import_id)
    known = {update.name for update in visit.desk.updates.list(visit.actor)}
    return visit.page(
        "import.html",
        problem=problem,
        item=item,
        is_filling=item.state in BEING_DONE,
        is_whole=item.state == "receiving" and all(file.received == file.size for file in item.files),
        received=received(item),
        known=known,
    )


def received(item: ImportView) -> float:
    """How much of an upload is here, in percent."""
    whole = sum(file.size for file in item.files)
    return 100 * sum(file.received for file in item.files) / whole if whole else 0.0
