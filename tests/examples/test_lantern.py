"""Lantern as its init script and lanternctl run it: real processes in a folder, no rack around them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import rack
from rack.layout import environment, make_folders
from rack.power import cut_power, processes_of
from rack.rack import free_ports


@dataclass(frozen=True)
class Host:
    """A folder with Lantern 1.2311.0.10 laid into it."""

    root: Path
    port: int

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment(self.root),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def service(self, verb: str) -> int:
        return self.run("sh", "etc/init.d/lantern", verb).returncode

    def ctl(self, *words: str) -> int:
        return self.run("opt/lantern/bin/lanternctl", *words).returncode

    def ask(self, path: str, method: str = "GET") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def health(self) -> tuple[int, dict[str, Any]]:
        status, body = self.ask("/health")
        return status, json.loads(body)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host on which Lantern is installed and stopped; nothing of it is left at the end."""
    port, peer_port = free_ports(2)
    make_folders(tmp_path)
    rack.lay_lantern(tmp_path, "1.2311.0.10")
    rack.lay_oem(tmp_path, "2.9.0")
    (tmp_path / "etc/lantern").mkdir()
    (tmp_path / "etc/lantern/lantern.toml").write_text(
        f'node = "n1"\nrole = "controller"\nport = {port}\n[peers]\nn2 = "http://127.0.0.1:{peer_port}"\n'
    )
    yield Host(tmp_path, port)
    cut_power(tmp_path)


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def test_endpoints(host: Host) -> None:
    assert host.service("start") == 0
    assert host.ask("/version") == (200, "1.2311.0.10")
    assert host.health() == (
        200,
        {
            "status": "ok",
            "reason": "",
            "node": "n1",
            "role": "controller",
            "version": "1.2311.0.10",
            "draining": False,
            "in_flight": 0,
            "peers": {"n2": "unreachable"},
        },
    )
    status, body = host.ask("/work")
    assert (status, json.loads(body)) == (200, {"served_by": "n1", "version": "1.2311.0.10"})
    assert host.ask("/drain")[0] == 404
    assert host.ask("/work?seconds=long")[0] == 400
    assert " INFO n1 runs 1.2311.0.10 on port " in (host.root / "var/log/lantern.log").read_text()


def test_says_the_version_it_started_with_until_it_is_restarted(host: Host) -> None:
    host.service("start")
    rack.lay_lantern(host.root, "1.2402.0.1")
    assert host.run("opt/lantern/bin/lanternctl", "version").stdout == "1.2311.0.10\n"
    assert host.service("restart") == 0
    assert host.run("opt/lantern/bin/lanternctl", "version").stdout == "1.2402.0.1\n"


def test_drain_waits_for_the_work_in_flight(host: Host) -> None:
    host.service("start")
    with ThreadPoolExecutor(1) as elsewhere:
        working = elsewhere.submit(host.ask, "/work?seconds=1.5")
        wait_until(lambda: host.health()[1]["in_flight"])
        assert host.ctl("drain", "--wait", "0.1") == 1
        assert not working.done()
        assert host.ctl("drain", "--wait", "10") == 0
        assert working.result()[0] == 200
    assert host.ask("/work")[0] == 503


def test_drain_persists_over_restarts(host: Host) -> None:
    host.service("start")
    assert host.ctl("drained") == 1
    assert host.ctl("drain") == 0
    host.service("restart")
    assert host.ctl("drained") == 0
    assert host.health()[1]["draining"]
    assert host.health()[0] == 200
    assert host.ctl("undrain") == 0
    assert host.ctl("drained") == 1
    assert host.ask("/work")[0] == 200


def test_control_while_lantern_is_stopped(host: Host) -> None:
    assert host.ctl("status") == 3
    assert host.ctl("version") == 3
    assert host.ctl("drained") == 1
    assert host.ctl("drain") == 0
    assert host.ctl("drained") == 0
    assert host.ctl("undrain") == 0
    assert host.ctl("drained") == 1
    assert host.ctl("polish") == 2


def test_init_script_answers_as_lsb_has_it(host: Host) -> None:
    assert host.service("status") == 3
    assert host.service("stop") == 0
    assert host.service("start") == 0
    assert host.service("start") == 0
    assert host.service("status") == 0
    pid = int((host.root / "run/lantern.pid").read_text())
    assert list(processes_of(host.root)) == [pid]
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not list(processes_of(host.root)))
    assert host.service("status") == 1
    assert host.service("start") == 0
    assert host.service("stop") == 0
    assert host.service("status") == 3
    assert host.service("reload") == 2


def test_stop_lets_the_work_in_flight_end(host: Host) -> None:
    host.service("start")
    with ThreadPoolExecutor(1) as elsewhere:
        working = elsewhere.submit(host.ask, "/work?seconds=0.7")
        wait_until(lambda: host.health()[1]["in_flight"])
        assert host.service("stop") == 0
        assert working.result()[0] == 200
    wait_until(lambda: not list(processes_of(host.root)))


def test_start_says_which_port_is_taken(host: Host) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", host.port))
        other.listen()
        done = host.run("sh", "etc/init.d/lantern", "start")
    assert done.returncode == 1
    assert f"cannot listen on port {host.port}" in done.stderr
    assert host.service("status") == 3


def test_start_says_what_is_wrong_with_the_configuration(host: Host) -> None:
    (host.root / "etc/lantern/lantern.toml").write_text('node = "n1"\n')
    done = host.run("sh", "etc/init.d/lantern", "start")
    assert done.returncode == 1
    assert "KeyError: 'role'" in done.stderr


def test_a_release_that_requires_newer_firmware_is_not_healthy_on_the_old(host: Host) -> None:
    rack.lay_lantern(host.root, "1.2402.0.1", requires_oem="2.10.0")
    assert host.service("start") == 0
    status, health = host.health()
    assert (status, health["status"]) == (503, "oem-too-old")
    assert health["reason"] == "needs OEM version 2.10.0, installed is 2.9.0"
    assert host.ctl("status") == 1
    assert host.ask("/work")[0] == 503
    rack.lay_oem(host.root, "2.10.0")
    host.service("restart")
    assert host.health()[0] == 200
