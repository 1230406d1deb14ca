"""How patient Pitstop is with a weak link: timeouts, retries with back-off, the slowest pace it accepts.

Invariant: a server that stalls, or drips its files, ends as Unreachable and not as a hang.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pitstop.model.errors import Unreachable


class Interruption(Unreachable):
    """The link broke in a way that may mend by itself: worth another try."""


@dataclass(frozen=True, slots=True)
class Link:
    """Times in seconds, rates in bytes per second.

    Attributes:
        ca_bundle: PEM file of the certificate authorities to trust instead of this machine's own.
        silence: the longest wait for a next byte.
        tries: how often a request is made before it counts as failed; for a volume, how often in a row
            without having brought at least ``worthwhile`` bytes.
        first_delay: wait before the second try, doubled from try to try up to ``longest_delay``.
        slowest: after ``grace``, a transfer whose average is below this is given up as interrupted.
        pause: how it waits.
    """

    ca_bundle: Path | None = None
    connect: float = 10.0
    silence: float = 30.0
    tries: int = 5
    first_delay: float = 1.0
    longest_delay: float = 30.0
    slowest: int = 256
    grace: float = 60.0
    worthwhile: int = 65_536
    pause: Callable[[float], None] = time.sleep

    def back_off(self, failures: int) -> None:
        """Wait as long as is due after this many failures in a row (1: the first)."""
        self.pause(min(self.first_delay * 2 ** min(failures - 1, 16), self.longest_delay))

    def paced(self, chunks: Iterator[bytes], what: str) -> Iterator[bytes]:
        """The chunks, as long as they come fast enough.

        Raises:
            Interruption: they do not.
        """
        began, received = time.monotonic(), 0
        for chunk in chunks:
            received += len(chunk)
            yield chunk
            took = time.monotonic() - began
            if took > self.grace and received < self.slowest * took:
                raise Interruption(f"{what}: only {received} bytes came in {took:.0f} seconds")
