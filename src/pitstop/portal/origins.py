"""Requests that change something must come from this portal's own pages.

The session cookie is ``SameSite=Strict`` already; this is the second lock, and it needs no secret: browsers
say by themselves where a request comes from (``Sec-Fetch-Site``, ``Origin``), and no page can change that.
A request that says neither is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from pitstop.model.errors import NotPermitted

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that this request was made by a page of the host that it is sent to.

    Only host and port are compared, not the scheme: TLS may end before this process.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site == "same-origin"
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""


def same_origin(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard of all pages. Raises NotPermitted."""
    method = str(connection.scope.get("method", ""))
    if method not in SAFE_METHODS and not is_from_here(connection.headers):
        raise NotPermitted(
            "this was not sent from a page of this portal, so nothing was done",
            hint="Open the page here and press the button there.",
        )
