"""The service's process: web server and background work in one event loop, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, NoReturn, cast

import httpx
import uvicorn
from litestar import Litestar

from pitstop.daemon.desks import Wired
from pitstop.daemon.web import create_app
from pitstop.daemon.work import jobs, recurring
from pitstop.model.errors import StateUnusable

log = logging.getLogger(__name__)

_GRACE_SECONDS = 5


async def serve(wired: Wired, app: Litestar) -> None:
    """Serve until SIGINT or SIGTERM. Runs that are in progress are left as they are: the next start, of this
    version or a newer one, takes them up.

    Whether this version works is found out before it takes anything up or answers anybody: until then a
    version on trial has acted on nothing and may still be taken back.

    Raises:
        StateUnusable: it does not, or the port is taken.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    await require_answers(app)
    taken = listening(wired.settings.host, wired.settings.port)
    await asyncio.to_thread(wired.acting.installation.say_healthy)
    async with _working(wired):
        await server.serve(sockets=[taken])


async def work(wired: Wired) -> None:
    """Do background work alone, without a face, until SIGINT or SIGTERM."""
    told_to_end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
    await asyncio.to_thread(wired.acting.installation.say_healthy)
    async with _working(wired):
        await told_to_end.wait()


@asynccontextmanager
async def _working(wired: Wired) -> AsyncIterator[None]:
    await asyncio.to_thread(wired.getting.imports.drop_broken)
    await wired.ground.jobs.start(jobs(wired), tuple(recurring(wired)))
    await asyncio.to_thread(wired.logs.catch_up)
    try:
        yield
    finally:
        await wired.ground.jobs.stop()
        await wired.acting.close()
        await wired.log_streams.close()


async def require_answers(app: Litestar) -> None:
    """See that the application answers, in this process alone.

    Raises:
        StateUnusable: it does not.
    """
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/sign-in")
    if answer.status_code != HTTPStatus.OK:
        raise StateUnusable(
            f"the service does not answer as it should: status {answer.status_code} for its own sign-in page",
            hint="See the log for what broke.",
        )


def listening(host: str, port: int) -> socket.socket:
    """Take the port.

    Raises:
        StateUnusable: another program has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise StateUnusable(
            f"the service cannot listen on {host} port {port}: {error.strerror}",
            hint="End the program that has the port, or set another one with `listen`.",
        ) from error


def run(wired: Wired, *, faces: bool = True) -> NoReturn:
    """Run the loop until SIGTERM or Ctrl-C; does not come back. Without ``faces`` it only works.

    Threads that still wait for a slow source are not waited for: what counts is written already, and what
    was under way is taken up at the next start.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work_on = serve(wired, create_app(wired.desk)) if faces else work(wired)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(work_on)
    except KeyboardInterrupt:
        log.info("ended")
    logging.shutdown()
    sys.stdout.flush()
    os._exit(wired.acting.ending.status)
