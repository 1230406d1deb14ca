"""Looking for new releases now and then: at the start, then at intervals with jitter."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import timedelta

from pitstop.ports.clock import Clock

log = logging.getLogger(__name__)

_JITTER = 0.1


async def poll_for_ever(check_all: Callable[[], None], every: timedelta, clock: Clock) -> None:
    """Check all sources, again and again. What breaks is logged; the next time it is tried again."""
    while True:
        try:
            await asyncio.to_thread(check_all)
        except Exception:
            log.exception("the check of the sources broke; the next one is in %s", every)
        await clock.sleep_until(clock.now() + every * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311
