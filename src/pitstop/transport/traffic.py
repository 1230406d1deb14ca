"""What all links of a service share: the bandwidth they may take together, and who asked to be left alone.

One limit for all of them, so that three downloads at once take no more than one. A host that answered with
``Retry-After`` is not asked before that time, by whichever link.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_BURST = 0.25
"""Seconds' worth of bytes that may come at once."""


@dataclass(slots=True)
class Traffic:
    """May be used from several threads.

    Attributes:
        limit: bytes a second for all together; None: as fast as it comes.
        now: seconds of a clock that never goes back.
        pause: how it waits.
    """

    limit: int | None = None
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    _free_at: float = 0.0
    _left_alone: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def chunk(self, at_most: int) -> int:
        """How many bytes to ask for at once: under a limit less, so that it is held evenly."""
        return at_most if self.limit is None else max(1024, min(at_most, int(self.limit * _BURST)))

    def take(self, count: int) -> float:
        """Wait until these bytes may have come; how long that was, in seconds."""
        if self.limit is None:
            return 0.0
        with self._lock:
            now = self.now()
            begins = max(self._free_at, now - _BURST)
            self._free_at = begins + count / self.limit
            wait = self._free_at - now
        if wait <= 0:
            return 0.0
        self.pause(wait)
        return wait

    def leave_alone(self, host: str, seconds: float) -> None:
        """The host asked not to be asked for this long."""
        with self._lock:
            self._left_alone[host] = max(self._left_alone.get(host, 0.0), self.now() + seconds)

    def alone_for(self, host: str) -> float:
        """Seconds for which this host must not be asked; 0: it may be."""
        with self._lock:
            until = self._left_alone.get(host)
            if until is None:
                return 0.0
            left = until - self.now()
            if left <= 0:
                del self._left_alone[host]
            return max(0.0, left)
