"""Who guesses passwords is slowed down; whose password it is cannot be locked out by it.

Tries are counted by name and place (the origin): whoever has tried too often from one place waits, others of
the same name elsewhere do not. Where a name is guessed from many places at once, each place has one try at a
time. A try counts from when it begins, so that many at once are many; one that was right is taken back.
Refused ones do not count: a wait ends by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock

from pitstop.model.errors import NotSignedIn

TRIES = 10
WAIT_SECONDS = 5 * 60.0
MANY_TRIES = 100
MANY_SECONDS = 60 * 60.0
KEPT = 1_000
_LONGEST = 128


class Guessing:
    """The latest wrong tries, in memory. May be asked from several threads.

    Args:
        seconds: of a clock that nobody sets.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._of_places = _Tries(TRIES, WAIT_SECONDS)
        self._of_names = _Tries(MANY_TRIES, MANY_SECONDS)

    def begin(self, name: str, origin: str) -> None:
        """Count a try, before it is looked at.

        Raises:
            NotSignedIn: there were too many; nothing is to be looked at.
        """
        place, whose = _keys(name, origin)
        with self._lock:
            now = self._seconds()
            many = self._of_names.since(whose, now) >= MANY_TRIES
            if self._of_places.since(place, now) >= (1 if many else TRIES):
                raise NotSignedIn("too many wrong tries", hint="Wait five minutes, then try again.")
            self._of_places.count(place, now)
            self._of_names.count(whose, now)

    def right(self, name: str, origin: str) -> None:
        """The try was right: this place has tried nothing wrong."""
        place, whose = _keys(name, origin)
        with self._lock:
            self._of_places.forget(place)
            self._of_names.take_back(whose)

    def __len__(self) -> int:
        """How many names and places are remembered."""
        return len(self._of_places) + len(self._of_names)


class _Tries:
    """When each of these tried: so many times at most, for so many seconds, and so many keys at most."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._lasts = seconds
        self._at: dict[tuple[str, ...], deque[float]] = {}

    def __len__(self) -> int:
        return len(self._at)

    def since(self, key: tuple[str, ...], now: float) -> int:
        """How many tries of this key still count."""
        return sum(at > now - self._lasts for at in self._at.get(key, ()))

    def count(self, key: tuple[str, ...], now: float) -> None:
        if key not in self._at and len(self._at) >= KEPT:
            self._make_room(now)
        self._at.setdefault(key, deque(maxlen=self._most)).append(now)

    def take_back(self, key: tuple[str, ...]) -> None:
        """The last try of this key."""
        tries = self._at.get(key)
        if tries:
            tries.pop()

    def forget(self, key: tuple[str, ...]) -> None:
        self._at.pop(key, None)

    def _make_room(self, now: float) -> None:
        """What is over goes; if nothing is, what was tried least: many names cannot hide one."""
        lasting = {key: at for key, at in self._at.items() if at and at[-1] > now - self._lasts}
        if len(lasting) >= KEPT:
            del lasting[min(lasting, key=lambda key: (len(lasting[key]), lasting[key][-1]))]
        self._at = lasting


def _keys(name: str, origin: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """By place, and by name alone."""
    whose = name[:_LONGEST]
    return (whose, origin[:_LONGEST]), (whose,)
