"""The one thread that writes the engine's journal: a write may wait for the disk, the event loop must not.

Writes come one after the other, over all that is done side by side in a run: each is worked out on the tree
that the one before it has left. The tree's steps are frozen and swapped whole, so that who reads it meanwhile
sees a step as it was before a write or as it is after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")


async def journaled(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Make this call of the journal in its thread. Who is cancelled meanwhile waits for its end first: what
    comes after finds the write done or not done, never under way."""
    call_made = asyncio.get_running_loop().run_in_executor(_THREAD, partial(call, *args, **kwargs))
    try:
        return await asyncio.shield(call_made)
    except asyncio.CancelledError:
        await asyncio.wait([call_made])
        call_made.exception()  # said to nobody: who asked is gone
        raise
