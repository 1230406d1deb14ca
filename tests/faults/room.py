"""The room in which faults befall a system: a publisher's site, two nodes, the service; all real."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

import httpx
import pytest

import rack
from crash.disks import Disk, can_mount, small_disk
from demo import processes
from demo.processes import Part
from faults import releases
from pitstop.client.client import PitstopClient
from pitstop.model.errors import Unreachable
from pitstop.model.updates import Verb
from pitstop.publish.serving import SiteServer
from pitstop.wire.alert_views import AlertView
from pitstop.wire.views import RunReport, StepView
from rack import power
from simulators.certificates import self_signed

PATIENCE: Final = 100.0
NODES: Final = ("n1", "n2")
_NODES_MIB, _STATE_MIB = 640, 640
_COMMAND = re.compile(r"`(pitstop [^`]+)`|with: (pitstop .+)$")
_TO_ITS_END = ("--yes", "--watch")
"""Whoever installs is asked whether they are sure, and looks on."""
_IF_AGAIN = "If it fails again,"

_ALWAYS = ("update-available", "hotfix-overdue")
"""Alerts that this room has by its releases."""

_WITH_HOSTS = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
_UNENDED = ("in-progress", "stopping", "stopped", "failed", "undoing", "undo-failed")

NAME: Final = "site.northstar.example"
"""Of the site, where this user can have names of their own; else the site has only an address."""

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
    site: ExitStack = field(default_factory=ExitStack)
    unused: list[int] = field(default_factory=lambda: list(range(1, releases.HOTFIXES + 1)))

    @cached_property
    def port(self) -> int:
        return processes.free_port()

    @cached_property
    def site_port(self) -> int:
        return processes.free_port()

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

    # --- the publisher's site ------------------------------------------------------------------------------

    @property
    def site_folder(self) -> Path:
        return self.folder / "northstar/site"

    def start_site(self, certificate: str = "valid") -> None:
        """``certificate``: ``valid`` or ``expired``."""
        self.site.enter_context(_serving(self.site_folder, self.site_port, self.folder / certificate))

    def name_the_site(self, *, known: bool = True) -> None:
        """What the service's machine knows of names."""
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost\n{f'127.0.0.1 {NAME}' if known else ''}\n")

    def stop_site(self) -> None:
        self.site.close()

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

    # --- nodes ---------------------------------------------------------------------------------------------

    def root(self, node: str) -> Path:
        return rack.read(self.folder / "rack").node(node).root

    def write(self, node: str, file: str, text: str = "") -> None:
        (self.root(node) / file).write_text(text)

    def remove(self, node: str, file: str) -> None:
        (self.root(node) / file).unlink(missing_ok=True)

    def hold(self, node: str, gate: str) -> None:
        """Whoever comes to the gate waits there."""
        self.write(node, f"run/hold-{gate}")

    def let_on(self, node: str, gate: str) -> None:
        self.remove(node, f"run/hold-{gate}")

    def until_at(self, node: str, gate: str) -> None:
        self.until((self.root(node) / f"run/at-{gate}").exists, f"{node} is at {gate}")

    def power_off(self, node: str) -> None:
        """At once: all that ran on it is gone."""
        root = self.root(node)
        rack.unplug(self.folder / "rack", node)
        power.cut_power(root)
        for file in [*(root / "run").glob("at-*"), *(root / "run").glob("hold-*")]:
            file.unlink()

    def power_on(self, node: str) -> None:
        rack.plug(self.folder / "rack", node)

    def unplug(self, node: str) -> None:
        rack.unplug(self.folder / "rack", node)

    def plug(self, node: str) -> None:
        rack.plug(self.folder / "rack", node)

    def done(self, update: str) -> dict[str, list[str]]:
        """What the update's steps did on each node, as often as they did it."""
        version = update.removeprefix("Northstar")
        lines = {node: self._lines(node) for node in NODES}
        return {
            node: [line.split()[0] for line in said if line.endswith(f" {version}")]
            for node, said in lines.items()
        }

    def _lines(self, node: str) -> list[str]:
        file = self.root(node) / "done"
        return file.read_text().splitlines() if file.exists() else []

    def out_of_service(self) -> list[str]:
        return [node for node in NODES if (self.root(node) / "run/out").exists()]

    def versions(self) -> set[str]:
        return {(self.root(node) / "opt/lantern/VERSION").read_text().strip() for node in NODES}

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
        assert self.versions() == {update.removeprefix("Northstar")}
        assert self.done(update) == {node: ["set-up", "verified"] for node in NODES}
        assert self.out_of_service() == []
        self.until_quiet()

    def until_quiet(self) -> None:
        """Nobody is called any more."""
        end = time.monotonic() + PATIENCE
        while alerts := self.alerts():
            assert time.monotonic() < end, [alert.finding for alert in alerts]
            time.sleep(0.2)

    def set_right(self) -> None:
        """Take away what a test that has failed may have left behind."""
        for disk in self.disks.values():
            disk.clear()
        for node in NODES:
            self.power_on(node)
            for pattern in ("run/hold-*", "run/busy", "etc/broken", "etc/unwell", "etc/occupied", "etc/door"):
                for file in self.root(node).glob(pattern):
                    file.unlink()
        with self.client() as client:
            last = next(iter(client.runs(limit=1)), None)
        if last is not None and last.state in _UNENDED:
            self.pitstop("run", "resume", last.id, status=None)
        if self.alerts():
            self.pitstop("check", "run", status=None)

    # --- remedies ------------------------------------------------------------------------------------------

    def follow(self, steps: tuple[str, ...], hands: Mapping[str, Callable[[], object]]) -> None:
        """Do what the remedy says, step by step and to the letter: commands as they stand, the rest by hand.

        Args:
            hands: what a person does, by the beginning of the sentence that tells them to.
        """
        used = set()
        for step in steps:
            if step.startswith(_IF_AGAIN):
                continue
            by_hand = next((words for words in hands if step.startswith(words)), None)
            commands = [a or b for a, b in _COMMAND.findall(step)]
            assert by_hand is not None or commands, f"nobody knows how to do this: {step!r}, of {steps}"
            if by_hand is not None:
                used.add(by_hand)
                hands[by_hand]()
            else:
                for command in commands:
                    words = [*command.split()[1:], *(_TO_ITS_END if "update install" in command else ())]
                    self.pitstop(*words, status=None)
        assert used == set(hands), f"the remedy does not tell: {set(hands) - used}; it is {steps}"


