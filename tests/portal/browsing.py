"""A real browser in front of the real portal: where both come from."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Page

from portal.visitor import application
from simulators.desk import Scene

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

BROWSER_MARKS = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium here: install it, or run `make browser` as root"
    ),
]


class Served:
    """The portal on a free loopback port, that can be stopped and started again on the same one."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(
            application(self.scene.desk, heartbeat=0.5),
            host="127.0.0.1",
            port=self.port,
            log_config=None,
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            assert time.monotonic() < deadline, "the portal did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()


@contextmanager
def served(scene: Scene) -> Iterator[Served]:
    portal = Served(scene)
    try:
        yield portal
    finally:
        portal.stop()


def sign_in(page: Page, portal: Served, path: str = "/") -> None:
    token = portal.scene.token("ada")
    page.context.add_cookies([{"name": "pitstop-session", "value": token, "url": portal.address}])
    page.goto(portal.address + path)
