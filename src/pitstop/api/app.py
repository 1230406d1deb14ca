"""Both APIs as parts of an application: whoever builds it (the daemon) puts the portal's parts beside them.

Use::

    Litestar(
        route_handlers=[*api_routers(desk), *the_portals],
        openapi_config=None,            # the API describes itself
        exception_handlers={...: ...},  # api_error() answers for the APIs' paths
    )

Handlers ask the desk from worker threads: a slow answer never holds up the event loop.
"""

from __future__ import annotations

from litestar import Litestar, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from pitstop.api.metrics import HANDLERS as METRICS
from pitstop.api.openapi import HANDLERS, PREFIX, show_openapi
from pitstop.api.problems import problem_response
from pitstop.api.security import MAX_BODY, SECURE_HEADERS, AnyRequest, actor_of
from pitstop.api.update_admin import errors as arm_errors
from pitstop.api.update_admin.routes import HANDLERS as UPDATE_ADMIN
from pitstop.model.errors import PitstopError
from pitstop.service.desk import Desk
from pitstop.service.watching import Watches


def api_routers(desk: Desk, *, watches: Watches | None = None) -> tuple[Router, ...]:
    """``/api/v1``, the APIs of others and ``/metrics``, complete in themselves: guarded, limited, with their
    errors."""
    shared = {
        "desk": Provide(lambda: desk, sync_to_thread=False),
        "actor": Provide(actor_of, sync_to_thread=True),
    }
    shown = watches or Watches(desk.runs)
    own = Router(
        PREFIX,
        route_handlers=[*HANDLERS, show_openapi],
        dependencies={**shared, "watches": Provide(lambda: shown, sync_to_thread=False)},
        exception_handlers={Exception: problem_response},
        response_headers=SECURE_HEADERS,
        request_max_body_size=MAX_BODY,
        include_in_schema=False,
    )
    update_admin = Router(
        "/",
        route_handlers=list(UPDATE_ADMIN),
        dependencies=shared,
        exception_handlers={Exception: arm_errors.error_response},
        response_headers=SECURE_HEADERS,
        request_max_body_size=MAX_BODY,
        include_in_schema=False,
    )
    metrics = Router(
        "/",
        route_handlers=list(METRICS),
        dependencies={"desk": shared["desk"]},
        exception_handlers={Exception: problem_response},
        response_headers=SECURE_HEADERS,
        include_in_schema=False,
    )
    return own, update_admin, metrics


def api_error(request: AnyRequest, error: Exception) -> Response[bytes] | None:
    """The answer to an error on a path of the APIs (also where no route matched); None elsewhere."""
    path = request.scope["path"].lower()
    if path == PREFIX or path.startswith(f"{PREFIX}/"):
        return problem_response(request, error)
    if path.startswith("/subscriptions"):
        return arm_errors.error_response(request, error)
    return None


def create_app(desk: Desk, *, watches: Watches | None = None) -> Litestar:
    """The APIs alone, without a portal."""

    def answer(request: AnyRequest, error: Exception) -> Response[bytes]:
        return api_error(request, error) or problem_response(request, error)

    return Litestar(
        route_handlers=list(api_routers(desk, watches=watches)),
        openapi_config=None,
        exception_handlers={PitstopError: answer, HTTPException: answer, Exception: answer},
        logging_config=None,
    )
