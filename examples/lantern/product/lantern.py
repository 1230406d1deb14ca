#!/usr/bin/env python3
"""Lantern: a small clustered web service, one process per node; what the demo system updates.

All its files lie below ``$PITSTOP_ROOT`` (``/`` on a real machine): what it runs as is read once, when the
process starts, from ``opt/lantern/VERSION`` and ``lib/firmware/lumen/VERSION``, so that a process that was
not restarted after an update still says what it is. Whether the node is drained is a file, so that it
outlives the process. It listens on 127.0.0.1 only:

    GET  /version           the running version, as text
    GET  /health            200 or 503 and a JSON object that says why
    GET  /work?seconds=S    does one unit of work; 503 while drained or not healthy
    POST /drain?wait=S      takes no more work; 200 when none is in flight, 504 when S seconds were too few
    POST /undrain           takes work again
"""

import contextlib
import http.client
import http.server
import json
import logging
import os
import signal
import socketserver
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

log = logging.getLogger("lantern")

STOP_PATIENCE_SECONDS = 8.0  # below the ten seconds after which the init script kills
PEERS_FRESH_SECONDS = 1.0
PEER_TIMEOUT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 600.0

Send = Callable[[int, str | Mapping[str, object]], None]


@dataclass(frozen=True)
class Settings:
    """What ``etc/lantern/lantern.toml`` says; peers are node names with their URLs."""

    node: str
    role: str
    port: int
    peers: Mapping[str, str]


def read_settings(root: Path) -> Settings:
    """Read the configuration; raises OSError, ValueError or KeyError with what is wrong."""
    told = tomllib.loads((root / "etc/lantern/lantern.toml").read_text(encoding="utf-8"))
    return Settings(str(told["node"]), str(told["role"]), int(told["port"]), dict(told.get("peers", {})))


def read_line(path: Path) -> str:
    """What a one-line file says; nothing if it is not there."""
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, so that 2.10 comes after 2.9; no version comes before all others."""
    return tuple(int(part) for part in version.split(".")) if version else ()


def judge(root: Path) -> tuple[str, str]:
    """Status and reason of a process that starts now on these files: ``ok``, ``broken``, ``oem-too-old``."""
    if (root / "etc/lantern/broken").exists():
        return "broken", "the marker file etc/lantern/broken was there at the start"
    required = read_line(root / "opt/lantern/REQUIRES_OEM")
    installed = read_line(root / "lib/firmware/lumen/VERSION")
    if numbers(installed) < numbers(required):
        return "oem-too-old", f"needs OEM version {required}, installed is {installed or 'none'}"
    return "ok", ""


def ask_version(url: str) -> str:
    """The version that a peer says it runs, or ``unreachable``."""
    where = urlsplit(url)
    peer = http.client.HTTPConnection(where.hostname or "", where.port, timeout=PEER_TIMEOUT_SECONDS)
    try:
        peer.request("GET", "/version")
        return peer.getresponse().read(100).decode("ascii", "replace")
    except (OSError, http.client.HTTPException):
        return "unreachable"
    finally:
        peer.close()


class Lantern:
    """The service of one node: what it is, whether it takes work, how much is in flight."""

    def __init__(self, root: Path) -> None:
        self.settings = read_settings(root)
        self.version = read_line(root / "opt/lantern/VERSION")
        self.status, self.reason = judge(root)
        self._drained = root / "var/lib/lantern/drained"
        self._idle = threading.Condition()
        self._in_flight = 0
        self._peers_lock = threading.Lock()
        self._peers: dict[str, str] = {}
        self._peers_asked = float("-inf")

    @property
    def draining(self) -> bool:
        """The file is the truth: it may also be set while no process runs."""
        return self._drained.exists()

    def drain(self) -> None:
        self._drained.parent.mkdir(parents=True, exist_ok=True)
        self._drained.touch()
        log.info("%s drains, %d in flight", self.settings.node, self._in_flight)

    def undrain(self) -> None:
        self._drained.unlink(missing_ok=True)
        log.info("%s takes work again", self.settings.node)

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no work is in flight; False if that took longer."""
        with self._idle:
            return self._idle.wait_for(lambda: self._in_flight == 0, timeout=seconds)

    @contextlib.contextmanager
    def unit_of_work(self) -> Iterator[str]:
        """Count one unit in flight and give "", or give the reason why none is taken now."""
        with self._idle:
            refused = "draining" if self.draining else self.status if self.status != "ok" else ""
            self._in_flight += not refused
        try:
            yield refused
        finally:
            with self._idle:
                self._in_flight -= not refused
                self._idle.notify_all()

    def peers(self) -> Mapping[str, str]:
        """The version of each peer, asked at most once a second. They tell nothing about our own health."""
        with self._peers_lock:
            if time.monotonic() - self._peers_asked > PEERS_FRESH_SECONDS:
                self._peers = {name: ask_version(url) for name, url in self.settings.peers.items()}
                self._peers_asked = time.monotonic()
            return self._peers

    def health(self) -> Mapping[str, object]:
        return {
            "status": self.status,
            "reason": self.reason,
            "node": self.settings.node,
            "role": self.settings.role,
            "version": self.version,
            "draining": self.draining,
            "in_flight": self._in_flight,
            "peers": self.peers(),
        }


