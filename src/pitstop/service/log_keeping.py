"""How long log bundles stay: by age, and within a bound on space, the oldest first; pinned ones always."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitstop.model.logs import Bundle, Why, is_over
from pitstop.ports.logs import Shelf
from pitstop.service.audited import Audited

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Removes bundles that are due.

    Attributes:
        asked, of_runs: how long a bundle stays that was asked for, and one that was collected for a run.
        space: bytes of all bundles together.
    """

    shelf: Shelf
    audited: Audited
    asked: timedelta = timedelta(days=90)
    of_runs: timedelta = timedelta(days=180)
    space: int = 10_000_000_000

    def until(self, bundle: Bundle) -> datetime:
        """When it goes, unless it is pinned, or space is short before."""
        keep = self.of_runs if bundle.why is Why.RUN_FAILED else self.asked
        return (bundle.ended or bundle.created) + keep

    def tidy(self) -> None:
        """Remove what is too old, and then what is too much."""
        now = self.audited.clock.now()
        for bundle in self.shelf.all():
            if is_over(bundle) and not bundle.pinned and self.until(bundle) <= now:
                self._remove(bundle, "too old")
        self.make_room()

    def make_room(self) -> None:
        """Remove the oldest bundles until those that stay are within the bound. The newest always stays."""
        for bundle in too_much(self.shelf.all(), self.space):
            self._remove(bundle, "space")

    def _remove(self, bundle: Bundle, why: str) -> None:
        with self.audited.act("pitstop", "remove logs", bundle.id, f"retention: {why}"):
            self.shelf.remove(bundle)


def too_much(bundles: Sequence[Bundle], space: int) -> Iterator[Bundle]:
    """Of these (newest first), what has to go so that no more than ``space`` bytes stay."""
    total = sum(bundle.size for bundle in bundles)
    for bundle in reversed(bundles[1:]):
        if total <= space:
            return
        if is_over(bundle) and not bundle.pinned and bundle.size:
            total -= bundle.size
            yield bundle
    if total > space:
        log.warning("log bundles take %s bytes, and the setting is %s: what is left is pinned", total, space)
