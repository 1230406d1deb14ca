"""``/static/{name}``: style sheet, script and icon, out of the package and never out of a folder by name."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.params import FromPath
from litestar.response import Response

from pitstop.model.errors import NotFound
from pitstop.portal.rendering import HEADERS, STATIC

_TYPES: Final = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "txt": "text/plain",
}
_KEEP: Final = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
"""Pages name these files with a digest of their content, so browsers may keep them."""


@get("/static/{name:str}", sync_to_thread=False)
def show(name: FromPath[str]) -> Response[bytes]:
    if name not in STATIC:
        raise NotFound(f"there is no file {name}")
    return Response(STATIC[name], media_type=_TYPES[name.rpartition(".")[2]], headers=_KEEP)
