"""Errors in ARM's shape: ``{"error": {"code", "message", "target", "details", "additionalInfo"}}``.

Pitstop's own code and hint travel in ``additionalInfo``; findings that block are ``details``.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from pitstop.api.problems import UNEXPECTED_HINT, http_detail, logged
from pitstop.api.security import SECURE_HEADERS, AnyRequest
from pitstop.model.errors import (
    Conflict,
    NotAllowed,
    NotFound,
    NotPermitted,
    NotSignedIn,
    PitstopError,
)
from pitstop.wire.http_statuses import status_of
from pitstop.wire.update_admin import ErrorDetail, ErrorResponse

_CODES: dict[type[PitstopError], str] = {
    NotFound: "ResourceNotFound",
    NotSignedIn: "AuthenticationFailed",
    NotPermitted: "AuthorizationFailed",
    NotAllowed: "OperationNotAllowed",
    Conflict: "Conflict",
}


class ArmError(Exception):
    """A refusal of the protocol itself, before any use case is asked."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.detail = ErrorDetail(code=code, message=message, target=target)


def error_response(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The exception handler of this API."""
    status, detail = _described(error, request.scope["path"])
    headers = dict(SECURE_HEADERS)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(ErrorResponse(error=detail)),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


def _described(error: Exception, path: str) -> tuple[int, ErrorDetail]:
    if isinstance(error, ArmError):
        return error.status, error.detail
    if isinstance(error, PitstopError):
        return status_of(error), _from_pitstop(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        code = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
        return error.status_code, ErrorDetail(code=code, message=http_detail(error, path))
    message = f"Something unexpected happened (reference {logged(error)}). {UNEXPECTED_HINT}"
    return 500, ErrorDetail(code="InternalServerError", message=message)


def _from_pitstop(error: PitstopError) -> ErrorDetail:
    code = next(
        (_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), error.code.title().replace("-", "")
    )
    findings = error.findings if isinstance(error, NotAllowed) else ()
    return ErrorDetail(
        code=code,
        message=error.message,
        details=tuple(
            ErrorDetail(
                code=finding.code.title().replace("-", ""),
                message=f"{finding.what} {finding.remedy}",
                target=finding.subject,
            )
            for finding in findings
        ),
        additional_info=({"type": "Pitstop", "info": {"code": error.code, "hint": error.hint}},),
    )