def answer_version(lantern: Lantern, _seconds: float, send: Send) -> None:
    send(200, lantern.version)


def answer_health(lantern: Lantern, _seconds: float, send: Send) -> None:
    send(200 if lantern.status == "ok" else 503, lantern.health())


def answer_work(lantern: Lantern, seconds: float, send: Send) -> None:
    """Work is in flight until its answer is sent: a process that drains and ends cuts nobody off."""
    with lantern.unit_of_work() as refused:
        if refused:
            return send(503, {"error": refused, "node": lantern.settings.node})
        time.sleep(seconds)
        return send(200, {"served_by": lantern.settings.node, "version": lantern.version})


def answer_drain(lantern: Lantern, seconds: float, send: Send) -> None:
    lantern.drain()
    idle = lantern.wait_idle(seconds)
    send(200 if idle else 504, {"draining": True, "idle": idle})


def answer_undrain(lantern: Lantern, _seconds: float, send: Send) -> None:
    lantern.undrain()
    send(200, {"draining": False})


ROUTES: Mapping[tuple[str, str], Callable[[Lantern, float, Send], None]] = {
    ("GET", "/version"): answer_version,
    ("GET", "/health"): answer_health,
    ("GET", "/work"): answer_work,
    ("POST", "/drain"): answer_drain,
    ("POST", "/undrain"): answer_undrain,
}


class LanternServer(http.server.ThreadingHTTPServer):
    """Listens on the loopback port of the settings; each request has its own thread."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, lantern: Lantern) -> None:
        self.lantern = lantern
        super().__init__(("127.0.0.1", lantern.settings.port), Exchange)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that the library does, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.lantern.settings.port


class Exchange(http.server.BaseHTTPRequestHandler):
    """One request and its answer."""

    server: LanternServer
    timeout = 30

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 65536))
        self._answer("POST")

    def _answer(self, method: str) -> None:
        url = urlsplit(self.path)
        route = ROUTES.get((method, url.path))
        try:
            told = {key: float(values[0]) for key, values in parse_qs(url.query).items()}
        except ValueError:
            return self._send(400, {"error": "seconds and wait must be numbers"})
        if route is None:
            return self._send(404, {"error": f"there is no {method} {url.path}"})
        seconds = told.get("seconds", told.get("wait", 0.0))
        return route(self.server.lantern, min(max(seconds, 0.0), LONGEST_WAIT_SECONDS), self._send)

    def _send(self, status: int, body: str | Mapping[str, object]) -> None:
        kind = "text/plain" if isinstance(body, str) else "application/json"
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        with contextlib.suppress(ConnectionError):  # the asker may have gone while it waited
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        log.debug(format, *args)


def detach() -> None:
    """Leave the session that started us and whatever files it had open: it may end, we go on."""
    if os.getpid() != os.getpgid(0):
        os.setsid()
    os.closerange(3, 1024)


def start_log(root: Path) -> None:
    path = root / "var/log/lantern.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.Formatter.converter = time.gmtime
    form = "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s"
    logging.basicConfig(filename=path, level=logging.INFO, format=form, datefmt="%Y-%m-%dT%H:%M:%S")


def serve(lantern: Lantern, pid_file: Path) -> None:
    """Serve until SIGTERM or SIGINT, then let the work in flight end. The pid file says that we listen."""
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with LanternServer(lantern) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        pid_file.parent.mkdir(parents=True, exist_ok=True)
        pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        log.info("%s runs %s on port %d", lantern.settings.node, lantern.version, lantern.settings.port)
        signal.sigwait(ends)
        lantern.status, lantern.reason = "stopping", "it was told to end"
        lantern.wait_idle(STOP_PATIENCE_SECONDS)
        server.shutdown()
    pid_file.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    root = Path(os.environ.get("PITSTOP_ROOT") or "/")
    if "--detach" in arguments:
        detach()
    start_log(root)
    try:
        lantern = Lantern(root)
    except (OSError, ValueError, KeyError) as error:
        log.error("cannot start: %s: %s", type(error).__name__, error)  # noqa: TRY400 - a reason, no trace
        return 1
    if lantern.status != "ok":
        log.error("%s is %s: %s", lantern.settings.node, lantern.status, lantern.reason)
    try:
        serve(lantern, root / "run/lantern.pid")
    except OSError as error:
        log.error("cannot listen on port %d: %s", lantern.settings.port, error)  # noqa: TRY400
        return 1
    log.info("%s ended", lantern.settings.node)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
