"""Errors of ``/api/v1``: application/problem+json (RFC 9457) with Pitstop's code and hint.

An error that nobody foresaw is logged under a reference and says nothing else: no text of it leaves.
"""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from pitstop.api.security import SECURE_HEADERS, AnyRequest
from pitstop.model.errors import InvalidInput, NotAllowed, PitstopError
from pitstop.service.findings import finding_view
from pitstop.wire.http_statuses import status_of
from pitstop.wire.views import Problem

_log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

_CODES = {400: "invalid-input", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_HINTS = {
    404: "The paths are in /api/v1/openapi.json.",
    405: "The methods of each path are in /api/v1/openapi.json.",
}


def problem_of(error: Exception, path: str) -> Problem:
    """What an error says to whoever asked for ``path``."""
    if isinstance(error, PitstopError):
        return _problem(status_of(error), error.message, error.code, error.hint, error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        status = error.status_code
        code = _CODES.get(status, InvalidInput.code)
        hint = _HINTS.get(status, InvalidInput.default_hint)
        return _problem(status, http_detail(error, path), code, hint)
    reference = logged(error)
    return _problem(
        500, f"something unexpected happened (reference {reference})", PitstopError.code, UNEXPECTED_HINT
    )


UNEXPECTED_HINT = "Try again; if it stays, give the reference to support: it is in the service's log."


def logged(error: Exception) -> str:
    """Write an unforeseen error to the log; the reference under which it is found there."""
    reference = secrets.token_hex(4)
    _log.error("unexpected error, reference %s", reference, exc_info=error)
    return reference


def http_detail(error: HTTPException, path: str) -> str:
    """What the framework objects to, in one sentence; names fields, never their values."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"there is nothing at {path}"
    extra = error.extra if isinstance(error.extra, list) else []
    parts = [
        ": ".join(str(item[key]) for key in ("key", "message") if item.get(key))
        for item in extra
        if isinstance(item, dict)
    ]
    if "data" in {item.get("key") for item in extra if isinstance(item, dict)}:
        return "the request has no body, or not one of the form that is described"
    return "; ".join(part for part in parts if part) or error.detail or HTTPStatus(error.status_code).phrase


def problem_response(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The exception handler of ``/api/v1``."""
    problem = problem_of(error, request.scope["path"])
    headers = dict(SECURE_HEADERS)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, HTTPException):
        headers.update({key: value for key, value in (error.headers or {}).items() if key.lower() == "allow"})
    return Response(
        msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM_JSON, headers=headers
    )


def _problem(status: int, detail: str, code: str, hint: str, error: PitstopError | None = None) -> Problem:
    findings = error.findings if isinstance(error, NotAllowed) else ()
    return Problem(
        type=f"urn:pitstop:problem:{code}",
        title=code.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        hint=hint,
        findings=tuple(finding_view(finding) for finding in findings),
    )
