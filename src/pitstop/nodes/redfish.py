"""Management controllers that speak Redfish: :class:`pitstop.ports.controllers.Controllers` over ``sushy``.

Of a node, the fact ``bmc`` is its controller's address (``https://10.0.1.11``), ``bmc_login`` the login's
name in the nodes file (``bmc`` unless told), and ``bmc_system`` the Redfish system where there are several.
An image is sent where the controller takes it (``MultipartHttpPushUri``), else the controller fetches it
(``SimpleUpdate``) from this machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from pitstop.model.errors import FirmwareBusy, FirmwareFailed, InvalidInput, NotFound, StepFailed, Unreachable
from pitstop.model.system import Login, Node
from pitstop.nodes.image_server import served
from pitstop.nodes.logins import password_of
from pitstop.ports.controllers import ApplyTime, Hardware, Image, Task, TaskEnd

if TYPE_CHECKING:
    import sushy

ADDRESS, LOGIN, SYSTEM = "bmc", "bmc_login", "bmc_system"
"""The facts of a node that say how its controller is reached."""

BIOS = "BIOS"
"""The component that a controller without an inventory has all the same."""

_TIMES = {ApplyTime.IMMEDIATE: "Immediate", ApplyTime.ON_RESET: "OnReset"}
_GOOD = ("Completed",)
_BAD = ("Exception", "Killed", "Cancelled", "Interrupted")
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_BUSY = (HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE)
_AWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
_SECONDS = 60
_SECONDS_TO_TAKE_IN = 600
"""A controller may look at the whole image before it answers."""


class RedfishControllers:
    """Args: logins: asked anew for every call, for the nodes file may have changed."""

    def __init__(self, logins: Callable[[], Mapping[str, Login]]) -> None:
        self._logins = logins

    def hardware(self, node: Node) -> Hardware:
        with self._root(node) as root:
            system = self._system(node, root)
            return Hardware(str(system.json.get("Model") or ""), _firmware(root, system))

    def offer(self, node: Node, image: Image) -> AbstractContextManager[str]:
        with self._root(node) as root:
            if root.get_update_service().json.get("MultipartHttpPushUri"):
                return nullcontext("")
        return served(image.path, image.name, _address(node))

    def update(self, node: Node, image: Image, address: str) -> Task:
        with self._root(node) as root:
            service = root.get_update_service()
            targets = _targets(root, self._system(node, root), image.component)
            answer = (
                _pull(root, service, image, targets, address)
                if address
                else _push(root, service, image, targets)
            )
            return _begun(answer)

    def busy(self, node: Node) -> str:
        with self._root(node) as root:
            return next(_updates_under_way(root), "")

    def task(self, node: Node, uri: str) -> Task:
        from sushy import exceptions  # noqa: PLC0415

        with self._root(node) as root:
            try:
                answer = root._conn.get(uri)
            except exceptions.HTTPError as error:
                if error.status_code in _GONE:
                    return Task(uri, "Gone", None, TaskEnd.GONE)
                raise
            return _task(uri, answer.status_code, answer.json() if answer.content else {})

    def restart(self, node: Node) -> None:
        with self._root(node) as root:
            system = self._system(node, root)
            can = system.json["Actions"]["#ComputerSystem.Reset"].get("ResetType@Redfish.AllowableValues", ())
            how = "GracefulRestart" if "GracefulRestart" in can or not can else "ForceRestart"
            _told(root, system.json["Actions"]["#ComputerSystem.Reset"]["target"], data={"ResetType": how})

    # --- getting there

    @contextmanager
    def _root(self, node: Node) -> Iterator[sushy.Sushy]:
        """The controller's service root, signed in to; what it refuses is said in our words."""
        try:
            import sushy  # noqa: PLC0415 - an extra, and slow to load
            from sushy import auth, connector, exceptions  # noqa: PLC0415
        except ImportError as error:
            raise StepFailed(
                "management controllers are reached with the package `sushy`, which is not installed here",
                hint="Install pitstop[redfish] where the service runs, then resume the run.",
            ) from error
        address, (name, login) = _address(node), self._login(node)
        basic = auth.BasicAuth(username=login.user, password=password_of(name, login))
        to_it = connector.Connector(address, verify=login.ca or True, default_request_timeout=_SECONDS)
        where = f"the management controller of node {node.name} ({address})"
        try:
            yield sushy.Sushy(address, auth=basic, connector=to_it)
        except exceptions.AccessError as error:
            raise StepFailed(
                f"{where} does not accept login {name}",
                hint="Check name and password where the nodes file says they are, then resume the run.",
            ) from error
        except exceptions.ConnectionError as error:
            raise Unreachable(f"{where} does not answer: {_line(error)}") from error
        except exceptions.HTTPError as error:
            said = f"{where} refuses: {_line(error)}"
            raise (Unreachable(said) if error.status_code in _AWAY else FirmwareFailed(said)) from error
        except (exceptions.SushyError, KeyError, ValueError) as error:
            raise FirmwareFailed(f"{where} refuses: {_line(error)}") from error
        finally:
            to_it.close()

    def _login(self, node: Node) -> tuple[str, Login]:
        name = node.facts.get(LOGIN, "bmc")
        login = self._logins().get(name)
        if login is None:
            raise NotFound(
                f"there is no login {name!r}, for the management controller of node {node.name}",
                hint="Declare it in the nodes file, as [login.NAME], then resume the run.",
            )
        return name, login

    def _system(self, node: Node, root: sushy.Sushy) -> Any:
        wanted = node.facts.get(SYSTEM)
        systems = root.get_system_collection()
        if wanted is None and len(systems.members_identities) != 1:
            count = len(systems.members_identities)
            raise InvalidInput(
                f"the management controller of node {node.name} has {count} systems",
                hint=f"Say which is the node's, as its fact {SYSTEM}, then resume the run.",
            )
        return systems.get_member(wanted or systems.members_identities[0])


