"""How patient Pitstop is with a weak link: timeouts, retries with back-off, the slowest pace it accepts.

Invariant: a server that stalls, or drips its files, ends as Unreachable and not as a hang.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pitstop.model.errors import Unreachable
from pitstop.transport.traffic import Traffic


class Interruption(Unreachable):
    """The link broke in a way that may mend by itself: worth another try.

    Attributes:
        after: seconds that the other side asked to be left alone for; 0: it said nothing.
    """

    def __init__(self, message: str, *, hint: str | None = None, after: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.after = after


@dataclass(frozen=True, slots=True)
class Link:
    """Times in seconds, rates in bytes per second.

    Attributes:
        ca_bundle: PEM file of the certificate authorities to trust instead of this machine's own.
        proxy: ``http(s)://`` address of the proxy that everything goes through; None: straight. It is never
            taken from the environment.
        silence: the longest wait for a next byte.
        tries: how often a request is made before it counts as failed; for a volume, how often in a row
            without having brought at least ``worthwhile`` bytes.
        first_delay: wait before the second try, doubled from try to try up to ``longest_delay``.
        longest_peace: a site that asks to be left alone for longer than this is given up for now.
        slowest: after ``grace``, a transfer whose average is below this is given up as interrupted. What the
            own bandwidth limit holds back does not count against the site.
        pause: how it waits.
        traffic: what it shares with other links.
    """

    ca_bundle: Path | None = None
    proxy: str | None = None
    connect: float = 10.0
    silence: float = 30.0
    tries: int = 5
    first_delay: float = 1.0
    longest_delay: float = 30.0
    longest_peace: float = 300.0
    slowest: int = 256
    grace: float = 60.0
    worthwhile: int = 65_536
    pause: Callable[[float], None] = time.sleep
    traffic: Traffic = field(default_factory=Traffic)

    def again(self, failures: int, error: Interruption) -> None:
        """Wait as long as is due after this many failures in a row (1: the first).

        Raises:
            Interruption: the tries are used up, or the site wants peace for longer than is waited here.
        """
        if failures >= self.tries or error.after > self.longest_peace:
            raise error
        own = min(self.first_delay * 2 ** min(failures - 1, 16), self.longest_delay)
        self.pause(max(own, error.after))

    def paced(self, chunks: Iterator[bytes], what: str) -> Iterator[bytes]:
        """The chunks, as long as they come fast enough, and no faster than the traffic's limit.

        Raises:
            Interruption: they do not.
        """
        began, received, held_back = time.monotonic(), 0, 0.0
        for chunk in chunks:
            received += len(chunk)
            yield chunk
            held_back += self.traffic.take(len(chunk))
            took = time.monotonic() - began - held_back
            if took > self.grace and received < self.slowest * took:
                raise Interruption(f"{what}: only {received} bytes came in {took:.0f} seconds")
