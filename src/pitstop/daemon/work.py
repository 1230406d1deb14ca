"""All background work: what a worker is handed at its start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial

from pitstop.daemon.desks import Wired
from pitstop.daemon.watching import Watch
from pitstop.ports.jobs import Job, Recurring
from pitstop.service.cases import MAKE
from pitstop.service.check_rounds import CHECK, key_of
from pitstop.service.imports import IMPORT
from pitstop.service.log_sending import SEND
from pitstop.service.logs import COLLECT
from pitstop.service.runs import DRIVE

LOOK_EVERY = timedelta(seconds=30)
"""Between two looks into what is watched; what is put there must stand still for that long."""

TIDY_EVERY = timedelta(hours=6)

OPENINGS_EVERY = timedelta(seconds=15)
"""Between two looks whether a maintenance window has opened that a run was stopped until."""

LOOK_AFTER_MENDS_EVERY = timedelta(minutes=1)
"""Between two looks whether a failed run waits for what was agreed to beforehand."""

ASK_NODES_EVERY = timedelta(minutes=15)
"""Between two questions to the nodes of what they run."""

TAKE_FILE_EVERY = timedelta(minutes=1)
"""Between two tries to bring a nodes file into force that had to wait for a run."""

SEND_ALERTS_EVERY = timedelta(seconds=5)
"""Between two looks whether a channel is owed something."""

LOOK_AT_ALERTS_EVERY = timedelta(seconds=10)

LOOK_AT_STANDING = "look-at-standing"
"""The job, which is done after each run too."""

LOOK_AT_STANDING_EVERY = timedelta(minutes=5)
"""Between two looks at what holds: support, updates that may be installed, runs that are still failed."""

PUT_UP_EVERY = timedelta(seconds=1)


async def driven(wired: Wired, run_id: str) -> None:
    """Drive a run to its end or its next stop, once what it needs is on this machine."""
    if wired.settings.database is not None:
        await asyncio.to_thread(wired.getting.supply.require, run_id)
    await wired.acting.driver.drive(run_id)


def jobs(wired: Wired) -> tuple[Job, ...]:
    """What is submitted: runs to drive, by whoever is free; imports, on the machine that has the files."""

    async def drive(run_id: str) -> None:
        await driven(wired, run_id)
        await asyncio.to_thread(wired.logs.after_run, run_id)
        wired.ground.jobs.submit(CHECK, key_of(f"after run {run_id}", ()))
        await asyncio.to_thread(wired.running.issues.after_run, run_id)
        wired.ground.jobs.submit(LOOK_AT_STANDING, "")

    return (
        Job(
            DRIVE,
            drive,
            tell=wired.telling.not_driven.tell,
            unfinished=wired.acting.driver.journal.unfinished,
        ),
        Job(IMPORT, wired.getting.imports.work, here=True, unfinished=wired.getting.imports.unfinished),
        Job(COLLECT, wired.logs.work, here=True, unfinished=wired.logs.unfinished),
        Job(CHECK, wired.checks.work),
        Job(SEND, wired.logs.sending.work, here=True, unfinished=wired.logs.sending.unfinished),
        Job(MAKE, wired.cases.work, here=True, unfinished=wired.cases.unfinished),
    )


def recurring(wired: Wired) -> Iterator[Recurring]:
    """What is done now and then, for as long as the service runs."""
    settings = wired.settings
    check = Job("check-sources", _blocking(wired.getting.sources.check_all))
    yield Recurring(check, timedelta(minutes=settings.poll_minutes))
    yield Recurring(Job("look-for-openings", _blocking(wired.running.runs.go_on_in_windows)), OPENINGS_EVERY)
    yield Recurring(
        Job("look-after-mends", _blocking(wired.running.issues.look_after)), LOOK_AFTER_MENDS_EVERY
    )
    tidied = {
        "tidy-imports": wired.getting.imports.tidy,
        "tidy-payloads": wired.getting.retention.tidy,
        "tidy-logs": wired.logs.keeping.tidy,
    }
    for name, tidy in tidied.items():
        yield Recurring(Job(name, _blocking(tidy), here=True), TIDY_EVERY)
    yield Recurring(Job("ask-nodes", _blocking(wired.acting.watch.look)), ASK_NODES_EVERY)
    yield Recurring(Job("daily-checks", _blocking(wired.checks.daily)), settings.checks.every)
    yield from _alerts(wired)
    take_file = Job("take-nodes-file", _blocking(wired.acting.declarations.take_file_that_waits), here=True)
    yield Recurring(take_file, TAKE_FILE_EVERY)
    if settings.import_folder is not None:
        watch = Watch(partial(wired.getting.imports.look_into, settings.import_folder))
        yield Recurring(Job("watch-folder", watch.look, here=True), LOOK_EVERY)
    if wired.getting.bucket is not None:
        yield Recurring(Job("watch-bucket", Watch(wired.getting.bucket.look).look, here=True), LOOK_EVERY)
    if settings.database is not None:
        put_up = Job("put-up-progress", _blocking(wired.ground.progress.put_up), here=True)
        yield Recurring(put_up, PUT_UP_EVERY)


def _alerts(wired: Wired) -> Iterator[Recurring]:
    """Each channel by itself, so that none waits for another."""
    for channel in wired.telling.sending.channels:
        send = _blocking(partial(wired.telling.sending.send, channel.name))
        yield Recurring(Job(f"send-alerts-{channel.name}", send), SEND_ALERTS_EVERY)
    look = wired.telling.look
    yield Recurring(Job("look-at-alerts", _blocking(look.often)), LOOK_AT_ALERTS_EVERY)
    for name, standing in {
        LOOK_AT_STANDING: look.standing,
        "look-at-channels": wired.telling.sending.look,
    }.items():
        yield Recurring(Job(name, _blocking(standing)), LOOK_AT_STANDING_EVERY)


def _blocking(work: Callable[[], None]) -> Callable[[str], Awaitable[None]]:
    async def do(_key: str) -> None:
        await asyncio.to_thread(work)

    return do
