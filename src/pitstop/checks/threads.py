"""Work that blocks, for who may give up waiting: a thread that hangs holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """What it gives, or raises. Each has a thread of its own: unlike a pool's, it is not waited for when the
    loop ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # it is T where there is no error

    def do() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # whatever it is, the waiting one gets it
            error = raised
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    Thread(target=do, name="check", daemon=True).start()
    return await future
