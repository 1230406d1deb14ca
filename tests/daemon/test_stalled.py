"""Those who wait for something slow stop neither the portal, nor the API, nor the engine."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
from litestar import get

from pitstop.daemon.web import THREADS, create_app
from pitstop.model.accounts import Actor
from pitstop.service.desk import SourcesDesk
from pitstop.service.joining import MOST_WAITING
from pitstop.wire.views import SourceView
from simulators import desk
from simulators.serving import serving


class Stalled:
    """Implements :class:`pitstop.service.desk.SourcesDesk`: a site that does not answer, until it does."""

    def __init__(self, inner: SourcesDesk) -> None:
        self.inner = inner
        self.waiting = threading.Semaphore(0)
        self.answers = threading.Event()

    def list(self, actor: Actor) -> tuple[SourceView, ...]:
        return self.inner.list(actor)

    def check(self, actor: Actor) -> tuple[SourceView, ...]:
        self.waiting.release()
        self.answers.wait(20)
        return self.list(actor)


@get("/engine", opt={"exclude_from_auth": True})
async def engine() -> float:
    """How long work in the default threads, which are the engine's, takes to begin."""
    began = time.monotonic()
    await asyncio.to_thread(lambda: None)
    return time.monotonic() - began


def test_others_go_on_while_many_wait_for_a_source() -> None:
    scene = desk.quiet()
    stalled = Stalled(scene.desk.sources)
    app = create_app(replace(scene.desk, sources=stalled))
    app.register(engine)
    head = {"Authorization": f"Bearer {scene.token('ada')}"}
    with serving(app) as url, httpx.Client(base_url=url, headers=head, timeout=5, trust_env=False) as client:
        with ThreadPoolExecutor(16) as pool:
            checks = [
                pool.submit(
                    httpx.post, f"{url}/api/v1/sources/check", headers=head, timeout=30, trust_env=False
                )
                for _ in range(16)
            ]
            for _ in checks:
                assert stalled.waiting.acquire(timeout=10)
            try:
                assert client.get("/api/v1/system").status_code == 200
                assert client.get("/sign-in").status_code == 200
                assert client.get("/engine").json() < 2
            finally:
                stalled.answers.set()
        assert {check.result().status_code for check in checks} == {200}


def test_faces_have_threads_for_more_than_may_wait_for_a_check_at_once() -> None:
    assert THREADS._max_workers > 2 * (MOST_WAITING + 1)
