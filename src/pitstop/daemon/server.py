"""The service's process: web server, jobs and polling in one event loop, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from typing import NoReturn

import uvicorn
from litestar import Litestar

from pitstop.daemon.desks import Wired
from pitstop.daemon.polling import poll_for_ever
from pitstop.daemon.watching import LOOK_EVERY, TIDY_EVERY, tidy_for_ever, watch_for_ever
from pitstop.daemon.web import create_app

log = logging.getLogger(__name__)

_GRACE_SECONDS = 5


async def serve(wired: Wired, app: Litestar) -> None:
    """Serve until SIGINT or SIGTERM. Runs that are in progress are left as they are: the next start, of this
    version or a newer one, takes them up."""
    settings = wired.settings
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    wired.jobs.start()
    wired.runs.take_up()
    wired.imports.take_up()
    polling = [asyncio.create_task(work) for work in _recurring(wired)]
    try:
        await server.serve()
    finally:
        for task in polling:
            task.cancel()
        await wired.jobs.stop()
        await wired.nodes.close()
        await wired.http.close()


def _recurring(wired: Wired) -> Iterator[Coroutine[None, None, None]]:
    """What is done now and then, for as long as the service runs."""
    settings, clock = wired.settings, wired.clock
    yield poll_for_ever(wired.sources.check_all, timedelta(minutes=settings.poll_minutes), clock)
    yield tidy_for_ever(wired.imports.tidy, TIDY_EVERY, clock)
    yield tidy_for_ever(wired.retention.tidy, TIDY_EVERY, clock)
    if settings.import_folder is not None:
        yield watch_for_ever(wired.imports.look_into, settings.import_folder, LOOK_EVERY, clock)


def run(wired: Wired) -> NoReturn:
    """Run the loop until SIGTERM or Ctrl-C; does not come back.

    Threads that still wait for a slow source are not waited for: what counts is written already, and what
    was under way is taken up at the next start.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app = create_app(wired.desk)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(serve(wired, app))
    except KeyboardInterrupt:
        log.info("ended")
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
