"""A small static HTTP server for trying a site out, on loopback: GET and HEAD, with single byte ranges.

Made for trials: customers are served by any web server, object store or content network. It serves plain
files below the site's folder alone, follows no link out of it, and lists no folder.
"""

from __future__ import annotations

import http.server
import re
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from io import BufferedIOBase
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from pitstop.model.errors import NotFound, Unreachable

LOOPBACK = "127.0.0.1"
_PIECE = 1 << 20
INDEX = "index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)


class SiteServer(http.server.ThreadingHTTPServer):
    """Serves one folder; each request has its own thread."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one.

        Raises:
            NotFound: there is no such folder.
            Unreachable: the port cannot be had.
        """
        if not folder.is_dir():
            raise NotFound(f"there is no site in {folder}")
        try:
            super().__init__((LOOPBACK, port), partial(_Exchange, folder.resolve()))
        except OSError as error:
            raise Unreachable(
                f"port {port} on {LOOPBACK} cannot be had: {error.strerror}", hint="Name another port."
            ) from error

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that the library does, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error; all else is told as the library tells it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as it was handed in

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}/"


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[SiteServer]:
    """Serve the folder in a thread of this process for as long as the block lasts."""
    with SiteServer(folder, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Exchange(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, folder: Path, *args: object) -> None:
        self._folder = folder
        super().__init__(*args)  # type: ignore[arg-type] # the library's own three, handed through

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = self._file()
        if path is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with path.open("rb") as file:
            size = path.stat().st_size
            first, last = _wanted(self.headers.get("Range"), size)
            if first >= size > 0 or (first > 0 and size == 0):
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._send(file, first, last, size, with_body=with_body)

    def _send(self, file: IO[bytes], first: int, last: int, size: int, *, with_body: bool) -> None:
        partly = (first, last) != (0, size - 1)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if partly else HTTPStatus.OK)
        if partly:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", self._content_type())
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        if with_body:
            file.seek(first)
            _copy(file, self.wfile, last - first + 1)

    def _content_type(self) -> str:
        path = unquote(urlsplit(self.path).path)
        name = INDEX if path.endswith("/") else path
        return _TYPES.get(Path(name).suffix, "application/octet-stream")

    def _file(self) -> Path | None:
        """The file that is asked for, if it is a plain file below the folder and no part of it is hidden."""
        asked = unquote(urlsplit(self.path).path).lstrip("/")
        if "\0" in asked or any(part.startswith(".") for part in asked.split("/")):
            return None
        if asked == "" or asked.endswith("/"):
            asked += INDEX
        path = (self._folder / asked).resolve()
        return path if path.is_relative_to(self._folder) and path.is_file() else None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: this server is for trials."""


def _wanted(header: str | None, size: int) -> tuple[int, int]:
    """First and last byte to send. What is no single plain range is answered with all, as the RFC allows."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None:
        return 0, size - 1
    first, last = int(found[1]), int(found[2]) if found[2] else size - 1
    return (first, min(last, size - 1)) if last >= first or not found[2] else (0, size - 1)


def _copy(source: IO[bytes], target: BufferedIOBase, count: int) -> None:
    while count > 0 and (piece := source.read(min(count, _PIECE))):
        target.write(piece)
        count -= len(piece)
