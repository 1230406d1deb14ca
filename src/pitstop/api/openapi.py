"""``/api/v1/openapi.json``: the description of ``/api/v1``, made from its handlers.

Made by an application of its own that is never served, so that nothing else of the service is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.serialization import encode_json
from litestar.types import ControllerRouterHandler

from pitstop import __version__
from pitstop.api import (
    accounts,
    alerts,
    audit,
    cases,
    checklists,
    checks,
    imports,
    issues,
    logs,
    nodes,
    policy,
    runs,
    sessions,
    sources,
    system,
    updates,
)
from pitstop.api.problems import PROBLEM_JSON
from pitstop.wire.views import Problem

PREFIX = "/api/v1"
MEDIA_TYPE = "application/vnd.oai.openapi+json"

HANDLERS: Sequence[ControllerRouterHandler] = tuple(
    handler
    for resource in (
        system,
        nodes,
        updates,
        checklists,
        runs,
        issues,
        alerts,
        sources,
        imports,
        logs,
        cases,
        accounts,
        sessions,
        audit,
        policy,
        checks,
    )
    for handler in resource.HANDLERS
)
"""All of ``/api/v1`` but this description itself."""


@cache
def document() -> bytes:
    """The OpenAPI 3.1 document, JSON."""
    handed_in = ("desk", "actor", "watches")
    described = Router(
        PREFIX,
        route_handlers=HANDLERS,
        dependencies={name: Provide(lambda: None, sync_to_thread=False) for name in handed_in},
        security=[{"bearer": []}],
        tags=["pitstop"],
    )
    config = OpenAPIConfig(
        title="Pitstop",
        version=__version__,
        description="Patch and update for integrated systems. Instants are ISO 8601 in UTC, durations are "
        "seconds, sizes are bytes. Errors are application/problem+json with a stable `code` and a `hint`.",
        components=Components(security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}),
    )
    app = Litestar(route_handlers=[described], openapi_config=config, logging_config=None)
    return encode_json(_with_problems(app.openapi_schema.to_schema()))


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Every operation may answer with a problem; that replaces the framework's own shape of errors."""
    _, shapes = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    for name, shape in shapes.items():
        document["components"]["schemas"].setdefault(name, shape)
    schema = {"$ref": "#/components/schemas/Problem"}
    problem = {"description": "A problem", "content": {PROBLEM_JSON: {"schema": schema}}}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("400", None)
            operation["responses"]["default"] = problem
    document["paths"][f"{PREFIX}/sessions"]["post"]["security"] = []
    return document


@get("/openapi.json", include_in_schema=False, sync_to_thread=True)
def show_openapi() -> Response[bytes]:
    return Response(document(), media_type=MEDIA_TYPE)
