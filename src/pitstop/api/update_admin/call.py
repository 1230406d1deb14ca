"""One call of this API, read and checked: who asks for what, under which address.

ARM compares the fixed words of a path, and the names of resources, without regard to case; answers carry
the names as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pitstop.api.security import AnyRequest
from pitstop.api.update_admin.errors import ArmError
from pitstop.model.accounts import Actor
from pitstop.service.desk import Desk
from pitstop.wire.update_admin import API_VERSION, Resource, ResourceList, Scope
from pitstop.wire.views import SystemView


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let through.

    Attributes:
        names: what the path names: subscription, group, and perhaps location, update, run.
        base: scheme and host that absolute links begin with.
        page: how many items to leave out: what a former answer's nextLink said.
    """

    desk: Desk
    actor: Actor
    system: SystemView
    scope: Scope
    names: Mapping[str, str]
    base: str
    page: int
    queried: Mapping[str, str] = field(default_factory=dict)

    def link(self, resource_id: str, version: str = API_VERSION) -> str:
        """An absolute address, with the api-version, so that it can be asked as it stands."""
        return f"{self.base}{resource_id}?api-version={version}"

    def query(self, name: str) -> str:
        """What the query says under this name, in whatever case; "" for nothing."""
        return self.queried.get(name.lower(), "")

    def paged(
        self, collection: str, resources: tuple[Resource, ...], *, more: bool, step: int
    ) -> ResourceList:
        """One page. ``collection``: the id of the list itself."""
        link = f"{self.link(collection)}&$skiptoken={self.page + step}" if more else None
        return ResourceList(value=resources, next_link=link)


def open_call(request: AnyRequest, desk: Desk, actor: Actor, names: Mapping[str, str]) -> Call:
    """Check what every call must have.

    Raises:
        ArmError: subscription, resource group or location are not of this system.
    """
    system = desk.system.show(actor)
    try:
        subscription = str(UUID(names["subscription"]))
    except ValueError:
        raise ArmError(
            400, "InvalidSubscriptionId", f"The subscription id '{names['subscription']}' is not a GUID."
        ) from None
    scope = Scope(subscription, system.location)
    group, location = names["group"], names.get("location", system.location)
    if group.casefold() != scope.group.casefold():
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    if location.casefold() != system.location.casefold():
        raise ArmError(404, "ResourceNotFound", f"The update location '{location}' was not found.", location)
    queried = {name.lower(): value for name, value in _query(request)}
    return Call(desk, actor, system, scope, names, _base(request), _page(request), queried)


def require_api_version(request: AnyRequest, spoken: str = API_VERSION) -> None:
    """Raises ArmError: the query names no api-version, or another than the one that is spoken."""
    asked = next((value for key, value in _query(request) if key.lower() == "api-version"), "")
    if not asked:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if asked != spoken:
        raise ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{asked}' is invalid. The supported versions are '{spoken}'.",
        )


def _page(request: AnyRequest) -> int:
    text = next((value for key, value in _query(request) if key.lower() == "$skiptoken"), "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ArmError(400, "InvalidSkipToken", "The $skiptoken is not one that this service has given.")
    return int(text)


def _query(request: AnyRequest) -> list[tuple[str, str]]:
    return [(str(key), str(value)) for key, value in request.query_params.multi_items()]


def _base(request: AnyRequest) -> str:
    """Scheme and host as the client wrote them; a Host header that is no host never gets this far."""
    return str(request.base_url).rstrip("/")
