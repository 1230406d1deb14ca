"""A web server on loopback for a site in memory, with the troubles that real ones have."""

from __future__ import annotations

import hashlib
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import unquote, urlsplit

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Asked:
    """One request as the server saw it: ``start`` and ``stop`` (exclusive) are of its byte range, ``sent``
    the bytes of its body."""

    path: str
    start: int | None
    stop: int | None = None
    sent: int = 0
    headers: dict[str, str] = field(default_factory=dict)


Trouble = Callable[["Answering"], bool]
"""Answers a request in its own way (True), or leaves it (False)."""


class Answering(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body go out in two writes: no 40 ms wait between them
    site: HttpSite
    asked: Asked

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).lstrip("/")
        found = _RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(found[1]) if found else None
        stop = int(found[2]) + 1 if found and found[2] else None
        self.asked = Asked(path, start, stop, headers=dict(self.headers.items()))
        self.site.asked.append(self.asked)
        trouble = self.site.troubles.get(path)
        if trouble is not None and trouble(self):
            return
        content = self.site.files.get(path)
        if content is None:
            self.status(404)
        else:
            self.give(content)

    def give(self, content: bytes, cut_after: int | None = None) -> None:
        """The file, or the part that was asked for; the connection dies after ``cut_after`` bytes."""
        start = self.asked.start if self.site.ranges else None
        if start is not None and start >= len(content):
            self.status(416)
            return
        mark = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if self.site.etags and self.headers.get("If-None-Match") == mark:
            self.status(304, {"ETag": mark})
            return
        self.send_response(200 if start is None else 206)
        body = content[start or 0 : self.asked.stop if start is not None else None]
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(content)}")
        if self.site.etags:
            self.send_header("ETag", mark)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.send(body if cut_after is None else body[:cut_after])
        if cut_after is not None:
            self.close_connection = True

    def status(self, code: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send(self, body: bytes) -> None:
        self.wfile.write(body)
        self.asked.sent += len(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name in http.server
        """Tests look at ``asked`` instead."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what many tests are about."""


class HttpSite:
    """A running server.

    Attributes:
        files: bytes by path; may be changed while it runs.
        troubles: by path.
        asked: every request, oldest first.
        ranges: whether it serves byte ranges.
        etags: whether it says ETags, and answers conditional requests.
        over: set when the server is to stop: what stalls waits for it.
    """

    def __init__(self, files: dict[str, bytes], tls: ssl.SSLContext | None = None) -> None:
        self.files = files
        self.troubles: dict[str, Trouble] = {}
        self.asked: list[Asked] = []
        self.ranges = True
        self.etags = False
        self.over = threading.Event()
        site = self

        class _Answering(Answering):
            pass

        _Answering.site = site
        self._server = _Server(("127.0.0.1", 0), _Answering)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> HttpSite:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


def cuts(times: int, after: int) -> Trouble:
    """The connection dies in the middle of the body, this often."""
    left = [times]

    def trouble(answering: Answering) -> bool:
        if left[0] == 0:
            return False
        left[0] -= 1
        answering.give(answering.site.files[answering.asked.path], cut_after=after)
        return True

    return trouble


def answers(code: int, times: int | None = None, headers: Mapping[str, str] | None = None) -> Trouble:
    """Only a status, this often (None: always)."""
    left = [times]

    def trouble(answering: Answering) -> bool:
        if left[0] == 0:
            return False
        if left[0] is not None:
            left[0] -= 1
        answering.status(code, headers)
        return True

    return trouble


def stalls(answering: Answering) -> bool:
    """Begins, and then says nothing more."""
    answering.send_response(200)
    answering.send_header("Content-Length", "1000000")
    answering.end_headers()
    answering.send(b"{")
    answering.site.over.wait(20)
    answering.close_connection = True
    return True


def drips(answering: Answering) -> bool:
    """A byte now and then: each comes in time, and the file never ends."""
    answering.send_response(200)
    answering.send_header("Content-Length", "1000000")
    answering.end_headers()
    while not answering.site.over.wait(0.02):
        answering.send(b" ")
    answering.close_connection = True
    return True


def never_ends(answering: Answering) -> bool:
    """Data without a length and without an end."""
    answering.send_response(200)
    answering.send_header("Connection", "close")
    answering.end_headers()
    while not answering.site.over.is_set():
        answering.send(b" " * 65_536)
    answering.close_connection = True
    return True
