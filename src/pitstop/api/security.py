"""Who asks, and what every answer carries.

Requests carry a bearer token and no cookie, so that no other site can make a browser ask in somebody's
name. Errors and answers are never cached, and never shown as a page.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from pitstop.model.accounts import Actor
from pitstop.model.errors import NotSignedIn
from pitstop.service.desk import Desk

MAX_BODY = 64 * 1024
"""Bytes: no request of these APIs carries more than a few short fields."""

SECURE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

AnyRequest = Request[Any, Any, Any]
DeskHere = NamedDependency[SkipValidation[Desk]]
"""The desk, handed in."""
SignedIn = NamedDependency[SkipValidation[Actor]]
"""Who asks, handed in; a request without a session never gets to its handler."""


def origin_of(request: AnyRequest) -> str:
    """The face and the address that a request came from, as the audit log writes it down."""
    return f"api {request.client.host if request.client else 'unknown'}"


def token_of(request: AnyRequest) -> str:
    """The bearer token.

    Raises:
        NotSignedIn: there is none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn(
            "the request carries no bearer token",
            hint="Sign in with POST /api/v1/sessions or `pitstop login`, and send the token as "
            "`Authorization: Bearer <token>`.",
        )
    return token.strip()


def actor_of(request: AnyRequest, desk: DeskHere) -> Actor:
    """Who holds the request's token.

    Raises:
        NotSignedIn: nobody does.
    """
    return desk.accounts.actor(token_of(request), origin_of(request))
