"""The one thread that writes the engine's journal: a write may wait for the disk, the event loop must not.

Writes come one after the other, over all that is done side by side in a run: each is worked out on the tree
that the one before it has left. The tree's steps are frozen and swapped whole, so that who reads it meanwhile
sees a step as it was before a write or as it is after it.

Events that wait while the disk is busy with others go to it together, as one transaction: eight nodes that
end a step at about the same time cost one wait for the disk, not eight. Nobody goes on before what he wrote
is there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from pitstop.model.errors import InvalidMove
from pitstop.model.run_events import RunEvent
from pitstop.model.run_tree import RunTree
from pitstop.ports.journal import Journal

P = ParamSpec("P")
T = TypeVar("T")

_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")


async def journaled(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Make this call of the journal in its thread. Who is cancelled meanwhile waits for its end first: what
    comes after finds the write done or not done, never under way."""
    return await _end_of(_THREAD.submit(partial(call, *args, **kwargs)))


async def written(journal: Journal, tree: RunTree, *events: RunEvent) -> None:
    """Append these events in the thread, all or none, perhaps together with others of the same tree. Who is
    cancelled meanwhile waits first, as in ``journaled``.

    Raises:
        EpochLost, InvalidMove: as ``Journal.append``; also what else the journal cannot do.
    """
    write = _Write(journal, tree, events)
    _WAITING.append(write)
    _THREAD.submit(_write_waiting)
    await _end_of(write.done)


async def _end_of(call: Future[T]) -> T:
    end = asyncio.wrap_future(call)
    try:
        return await asyncio.shield(end)
    except asyncio.CancelledError:
        await asyncio.wait([end])
        end.exception()  # said to nobody: who asked is gone
        raise


@dataclass(frozen=True, slots=True)
class _Write:
    journal: Journal
    tree: RunTree
    events: Sequence[RunEvent]
    done: Future[None] = field(default_factory=Future)


_WAITING: deque[_Write] = deque()


def _write_waiting() -> None:
    """All that waits now; nothing, where an earlier call has taken it along."""
    together: dict[tuple[int, int], list[_Write]] = {}
    with suppress(IndexError):
        while True:
            write = _WAITING.popleft()
            if write.done.set_running_or_notify_cancel():
                together.setdefault((id(write.journal), id(write.tree)), []).append(write)
    for writes in together.values():
        _write_together(writes)


def _write_together(writes: Sequence[_Write]) -> None:
    """As one transaction. A move that is not taken is refused to who asked for it, and to nobody beside."""
    first = writes[0]
    try:
        first.journal.append(first.tree, *(event for write in writes for event in write.events))
    except InvalidMove as error:
        if len(writes) == 1:
            first.done.set_exception(error)
        else:
            for write in writes:
                _write_together([write])
    except Exception as error:
        for write in writes:
            write.done.set_exception(error)
    else:
        for write in writes:
            write.done.set_result(None)
