"""Errors as people see them on a page: message, hint, code and findings, with the HTTP status that fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from litestar.exceptions import HTTPException

from pitstop.model import errors
from pitstop.model.errors import PitstopError
from pitstop.service.findings import finding_view
from pitstop.wire.http_statuses import status_of
from pitstop.wire.views import FindingView


@dataclass(frozen=True, slots=True)
class Shown:
    """What went wrong, ready for a page."""

    status: int
    message: str
    hint: str
    code: str
    findings: tuple[FindingView, ...] = ()


def shown(error: PitstopError) -> Shown:
    findings = error.findings if isinstance(error, errors.NotAllowed) else ()
    return Shown(
        status_of(error),
        error.message,
        error.hint,
        error.code,
        tuple(finding_view(item) for item in findings),
    )


def shown_http(error: HTTPException) -> Shown:
    """What the web framework refused before any page was asked."""
    message, hint = _HTTP_WORDS.get(error.status_code, ("this cannot be answered", "Go back and try again."))
    return Shown(error.status_code, message, hint, f"http-{error.status_code}")


def shown_break() -> Shown:
    """Something broke that nobody foresaw: the log knows what, the page only that."""
    broken = PitstopError(
        "something broke in the service",
        hint="Try again; if it stays, look at the service's log. A run that is going on is not touched.",
    )
    return shown(broken)


_HTTP_WORDS: Final[dict[int, tuple[str, str]]] = {
    400: ("the form is not complete", "Go back, fill in every field and send it again."),
    404: ("there is no such page", "Start again from the Update page."),
    405: ("this page takes no such request", "Open the page and use its buttons."),
    413: ("what was sent is too large", "Send less."),
}
