"""``/updates/{name}/risks/{risk}``: taking a risk that a release carries, by name and with a reason, or no
longer. Both are written down."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response

from pitstop.model.errors import NotFound, NotSignedIn, PitstopError
from pitstop.portal.pages import updates
from pitstop.portal.rendering import go_to, in_path
from pitstop.portal.visits import OpenVisit


@dataclass(frozen=True, slots=True)
class ReasonForm:
    reason: str


@post("/updates/{name:str}/risks/{risk:str}/accept", sync_to_thread=True)
def accept(
    visit: OpenVisit, name: FromPath[str], risk: FromPath[str], data: URLEncodedBody[ReasonForm]
) -> Response[str]:
    try:
        visit.desk.policy.accept_risk(visit.actor, risk, data.reason)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return updates.page(visit, name, error)
    return go_to(f"/updates/{in_path(name)}?done=risk-accepted")


@post("/updates/{name:str}/risks/{risk:str}/revoke", sync_to_thread=True)
def revoke(visit: OpenVisit, name: FromPath[str], risk: FromPath[str]) -> Response[str]:
    try:
        visit.desk.policy.revoke_risk(visit.actor, risk)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return updates.page(visit, name, error)
    return go_to(f"/updates/{in_path(name)}?done=risk-revoked")


@get(
    ["/updates/{name:str}/risks/{risk:str}/accept", "/updates/{name:str}/risks/{risk:str}/revoke"],
    sync_to_thread=False,
)
def after_sign_in(name: FromPath[str], risk: FromPath[str]) -> Response[str]:  # noqa: ARG001  part of the path
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/updates/{in_path(name)}")
