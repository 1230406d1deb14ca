"""Long lists: what is in sight, and what is folded away below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

SHOWN: Final = 10
"""So many entries of a list are in sight."""
_WORTH: Final = 3
"""Fewer than so many are not worth a fold."""


@dataclass(frozen=True, slots=True)
class Folded(Generic[T]):
    """A list in its order, in two parts."""

    shown: tuple[T, ...]
    more: tuple[T, ...] = ()


def fold(items: Sequence[T], *, keep: Callable[[T], bool] = lambda _: False, shown: int = SHOWN) -> Folded[T]:
    """The first ``shown`` in sight, and those to ``keep`` wherever they stand."""
    first = {*range(shown), *(place for place, item in enumerate(items) if keep(item))}
    more = tuple(item for place, item in enumerate(items) if place not in first)
    if len(more) < _WORTH:
        return Folded(tuple(items))
    return Folded(tuple(item for place, item in enumerate(items) if place in first), more)
