"""A management controller, as DMTF's Redfish schema has it, for a machine that has none: root, one system,
update service (``MultipartHttpPushUri``, or ``SimpleUpdate`` alone), firmware inventory, tasks.

The image that it is given says its own version and model, in lines ``version V`` and ``model M``; the
controller looks at that, as real ones do.
"""

from __future__ import annotations

import base64
import email
import email.policy
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.request import urlopen

ROOT = "/redfish/v1"
USER, PASSWORD = "service", "a secret of the controller's"
_UPDATE = f"{ROOT}/UpdateService"
_PUSH = f"{_UPDATE}/update-multipart"
_PULL = f"{_UPDATE}/Actions/UpdateService.SimpleUpdate"
_SYSTEM = f"{ROOT}/Systems/1"
_RESET = f"{_SYSTEM}/Actions/ComputerSystem.Reset"
_TASK_SERVICE = f"{ROOT}/TaskService"
_MONITORS = f"{ROOT}/TaskMonitors"
_TASKS = f"{_TASK_SERVICE}/Tasks"
_BIOS = f"{_UPDATE}/FirmwareInventory/BIOS"


@dataclass
class Bmc:
    """One controller.

    Attributes:
        takes: whether images are sent to it; else it fetches them.
        looks: a task has ended once it was looked at so often.
        hangs, critical: how its next task goes wrong; ``hangs`` while it is set.
        on_version: told when the machine runs other firmware.
        on_restart: told when the machine is to restart.
        begun: so many updates.
        refuses: the status with which it takes no update while it is at one; None: it takes them.
        silent: it takes the next image, and the link is lost before it answers.
        calls_itself: put before the addresses of its tasks.
        stages: what waits for the restart of the machine is a task that is pending until then.
        lists: whether it has a list of its tasks.
    """

    version: str
    model: str = "Lumen R4"
    takes: bool = True
    looks: int = 2
    hangs: bool = False
    critical: bool = False
    on_version: Callable[[str], None] = lambda _version: None
    on_restart: Callable[[], None] = lambda: None
    begun: int = 0
    refuses: int | None = 409
    silent: bool = False
    calls_itself: str = ""
    stages: bool = False
    lists: bool = True
    waiting: str = ""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    address: str = ""

    def documents(self) -> Mapping[str, Mapping[str, Any]]:
        times = {
            "@odata.type": "#Settings.v1_3_5.OperationApplyTimeSupport",
            "SupportedValues": ["Immediate", "OnReset"],
        }
        pull = {"target": _PULL, "@Redfish.OperationApplyTimeSupport": times}
        actions = {"#UpdateService.SimpleUpdate": pull}
        push = {"MultipartHttpPushUri": _PUSH} if self.takes else {}
        tasks = {"Tasks": {"@odata.id": _TASK_SERVICE}} if self.lists else {}
        reset = {"target": _RESET, "ResetType@Redfish.AllowableValues": ["GracefulRestart", "ForceRestart"]}
        return {
            f"{ROOT}/": {
                "@odata.type": "#ServiceRoot.v1_15_0.ServiceRoot",
                "Id": "RootService",
                "Name": "Root Service",
                "RedfishVersion": "1.15.0",
                "Systems": {"@odata.id": f"{ROOT}/Systems"},
                "UpdateService": {"@odata.id": _UPDATE},
                **tasks,
            },
            _TASK_SERVICE: {
                "@odata.type": "#TaskService.v1_2_0.TaskService",
                "Id": "TaskService",
                "Name": "Tasks",
                "Tasks": {"@odata.id": _TASKS},
            },
            _TASKS: _collection("TaskCollection", [f"{_TASKS}/{_id(uri)}" for uri in self.tasks]),
            f"{ROOT}/Systems": _collection("ComputerSystemCollection", [_SYSTEM]),
            _SYSTEM: {
                "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem",
                "Id": "1",
                "Name": "System",
                "Model": self.model,
                "BiosVersion": self.version,
                "Actions": {"#ComputerSystem.Reset": reset},
            },
            _UPDATE: {
                "@odata.type": "#UpdateService.v1_11_0.UpdateService",
                "Id": "UpdateService",
                "Name": "Update Service",
                "ServiceEnabled": True,
                "FirmwareInventory": {"@odata.id": f"{_UPDATE}/FirmwareInventory"},
                "Actions": actions,
                **push,
            },
            f"{_UPDATE}/FirmwareInventory": _collection("SoftwareInventoryCollection", [_BIOS]),
            _BIOS: {
                "@odata.type": "#SoftwareInventory.v1_10_0.SoftwareInventory",
                "Id": "BIOS",
                "Name": "Firmware of the board",
                "Version": self.version,
                "Updateable": True,
            },
        }

    def begin(self, image: bytes, apply: str) -> str:
        """Take an image; the address of the task."""
        self.begun += 1
        uri = f"{_MONITORS}/{self.begun}"
        said = {
            name: value.strip()
            for name, value in re.findall(r"^(version|model) (.*)$", image.decode("latin-1"), re.M)
        }
        self.tasks[uri] = {
            "looked": 0,
            "apply": apply,
            "critical": self.critical,
            "was_reset": False,
            "version": said.get("version", ""),
            "model": said.get("model"),
        }
        return uri

    def look(self, uri: str) -> tuple[int, Mapping[str, Any]]:
        """The status and the task by its monitor, one look further on."""
        task = self.tasks[uri]
        if not self.hangs:
            task["looked"] += 1
        body = self.task(uri)
        if body["TaskState"] == "Completed" and task["apply"] == "OnReset" and not task["was_reset"]:
            self.waiting = task["version"]
        elif body["TaskState"] == "Completed":
            self._runs(task["version"])
        return 202 if body["TaskState"] == "Running" else 200, body

    def task(self, uri: str) -> Mapping[str, Any]:
        """The task as it is now."""
        task = self.tasks[uri]
        percent = min(100, 100 * task["looked"] // self.looks)
        is_staged = self.stages and task["apply"] == "OnReset" and not task["was_reset"]
        ended = "Pending" if is_staged else "Completed"
        body = {
            "@odata.type": "#Task.v1_7_4.Task",
            "Id": _id(uri),
            "Name": "Update",
            "TaskMonitor": uri,
            "TaskState": ended if percent == 100 else "Running",
            "TaskStatus": "OK",
            "PercentComplete": percent,
            "Messages": [],
            "Payload": {"HttpOperation": "POST", "TargetUri": _PUSH if self.takes else _PULL},
        }
        if task["critical"] or task["model"] not in (None, self.model):
            why = "Flash device write protected" if task["critical"] else "The image is for another model"
            messages = [{"MessageId": "Update.1.0.ApplyFailed", "Message": why, "Severity": "Critical"}]
            return {**body, "TaskState": "Exception", "TaskStatus": "Critical", "Messages": messages}
        return body

    @property
    def works(self) -> bool:
        return any(self.task(uri)["TaskState"] == "Running" for uri in self.tasks)

    def reset(self) -> None:
        for task in self.tasks.values():
            task.update(was_reset=True, looked=task["looked"] if not self.stages else 0)
        if self.waiting:
            self._runs(self.waiting)
            self.waiting = ""
        self.on_restart()

    def _runs(self, version: str) -> None:
        if version != self.version:
            self.version = version
            self.on_version(version)


def _id(uri: str) -> str:
    return uri.rpartition("/")[2]


def _collection(of: str, members: list[str]) -> Mapping[str, Any]:
    return {
        "@odata.type": f"#{of}.{of}",
        "Name": of,
        "Members": [{"@odata.id": member} for member in members],
        "Members@odata.count": len(members),
    }


class _Handler(http.server.BaseHTTPRequestHandler):
    bmc: ClassVar[Bmc]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not self._let_in():
            return
        path = self.path.rstrip("/") if self.path.rstrip("/") != ROOT else f"{ROOT}/"
        monitor = path.replace(_TASKS, _MONITORS)
        if monitor in self.bmc.tasks:
            status, body = self.bmc.look(monitor)
            self._answer(status if path == monitor else 200, {"@odata.id": path, **body})
        elif (found := self.bmc.documents().get(path)) is not None:
            self._answer(200, {"@odata.id": path, **found})
        else:
            self._answer(404, {"error": {"code": "Base.1.0.ResourceMissingAtURI", "message": path}})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._let_in():
            return
        if self.path in (_PULL, _PUSH) and self.bmc.refuses and self.bmc.works:
            error = {"code": "Base.1.0.ResourceInUse", "message": "An update is in progress"}
            self._answer(self.bmc.refuses, {"error": error})
        elif self.path == _RESET:
            self.bmc.reset()
            self._answer(204, None)
        elif self.path == _PULL:
            told = json.loads(content)
            with urlopen(told["ImageURI"], timeout=30) as image:  # noqa: S310 - an example
                self._accepted(image.read(), told.get("@Redfish.OperationApplyTime", "Immediate"))
        elif self.path == _PUSH:
            parts = _parts(self.headers["Content-Type"], content)
            told = json.loads(parts["UpdateParameters"])
            self._accepted(parts["UpdateFile"], told.get("@Redfish.OperationApplyTime", "Immediate"))
        else:
            self._answer(404, {"error": {"code": "Base.1.0.ResourceMissingAtURI", "message": self.path}})

    def _accepted(self, image: bytes, apply: str) -> None:
        uri = self.bmc.begin(image, apply)
        if self.bmc.silent:
            self.bmc.silent = False
            self.close_connection = True
            return
        self._answer(
            202, {"Id": "1", "Name": "Update", "TaskState": "Running"}, Location=self.bmc.calls_itself + uri
        )

    def _let_in(self) -> bool:
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.path.rstrip("/") == ROOT or self.headers.get("Authorization") == f"Basic {wanted}":
            return True
        self._answer(401, {"error": {"code": "Base.1.0.GeneralError", "message": "no valid login"}})
        return False

    def _answer(self, status: int, body: Mapping[str, Any] | None, **headers: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:  # as it was asked to; who is not told so tries the connection once more
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Nobody reads it."""


def _parts(kind: str, content: bytes) -> dict[str, bytes]:
    message = email.message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + content, policy=email.policy.HTTP
    )
    return {
        str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True) or b"")
        for part in message.iter_parts()
    }


@contextmanager
def serving(bmc: Bmc) -> Iterator[Bmc]:
    """The controller at an address of the loopback, until the block ends."""
    handler = type("Handler", (_Handler,), {"bmc": bmc})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        bmc.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield bmc
        finally:
            server.shutdown()
            thread.join()