def _address(node: Node) -> str:
    address = node.facts.get(ADDRESS)
    if address is None:
        raise NotFound(
            f"node {node.name} has no fact {ADDRESS!r}: where its management controller is, is not known",
            hint="Add the fact to the node in the nodes file, then resume the run.",
        )
    return address


# --- what there is


def _inventory(root: Any) -> list[Mapping[str, Any]]:
    from sushy import exceptions  # noqa: PLC0415

    try:
        return [item.json for item in root.get_update_service().firmware_inventory.get_members()]
    except (exceptions.ResourceNotFoundError, exceptions.MissingAttributeError):
        return []


def _firmware(root: Any, system: Any) -> Mapping[str, str]:
    items = _inventory(root)
    if not items:
        return {BIOS: str(system.json.get("BiosVersion") or "")}
    return {str(item["Id"]): str(item.get("Version") or "") for item in items}


def _targets(root: Any, system: Any, component: str) -> list[str]:
    own = [str(item["@odata.id"]) for item in _inventory(root) if item["Id"] == component]
    return own or [str(system.json["@odata.id"])]


# --- bringing it


def _push(root: Any, service: Any, image: Image, targets: list[str]) -> Any:
    told = {"Targets": targets, "@Redfish.OperationApplyTime": _TIMES[image.apply]}
    with image.path.open("rb") as content:
        parts = {
            "UpdateParameters": (None, json.dumps(told), "application/json"),
            "UpdateFile": (image.name, content, "application/octet-stream"),
        }
        return _told(root, service.json["MultipartHttpPushUri"], files=parts)


def _pull(root: Any, service: Any, image: Image, targets: list[str], address: str) -> Any:
    action = service.json["Actions"]["#UpdateService.SimpleUpdate"]
    told: dict[str, Any] = {"ImageURI": address, "TransferProtocol": "HTTP", "Targets": targets}
    if "@Redfish.OperationApplyTimeSupport" in action:
        told["@Redfish.OperationApplyTime"] = _TIMES[image.apply]
    return _told(root, action["target"], data=told)


def _told(root: Any, target: str, **what: Any) -> Any:
    """POST it, once. Whether a controller that does not answer has begun is not known: what ``sushy`` tries
    again by itself could be a second update (and, the file being read, an empty one)."""
    from sushy import exceptions  # noqa: PLC0415

    root._conn._server_side_retries = 1  # so it counts the tries
    try:
        return root._conn.post(target, timeout=_SECONDS_TO_TAKE_IN, server_side_retries_left=0, **what)
    except exceptions.HTTPError as error:
        if error.status_code in _BUSY or root._conn.check_retry_on_exception(error):
            raise FirmwareBusy(f"it takes nothing now: {_line(error)}") from error
        raise


def _updates_under_way(root: Any) -> Iterator[str]:
    """By its list of tasks: what was asked of its update service, or tells of itself in the words that DMTF's
    registry has for updates."""
    if "Tasks" not in root.json:
        return
    service = root._conn.get(root.json["Tasks"]["@odata.id"]).json()
    expands = root.json.get("ProtocolFeaturesSupported", {}).get("ExpandQuery", {}).get("NoLinks")
    listed = root._conn.get(service["Tasks"]["@odata.id"] + ("?$expand=." if expands else "")).json()
    for member in listed.get("Members", ()):
        task = member if "TaskState" in member else root._conn.get(member["@odata.id"]).json()
        said = _task(str(member["@odata.id"]), HTTPStatus.OK, task)
        if said.end is None and _is_update(root, task):
            yield f"task {said.uri} is {said.state}"


def _is_update(root: Any, task: Mapping[str, Any]) -> bool:
    asked = str(task.get("Payload", {}).get("TargetUri", ""))
    service = root.get_update_service().json
    its_own = (str(service["@odata.id"]), service.get("MultipartHttpPushUri"), service.get("HttpPushUri"))
    ids = (str(each.get("MessageId", "")) for each in task.get("Messages", ()))
    return bool(
        asked.startswith(its_own[0]) or asked in its_own or any(each.startswith("Update.") for each in ids)
    )


def _begun(answer: Any) -> Task:
    body = answer.json() if answer.content else {}
    uri = _path(answer.headers.get("Location") or str(body.get("@odata.id", "")))
    if answer.status_code != HTTPStatus.ACCEPTED or not uri:
        return Task("", "Completed", 100, TaskEnd.GOOD)
    return _task(uri, answer.status_code, body)


def _path(address: str) -> str:
    """Without the host: controllers have names of their own, and the declared one alone gets the login."""
    parts = urlsplit(address)
    return urlunsplit(("", "", *parts[2:]))


def _task(uri: str, status: int, body: Mapping[str, Any]) -> Task:
    """A monitor answers 202 while the task lasts; a task itself always 200, and says its state."""
    state = str(body.get("TaskState") or ("Running" if status == HTTPStatus.ACCEPTED else "Completed"))
    said = "; ".join(
        str(each.get("Message") or each.get("MessageId", "")) for each in body.get("Messages", ())
    )
    bad = state in _BAD or body.get("TaskStatus") == "Critical"
    end = TaskEnd.BAD if bad else TaskEnd.GOOD if state in _GOOD else None
    percent = body.get("PercentComplete")
    return Task(uri, state, percent if isinstance(percent, int) else None, end, said)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
