"""Looking into the watched folder, and tidying up what is over: now and then, while the service runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from pitstop.ports.clock import Clock

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=30)
"""Between two looks into the watched folder; what is put there must stand still for that long."""

TIDY_EVERY = timedelta(hours=6)

OPENINGS_EVERY = timedelta(seconds=15)
"""Between two looks whether a maintenance window has opened that a run was stopped until."""

Look = Callable[[Path, dict[str, str]], dict[str, str]]


async def watch_for_ever(look: Look, folder: Path, every: timedelta, clock: Clock) -> None:
    """Look into the folder, again and again. What breaks is logged; the next time it is tried again."""
    marks: dict[str, str] = {}
    while True:
        try:
            marks = await asyncio.to_thread(look, folder, marks)
        except Exception:
            log.exception("the look into %s broke; the next one is in %s", folder, every)
        await clock.sleep_until(clock.now() + every)


async def tidy_for_ever(tidy: Callable[[], None], every: timedelta, clock: Clock) -> None:
    """Tidy up, again and again, at the start too."""
    while True:
        try:
            await asyncio.to_thread(tidy)
        except Exception:
            log.exception("tidying up broke; the next time is in %s", every)
        await clock.sleep_until(clock.now() + every)
