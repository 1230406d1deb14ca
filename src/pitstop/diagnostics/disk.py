"""The disk of this machine, where bundles are made and kept: its errors in the words of Pitstop, and threads
for what takes the processor or the disk for a while. They are apart from those in which runs are driven, and
few.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from pitstop.model.errors import NoSpace, StateUnusable

T = TypeVar("T")

_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="logs")
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def translated() -> Iterator[None]:
    """Raises NoSpace, StateUnusable."""
    try:
        yield
    except OSError as error:
        message = f"a log bundle cannot be written: {error.strerror or error}"
        if error.errno in _FULL:
            raise NoSpace(message) from error
        raise StateUnusable(message, hint="Check the disk and who owns the state folder.") from error


async def in_thread(work: Callable[[], T]) -> T:
    """Do it in a thread. Who is cancelled meanwhile waits for its end all the same: what it works with must
    not be taken away under it."""
    done = asyncio.get_running_loop().run_in_executor(_THREADS, work)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        raise