def leaves(steps: tuple[StepView, ...]) -> list[StepView]:
    return [leaf for step in steps for leaf in (leaves(step.steps) if step.steps else [step])]


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
        _lay_rack(room)
        _lay_certificates(folder)
        room.name_the_site()
        host = NAME if disks else "127.0.0.1"
        room.settings.write_text(_SETTINGS.format(port=room.port, host=host, site_port=room.site_port))
        closing.enter_context(rack.running(folder / "rack"))
        closing.callback(room.stop_site)
        room.start_site()
        secret = processes.call(["service", "init", "--settings", str(room.settings), "--json"])
        (folder / "password").write_text(json.loads(secret)["password"])
        room.start_service()
        closing.callback(room.stop_service)
        given = (folder / "password").read_text() + "\n"
        processes.call(["login", "admin", "--password-stdin"], room.environment, given=given)
        room.pitstop("source", "check")
        room.pitstop("system", "adopt", f"lantern={releases.BASE}")
        yield room


def _lay_rack(room: Room) -> None:
    rack.make(room.folder / "rack", rack.default_nodes(len(NODES)), lantern_version=releases.BASE)
    for node in NODES:
        ctl = room.root(node) / "sbin/ctl"
        ctl.write_text(releases.CTL)
        ctl.chmod(0o755)
        restart = room.root(node) / "sbin/restart"
        shutil.copyfile(room.root(node) / "sbin/reboot", restart)
        restart.chmod(0o755)


def _lay_certificates(folder: Path) -> None:
    """``valid`` and ``expired``, each a certificate with its key; the service trusts both issuers."""
    now = datetime.now(UTC)
    ends = {"valid": now + timedelta(days=300), "expired": now - timedelta(days=1)}
    for name, end in ends.items():
        (folder / name).write_bytes(_certificate(end))
    (folder / "sites.pem").write_bytes(b"".join((folder / name).read_bytes() for name in ends))


def _certificate(end: datetime) -> bytes:
    """One that signs itself, until then, with its key: PEM."""
    begin = end - timedelta(days=400)
    return b"".join(self_signed([NAME, "127.0.0.1"], begin, end, called=f"a site, until {end:%Y}"))


@contextmanager
def _serving(folder: Path, port: int, certificate: Path) -> Iterator[None]:
    with SiteServer(folder, port) as server:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
