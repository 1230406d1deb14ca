"""The system's own image server: one file, for one management controller, for as long as its update lasts.

It listens on the address that the controller is reached from, and gives the file under a name that nobody can
guess; nothing else can be had from it.
"""

from __future__ import annotations

import http.server
import secrets
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pitstop.model.errors import Unreachable


@contextmanager
def served(path: Path, name: str, controller: str) -> Iterator[str]:
    """The address of the file, as a controller at this address can fetch it."""
    place = f"/{secrets.token_urlsafe(24)}/{name}"

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._head()

        def do_GET(self) -> None:
            if self._head():
                with path.open("rb") as image:
                    shutil.copyfileobj(image, self.wfile, 1 << 20)

        def _head(self) -> bool:
            there = self.path == place
            self.send_response(200 if there else 404)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(path.stat().st_size if there else 0))
            self.end_headers()
            return there

        def log_message(self, *_args: object) -> None:
            """The name is a secret."""

    own = _own_address(controller)
    family = socket.AF_INET6 if ":" in own else socket.AF_INET
    server_class = type("ImageServer", (http.server.ThreadingHTTPServer,), {"address_family": family})
    with server_class((own, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        host = f"[{own}]" if ":" in own else own
        try:
            yield f"http://{host}:{server.server_address[1]}{place}"
        finally:
            server.shutdown()
            thread.join()


def _own_address(controller: str) -> str:
    """This machine's address on the way to the controller."""
    parts = urlsplit(controller)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), 10) as connection:
            own: str = connection.getsockname()[0]
            return own
    except OSError as error:
        raise Unreachable(f"the management controller {controller} does not answer: {error}") from error
