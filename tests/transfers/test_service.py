"""A service without a connection, as a process of its own: by upload, by path, and killed meanwhile."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pitstop.client.client import PitstopClient
from pitstop.model.errors import Unreachable
from pitstop.wire.views import ImportView, NewFile, NewImport
from transfers.publishers import Publisher, oem, platform
from transport.repository import laid_out

FULL = "Northstar1.2402.0.8"

NODES = """
[system]
name = "rack"
location = "north"
hardware_family = "Lumen"
hardware_model = "R4"

[system.version_probes]
lantern = ["cat", "VERSION"]

[[node]]
name = "n1"
address = "127.0.0.1"
key = "key"
roles = ["host"]
"""


@dataclass
class Service:
    """A service that is started, killed and started again on one state folder."""

    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    password: str = ""

    def start(self) -> PitstopClient:
        """Start it, sign in, and come back with a client."""
        log = self.folder / f"log-{len(self.processes)}"
        command = [sys.executable, "-m", "pitstop", "service", "start", "--settings"]
        with log.open("w") as errors:
            process = subprocess.Popen(
                [*command, self.folder / "pitstop.toml"], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self.processes.append(process)
        said = ""
        assert process.stdout is not None
        while "Pitstop is at" not in said:
            line = process.stdout.readline()
            assert line, log.read_text()
            said += line
        found = re.search(r"Password: +(\S+)", said)
        self.password = found[1] if found else self.password
        url = said.rpartition("Pitstop is at ")[2].strip()
        return _signed_in(url, self.password)

    def kill(self) -> None:
        self.processes[-1].send_signal(signal.SIGKILL)
        self.processes[-1].wait()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _signed_in(url: str, password: str) -> PitstopClient:
    for _ in range(200):
        try:
            with PitstopClient(url) as guest:
                return PitstopClient(url, token=guest.sign_in("admin", password).token)
        except Unreachable:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture
def publisher() -> Publisher:
    return platform()


@pytest.fixture
def service(publisher: Publisher, tmp_path: Path) -> Iterator[Service]:
    folder = tmp_path / "rack"
    folder.mkdir()
    (folder / "key").write_text("no key: nothing is done on nodes here")
    (folder / "key").chmod(0o600)
    (folder / "system.toml").write_text(NODES)
    (folder / "platform.json").write_bytes(publisher.root)
    (folder / "oem.json").write_bytes(oem().root)
    (folder / "pitstop.toml").write_text(
        f"""system = "system.toml"
state = "state"
listen = "127.0.0.1:{_free_port()}"

[[source]]
name = "northstar"
publisher = "northstar"
kind = "platform"
types = ["Full", "Express", "Hotfix"]
root = "platform.json"
"""
    )
    made = Service(folder)
    yield made
    made.end()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def ended(client: PitstopClient, item: ImportView) -> ImportView:
    for _ in range(600):
        if item.state in ("succeeded", "failed"):
            return item
        time.sleep(0.05)
        item = client.import_(item.id)
    raise AssertionError(f"import {item.id} does not end: {item.state}")


@pytest.mark.slow
def test_a_medium_is_imported_by_its_path_and_what_is_known_is_of_when_it_was_made(
    service: Service, publisher: Publisher, tmp_path: Path
) -> None:
    medium = laid_out(publisher.repository.for_media(), tmp_path / "usb")
    with service.start() as client:
        item = ended(client, client.begin_import(NewImport(path=str(medium))))
        assert (item.state, item.findings) == ("succeeded", ())
        (source,) = client.sources()
        assert (source.connected, source.finding, source.last_checked) == (False, None, item.sources[0].made)
        assert FULL in {update.name for update in client.updates()}


@pytest.mark.slow
def test_an_upload_goes_on_after_the_service_was_killed(service: Service, publisher: Publisher) -> None:
    files = publisher.repository.for_media()
    wanted = tuple(NewFile(name=name, size=len(content)) for name, content in files.items())
    with service.start() as client:
        item = client.begin_import(NewImport(name="usb", files=wanted))
        for number, content in enumerate(files.values()):
            client.upload(item.id, number, 0, iter([content[: len(content) // 2]]))
    service.kill()
    with service.start() as client:
        received = [file.received for file in client.import_(item.id).files]
        assert received == [len(content) // 2 for content in files.values()]
        for number, content in enumerate(files.values()):
            if content:
                client.upload(item.id, number, received[number], iter([content[received[number] :]]))
        assert ended(client, client.finish_import(item.id)).state == "succeeded"
