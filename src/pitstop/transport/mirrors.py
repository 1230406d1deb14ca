"""Several places with the same files: when one fails, the next is asked.

Which of them bytes come from makes no difference to what is believed: everything is checked against what the
publisher signed. A place that does not answer, breaks off, or lacks a file is passed over at once; one that
gives wrong bytes is passed over when whoever checks them says so (``turn``). A file that a place lacks
because it has not got it yet may lie in the next. The exception is the next root of trust: that it is not
there is the usual answer, and no reason to go round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tuf.api.exceptions import DownloadHTTPError

from pitstop.model.errors import Unreachable
from pitstop.transport.fetcher import Mark, Opened, SiteFetcher
from pitstop.transport.link import Interruption

_ROOT = re.compile(r"/metadata/[0-9]+\.root\.json\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """One of the places. ``url``: of the site's root there, without a slash at its end."""

    url: str
    fetcher: SiteFetcher


class MirrorFetcher(SiteFetcher):
    """Files of a site by the URL that they have at the first place, from whichever place gives them."""

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__(places[0].fetcher.link)
        self._places = tuple(places)
        self._first = 0

    @property
    def choices(self) -> int:
        return len(self._places)

    def turn(self) -> None:
        self._first = (self._first + 1) % len(self._places)

    @contextmanager
    def opened(
        self, url: str, start: int = 0, known: Mark | None = None, stop: int | None = None
    ) -> Iterator[Opened]:
        failures: list[Unreachable | DownloadHTTPError] = []
        with ExitStack() as stack:
            for _ in self._places:
                place = self._places[self._first]
                try:
                    file = stack.enter_context(place.fetcher.opened(self._at(place, url), start, known, stop))
                    break
                except (Unreachable, DownloadHTTPError) as error:
                    if isinstance(error, DownloadHTTPError) and _ROOT.search(url):
                        raise
                    failures.append(error)
                    self.turn()
            else:
                raise _all(failures)
            yield Opened(file.start, file.total, self._chunks(file), file.mark, file.unchanged)

    def _at(self, place: Place, url: str) -> str:
        return place.url + url.removeprefix(self._places[0].url)

    def _chunks(self, file: Opened) -> Iterator[bytes]:
        try:
            yield from file.chunks
        except Interruption:
            self.turn()
            raise


def _all(failures: Sequence[Unreachable | DownloadHTTPError]) -> Exception:
    """What to say when every place has failed: worth another try if it is so at any of them."""
    refused = [error for error in failures if isinstance(error, DownloadHTTPError)]
    if len(refused) == len(failures):
        return refused[0]
    broken = [error for error in failures if isinstance(error, Unreachable)]
    said = "; ".join(str(error) for error in failures)
    if len(failures) > 1:
        said = f"none of {len(failures)} places gives the file: {said}"
    again = [error for error in broken if isinstance(error, Interruption)]
    if again:
        return Interruption(said, hint=again[0].hint, after=min(error.after for error in again))
    return Unreachable(said, hint=broken[0].hint)
