"""Who may change what lies in the payload store: each package by itself, or all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class PackageLocks:
    """Locks by package. Between threads; not to be taken again by who holds one.

    Whoever wants all of them stands back until no package is being changed: what takes hours in one must not
    keep the others waiting by way of a third.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._held: set[str] = set()
        self._all_are_held = False

    @contextmanager
    def of(self, package: str) -> Iterator[None]:
        """This package's; waits for who holds it, or all."""
        with self._changed:
            self._changed.wait_for(lambda: not self._all_are_held and package not in self._held)
            self._held.add(package)
        try:
            yield
        finally:
            with self._changed:
                self._held.discard(package)
                self._changed.notify_all()

    @contextmanager
    def of_all(self) -> Iterator[None]:
        """Every package's; waits until nobody holds any."""
        with self._changed:
            self._changed.wait_for(lambda: not self._all_are_held and not self._held)
            self._all_are_held = True
        try:
            yield
        finally:
            with self._changed:
                self._all_are_held = False
                self._changed.notify_all()
