"""Who visits: the session cookie, and the way back to where one was.

The cookie holds the bearer token that the sign-in answered; what it is worth only the desk knows.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

COOKIE = "pitstop-session"

Connection = ASGIConnection[Any, Any, Any, Any]


def token_of(connection: Connection) -> str:
    """The bearer token that came with the request, or ``""``."""
    return connection.cookies.get(COOKIE, "")


def origin_of(connection: Connection) -> str:
    """What the audit log writes down: ``portal`` and the address that the request came from."""
    return f"portal {connection.client.host}" if connection.client else "portal"


def session_cookie(connection: Connection, token: str) -> Cookie:
    """Kept from scripts and from other sites; over https, from plain http too. It goes when the browser
    does, and how long it holds before that only the service decides."""
    return Cookie(
        key=COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=connection.scope["scheme"] == "https",
    )


def ended_cookie() -> Cookie:
    return Cookie(key=COOKIE, value="", path="/", httponly=True, samesite="strict", max_age=0)


def safe_way_back(wanted: str | None) -> str:
    """``wanted`` if it is a path of this portal, else ``/``: a link must not lead a signed-in person away."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return "/"
    if "\\" in wanted or any(ord(char) <= 32 or ord(char) == 127 for char in wanted):
        return "/"
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path in ("/sign-in", "/sign-out"):
        return "/"
    return wanted


def sign_in_path(back: str) -> str:
    """The sign-in page that leads back to ``back``."""
    safe = safe_way_back(back)
    return "/sign-in" if safe == "/" else f"/sign-in?next={quote(safe, safe='')}"
