"""The room in which faults befall a system: a publisher's site, two nodes, the service; all real."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import httpx
import pytest

import rack
from crash.disks import Disk, can_mount, small_disk
from demo import processes
from demo.processes import Part
from faults import releases
from faults.nodes import NAMES, Nodes
from faults.remedies import follow
from faults.site import NAME, Site
from pitstop.client.client import PitstopClient
from pitstop.model.errors import Unreachable
from pitstop.model.updates import Verb
from pitstop.wire.alert_views import AlertView
from pitstop.wire.views import RunReport

PATIENCE: Final = 100.0
_NODES_MIB, _STATE_MIB = 640, 640
_ALWAYS = ("update-available", "hotfix-overdue")
"""Alerts that this room has by its releases."""

_WITH_HOSTS = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
_UNENDED = ("in-progress", "stopping", "stopped", "failed", "undoing", "undo-failed")

_SETTINGS = """\
system = "rack/system.toml"
state = "state"
listen = "127.0.0.1:{port}"
poll_minutes = 600

[[source]]
name = "northstar"
publisher = "northstar"
kind = "platform"
types = ["Full", "Hotfix"]
root = "northstar/root.json"
url = "https://{host}:{site_port}/"
ca = "sites.pem"
"""


@dataclass
class Room:
    """Everything in one folder. Made and ended by :func:`open_room`.

    Attributes:
        disks: small file systems, ``nodes`` and ``state``; where this user may not mount there are none.
    """

    folder: Path
    disks: Mapping[str, Disk] = field(default_factory=dict)
    service: Part | None = None
    unused: list[int] = field(default_factory=lambda: list(range(1, releases.HOTFIXES + 1)))

    @cached_property
    def port(self) -> int:
        return processes.free_port()

    @cached_property
    def site(self) -> Site:
        return Site(self.folder)

    @cached_property
    def nodes(self) -> Nodes:
        return Nodes(self.folder / "rack", self.until)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def settings(self) -> Path:
        return self.folder / "pitstop.toml"

    @property
    def environment(self) -> dict[str, str]:
        return {"PITSTOP_URL": self.url, "PITSTOP_CONFIG": str(self.folder / "profile")}

    # --- the service ---------------------------------------------------------------------------------------

    def start_service(self) -> None:
        command = [*processes.PITSTOP, "service", "start", "--settings", str(self.settings)]
        if self.disks:
            command = [
                "unshare",
                "--mount",
                "sh",
                "-c",
                _WITH_HOSTS,
                "sh",
                str(self.folder / "hosts"),
                *command,
            ]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.service = Part("the service", process, self.folder / "log")
        processes.wait_for(self.service, f"{self.url}/sign-in")

    def stop_service(self) -> None:
        if self.service is not None:
            self.service.stop()

    def kill_service(self) -> None:
        """As the kernel does it when memory is out."""
        assert self.service is not None
        self.service.kill()

    def pitstop(self, *arguments: str, status: int | None = 0) -> str:
        """One command; what it says on both outputs. ``None`` takes any end."""
        done = subprocess.run(
            [sys.executable, "-m", "pitstop", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": "/usr/bin:/bin", **self.environment},
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert status in (None, done.returncode), f"{done.returncode}: {done.stdout}"
        return done.stdout

    @cached_property
    def token(self) -> str:
        with PitstopClient(self.url) as guest:
            return guest.sign_in("admin", (self.folder / "password").read_text()).token

    def client(self) -> PitstopClient:
        return PitstopClient(self.url, token=self.token)

    # --- updates -------------------------------------------------------------------------------------------

    def next_update(self, *, restarts: bool = False) -> str:
        """An update that nothing was done with yet."""
        number = next(number for number in self.unused if releases.restarts(number) is restarts)
        self.unused.remove(number)
        return f"Northstar{releases.version(number)}"

    def install(self, update: str) -> str:
        """Begin, once the checks after the run before have been asked; the run's id."""

        def may_begin() -> bool:
            with self.client() as client:
                return any(action.verb == Verb.APPLY for action in client.update(update).actions)

        self.until(may_begin, f"{update} may be installed")
        with self.client() as client:
            return client.start(update, Verb.APPLY).id

    def run(self, run_id: str) -> RunReport:
        with self.client() as client:
            return client.run(run_id)

    def ended(self, run_id: str) -> RunReport:
        """Once it does not go on by itself, whatever happens to the service meanwhile."""
        self.until(lambda: self.run(run_id).run.state not in ("in-progress", "stopping"), "the run ends")
        return self.run(run_id)

    def state_of(self, update: str) -> str:
        with self.client() as client:
            return str(client.update(update).state)

    def alerts(self) -> list[AlertView]:
        """Those that are active, but what is always so in this room."""
        with self.client() as client:
            return [alert for alert in client.alerts(active_only=True) if alert.finding.code not in _ALWAYS]

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until it holds; a service that cannot be reached now is asked again."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(Unreachable, httpx.HTTPError):
                if holds():
                    return
            time.sleep(0.05)
        raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")

    def disk(self, name: str) -> Disk:
        """Skips where there are no disks to be filled."""
        if name not in self.disks:
            pytest.skip("this user may not mount file systems")
        return self.disks[name]

    # --- what must hold ------------------------------------------------------------------------------------

    def failed(self, update: str, run_id: str, code: str, verdict: str = "needs-attention") -> AlertView:
        """The run fails with this code, and one alert says so, with how bad it is.

        Args:
            verdict: ``needs-attention`` where the system's own checks pass, else ``failed``.
        """
        report = self.ended(run_id)
        finding = report.run.finding
        assert finding is not None, report.run.state
        assert (report.run.state, finding.code) == ("failed", code), finding
        alerts: list[AlertView] = []

        def decided() -> bool:
            alerts[:] = [alert for alert in self.alerts() if alert.update == update and alert.run == run_id]
            return [alert.verdict for alert in alerts] == [verdict]

        self.until(decided, f"one alert about {update} says {verdict}")
        (alert,) = alerts
        severity = "Warning" if verdict == "needs-attention" else "Critical"
        assert (alert.finding.code, alert.finding.severity) == (code, severity)
        return alert

    def came_right(self, update: str) -> None:
        """Its last run succeeds, each step was done once on each node, and nobody is called any more."""
        with self.client() as client:
            last = client.runs(update, limit=1)[0]
        report = self.ended(last.id)
        assert report.run.state == "succeeded", report.run.finding
        assert self.state_of(update) == "Installed"
        assert self.nodes.versions() == {update.removeprefix("Northstar")}
        assert self.nodes.done(update) == {node: ["set-up", "verified"] for node in NAMES}
        assert self.nodes.out_of_service() == []
        self.until_quiet()

    def until_quiet(self) -> None:
        """Nobody is called any more."""
        end = time.monotonic() + PATIENCE
        while alerts := self.alerts():
            assert time.monotonic() < end, [alert.finding for alert in alerts]
            time.sleep(0.2)

    def follow(self, steps: Sequence[str], hands: Mapping[str, Callable[[], object]]) -> None:
        """Do what the remedy says. ``hands``: see :func:`faults.remedies.follow`."""
        follow(steps, hands, partial(self.pitstop, status=None))

    def set_right(self) -> None:
        """Take away what a test that has failed may have left behind."""
        for disk in self.disks.values():
            disk.clear()
        for node in NAMES:
            self.nodes.power_on(node)
            for pattern in ("run/hold-*", "run/busy", "etc/broken", "etc/unwell", "etc/occupied", "etc/door"):
                for file in self.nodes.root(node).glob(pattern):
                    file.unlink()
        with self.client() as client:
            last = next(iter(client.runs(limit=1)), None)
        if last is not None and last.state in _UNENDED:
            self.pitstop("run", "resume", last.id, status=None)
        if self.alerts():
            self.pitstop("check", "run", status=None)


@contextmanager
def open_room(folder: Path) -> Iterator[Room]:
    """A room whose system has the first release and can go to every hotfix."""
    with ExitStack() as closing:
        disks = {}
        for name, place, mib in (("nodes", "rack/nodes", _NODES_MIB), ("state", "state", _STATE_MIB)):
            (folder / place).mkdir(parents=True)
            if can_mount():
                disks[name] = closing.enter_context(small_disk(folder / place, mib))
        room = Room(folder, disks)
        releases.publish(folder)
        room.nodes.lay()
        room.site.lay()
        host = NAME if disks else "127.0.0.1"
        room.settings.write_text(_SETTINGS.format(port=room.port, host=host, site_port=room.site.port))
        closing.enter_context(rack.running(folder / "rack"))
        closing.callback(room.site.stop)
        room.site.start()
        secret = processes.call(["service", "init", "--settings", str(room.settings), "--json"])
        (folder / "password").write_text(json.loads(secret)["password"])
        room.start_service()
        closing.callback(room.stop_service)
        given = (folder / "password").read_text() + "\n"
        processes.call(["login", "admin", "--password-stdin"], room.environment, given=given)
        room.pitstop("source", "check")
        room.pitstop("system", "adopt", f"lantern={releases.BASE}")
        yield room
