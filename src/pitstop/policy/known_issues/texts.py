"""A failure's texts as they are held against patterns: bounded, and in one form.

What a tool prints differs by terminal, font and language in what means nothing: quotes, widths, blanks,
colours. Each line keeps its place, so that evidence can be shown as it was said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from pitstop.model.known_issues import Failure, Place

MOST_CHARACTERS = {Place.STEP: 400, Place.ERROR: 8_000, Place.OUTPUT: 16_000, Place.LOG: 24_000}
"""What is looked at of each place; of more, the end."""

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_BLANKS = re.compile(r"[^\S\n]+")
_QUOTES = str.maketrans(dict.fromkeys(map(chr, (0x2018, 0x2019, 0x201A, 0x60, 0xB4)), "'"))
_QUOTES |= str.maketrans(dict.fromkeys(map(chr, (0x201C, 0x201D, 0x201E, 0xAB, 0xBB)), '"'))


@dataclass(frozen=True, slots=True)
class Texts:
    """A failure in its one form: what is said in each place, and all of it."""

    failure: Failure
    of: Mapping[Place, str]
    whole: str


def texts_of(failure: Failure) -> Texts:
    """The failure's texts in their one form."""
    log = "\n".join(failure.log[-2_000:])
    said = {
        Place.STEP: failure.step,
        Place.ERROR: failure.error,
        Place.OUTPUT: failure.output,
        Place.LOG: log,
    }
    of = {place: plain(text[-MOST_CHARACTERS[place] :]) for place, text in said.items()}
    return Texts(failure, of, "\n".join(of.values()))


def plain(text: str) -> str:
    """The text without colours, with one kind of quotes and single blanks."""
    folded = unicodedata.normalize("NFKC", _COLOURS.sub("", text)).translate(_QUOTES)
    return _BLANKS.sub(" ", folded.replace("\r\n", "\n").replace("\r", "\n"))


def line_around(text: str, begin: int, end: int, most: int = 200) -> str:
    """The line of the text that a find stands in, cut around it where it is long."""
    start = text.rfind("\n", 0, begin) + 1
    stop = text.find("\n", begin)
    stop = len(text) if stop < 0 else stop
    if stop - start > most:
        start = max(start, begin - most // 3)
        stop = min(stop, max(start + most, min(end, start + 2 * most)))
    return text[start:stop].strip()
