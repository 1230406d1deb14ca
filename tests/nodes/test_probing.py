"""Asking HTTP addresses and ports, on the loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.nodes.probing import BODY_BYTES, HttpxProber
from pitstop.ports.nodes import Answer

DEADLINE = timedelta(seconds=10)


class _Pages(BaseHTTPRequestHandler):
    hold = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.hold.wait(10)
        self.send_response({"/elsewhere": 302, "/sick": 503}.get(self.path, 200))
        self.send_header("Location", "/well")
        self.end_headers()
        self.wfile.write(b"x" * 200_000 if self.path == "/long" else b"caf\xc3\xa9 \xff")

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    _Pages.hold.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    _Pages.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


def get(url: str, deadline: timedelta = DEADLINE) -> Answer:
    async def asked() -> Answer:
        prober = HttpxProber()
        try:
            return await prober.get(url, deadline=deadline)
        finally:
            await prober.close()

    return asyncio.run(asked())


def connect(port: int) -> None:
    asyncio.run(HttpxProber().connect("127.0.0.1", port, deadline=DEADLINE))


@pytest.fixture
def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def test_status_and_body_are_told(site: str) -> None:
    assert get(f"{site}/well") == Answer(200, "café \ufffd")
    assert get(f"{site}/sick").status == 503


def test_a_redirect_is_told_and_not_followed(site: str) -> None:
    assert get(f"{site}/elsewhere").status == 302


def test_a_long_body_is_bounded(site: str) -> None:
    assert len(get(f"{site}/long").output) == BODY_BYTES


def test_no_proxy_of_the_environment_stands_in_between(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    assert get(f"{site}/well").status == 200


def test_an_answer_that_does_not_come_in_time_is_none(site: str) -> None:
    with pytest.raises(Unreachable, match="has not answered within"):
        get(f"{site}/slow", timedelta(seconds=0.2))


def test_nobody_there_is_said(free_port: int) -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        get(f"http://127.0.0.1:{free_port}/")
    with pytest.raises(Unreachable, match="takes no connection"):
        connect(free_port)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1", "http://[::1/", "http://a:b/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="no HTTP address"):
        get(url)


def test_a_port_that_is_listened_on_takes_a_connection(site: str) -> None:
    connect(int(site.rpartition(":")[2]))
