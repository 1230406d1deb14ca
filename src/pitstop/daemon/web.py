"""One web application of API and portal."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from pitstop.api.app import api_error, api_routers
from pitstop.portal.app import lost_page, portal_routes
from pitstop.service.desk import Desk


def create_app(desk: Desk) -> Litestar:
    """API and portal over this desk. Each answers its own errors; an address that neither takes is
    answered in the manner of the part that its path belongs to."""

    page = lost_page(desk)

    def answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        return api_error(request, error) or page(request, error)

    return Litestar(
        route_handlers=[*api_routers(desk), *portal_routes(desk)],
        openapi_config=None,
        exception_handlers={HTTPException: answer},
        logging_config=None,
    )
