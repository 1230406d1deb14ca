"""Versions compare number by number, and print as they were read.

``1.2311.3.62`` is the tuple (1, 2311, 3, 62). Old builds such as ``20180302.1`` are versions too, but
order *across* numbering schemes says nothing: what precedes what is in the release graph.
"""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.errors import InvalidVersion

_MAX_NUMBERS = 8
_MAX_DIGITS = 18


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """A build number: one to eight non-negative whole numbers."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``1.2311.3.62``. Leading zeros are refused, so that text and value are one to one.

        Raises:
            InvalidVersion: not numbers separated by dots.
        """
        parts = text.split(".")
        if not 1 <= len(parts) <= _MAX_NUMBERS:
            raise InvalidVersion(f"{text!r} is not a version: one to {_MAX_NUMBERS} numbers are allowed")
        return cls(tuple(_number(part, text) for part in parts))

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers))


def _number(part: str, text: str) -> int:
    if not (part.isascii() and part.isdigit() and len(part) <= _MAX_DIGITS):
        raise InvalidVersion(f"{text!r} is not a version: {part!r} is not a number")
    if part != "0" and part.startswith("0"):
        raise InvalidVersion(f"{text!r} is not a version: {part!r} has a leading zero")
    return int(part)
