"""One web application of API and portal.

What it asks of the desk is done in threads of its own, apart from those in which the engine works: however
many wait for a slow source or node, updates go on; and whoever waits leaves threads for the others.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.concurrency import set_asyncio_executor
from litestar.config.compression import CompressionConfig
from litestar.exceptions import HTTPException

from pitstop.api.app import api_error, api_routers
from pitstop.portal.app import lost_page, portal_routes
from pitstop.service.desk import Desk
from pitstop.service.watching import ENDLESS, Watches

COMPRESSION: Final = CompressionConfig(
    backend="gzip", minimum_size=1_000, gzip_compress_level=4, exclude_opt_key=ENDLESS
)
"""Bytes. Small answers gain nothing; streams must not be held back. No answer that is compressed carries a
secret beside what somebody else may have put into it."""

THREADS: Final = ThreadPoolExecutor(32, thread_name_prefix="face")
"""Far more than may wait for anything slow at once; what is quick needs few."""


def create_app(desk: Desk) -> Litestar:
    """API and portal over this desk. Each answers its own errors; an address that neither takes is
    answered in the manner of the part that its path belongs to. Called before any event loop runs."""

    set_asyncio_executor(THREADS)
    page = lost_page(desk)
    watches = Watches(desk.runs, threads=THREADS)

    def answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        return api_error(request, error) or page(request, error)

    return Litestar(
        route_handlers=[*api_routers(desk, watches=watches), *portal_routes(desk, watches)],
        openapi_config=None,
        compression_config=COMPRESSION,
        exception_handlers={HTTPException: answer},
        logging_config=None,
    )
