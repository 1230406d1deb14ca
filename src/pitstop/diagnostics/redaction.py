"""Removing secrets from a stream, in flat memory: whatever the size of the pieces that it comes in.

The stream is looked at in blocks that end with a line; a line is never parted, but where it is longer than
:data:`LONGEST_LINE`: then what could still be going on at the end of a part is looked at again with the
next. What is inside an armoured key or a block text is dropped until that ends, over any number of pieces.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field

from pitstop.diagnostics import secrets
from pitstop.diagnostics.patterns import PatternSet, groups_of
from pitstop.diagnostics.pseudonyms import Pseudonyms
from pitstop.model.errors import InvalidInput

BLOCK_BYTES = 256 << 10
LONGEST_LINE = 1 << 20
_LOOKED_AT_AGAIN = 64 << 10
_VALUE, _REST_OF_LINE = re.compile(rb"[^\s\"'&;<]*"), re.compile(rb"[^\r\n]*")


def removed(name: str) -> bytes:
    """What stands in the place of a secret."""
    return f"[removed: {name}]".encode()


class Rules:
    """What is removed, for many streams.

    Args:
        own: the operator's patterns by name.

    Raises:
        InvalidInput: one of them cannot be used.
    """

    def __init__(self, own: dict[str, bytes] | None = None, pseudonyms: Pseudonyms | None = None) -> None:
        for name, pattern in (own or {}).items():
            if groups_of(name, pattern) > 1:
                raise InvalidInput(
                    f"pattern {name!r} has several groups", hint="One says what is removed; (?:...) is none."
                )
        self.own = frozenset(own or {})
        self.set = PatternSet({**secrets.PATTERNS, **(own or {})})
        self.pseudonyms = pseudonyms

    def text(self, text: str) -> str:
        """A short text without secrets, and with pseudonyms where they are asked for."""
        redactor = Redactor(self)
        out = redactor.feed(text.encode("utf-8", "replace")) + redactor.finish()
        return out.decode("utf-8", "replace")


@dataclass(slots=True)
class Redactor:
    """One stream.

    Attributes:
        block: so many bytes are gathered before they are looked at.
        removed: how many finds were removed, by name of the pattern.
        lines, taken, given: lines and bytes so far, of what came and of what was let through.
        seconds: of processor time.
    """

    rules: Rules
    block: int = BLOCK_BYTES
    removed: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    taken: int = 0
    given: int = 0
    seconds: float = 0.0
    _held: bytearray = field(default_factory=bytearray)
    _inside: secrets.Armour | secrets.Block | None = None
    _in_value: re.Pattern[bytes] | None = None

    def feed(self, piece: bytes) -> bytes:
        """What may be let through now. Blocks."""
        self.taken += len(piece)
        self._held += piece
        if len(self._held) < self.block:
            return b""
        end = self._held.rfind(b"\n") + 1
        if end == 0 and len(self._held) < LONGEST_LINE:
            return b""
        return self._through(end, last=False)

    def finish(self) -> bytes:
        """What is left, at the end of the stream."""
        return self._through(len(self._held), last=True)

    def _through(self, end: int, *, last: bool) -> bytes:
        began = time.thread_time()
        if end:
            block = bytes(self._held[:end])
            del self._held[:end]
            out = self._redacted(block, len(block))
        else:
            out = self._part_of_a_line(last=last)
        if self.rules.pseudonyms is not None:
            out = self.rules.pseudonyms.put(out)
        self.lines += out.count(b"\n") + (last and bool(out) and not out.endswith(b"\n"))
        self.given += len(out)
        self.seconds += time.thread_time() - began
        return out

    def _part_of_a_line(self, *, last: bool) -> bytes:
        """A line that is too long: all but its end, which is looked at again with what comes."""
        text = bytes(self._held)
        limit = len(text) if last else max(0, len(text) - _LOOKED_AT_AGAIN)
        self._held.clear()
        return self._redacted(text, limit)

    def _redacted(self, text: bytes, limit: int) -> bytes:
        """The text without secrets up to ``limit``; what is behind it is held, and so is what crosses it."""
        out: list[bytes] = []
        position = self._go_on(text)
        searched = position
        while (found := self.rules.set.next(text, searched)) is not None and found.begin < limit:
            if found.name not in self.rules.own and not secrets.is_secret(found, text):
                searched = found.start if found.start > searched else found.begin + 1
                continue
            reaches_end = found.stop == len(text) and limit < len(text)
            self.removed[found.name] += 1
            over = secrets.goes_on(found, text)
            if over is None:
                out += (text[position : found.start], removed(found.name))
                position = found.stop
                if reaches_end:
                    self._in_value = _REST_OF_LINE if found.name in ("setting", "header") else _VALUE
            else:
                keep = found.end if found.name == secrets.BLOCK else found.start
                out += (text[position:keep], _put(found.name))
                position = self._leave(text, *over)
            searched = max(position, searched)
        if position < limit:
            out.append(text[position:limit])
            position = limit
        self._held[:0] = text[position:]
        return b"".join(out)

    def _leave(self, text: bytes, position: int, inside: secrets.Armour | secrets.Block) -> int:
        """Where what goes over several lines ends, at the most at the end of the text."""
        end = inside.end(text, position)
        self._inside = inside if end is None else None
        return len(text) if end is None else end

    def _go_on(self, text: bytes) -> int:
        """Where what was being removed at the end of the last block ends in this one."""
        if self._inside is not None:
            return self._leave(text, 0, self._inside)
        if self._in_value is not None:
            match = self._in_value.match(text)
            end = match.end() if match else 0
            if end < len(text):
                self._in_value = None
            return end
        return 0


def _put(name: str) -> bytes:
    return b"\n" + removed(name) + b"\n" if name == secrets.BLOCK else removed(name)
