"""What goes to standard output, and how: JSON, tables, blocks of text.

Text that came from elsewhere (outputs of nodes, notes) is cleaned of control characters before it reaches a
terminal. Colour only adds to words and marks that say the same; ``NO_COLOR`` and ``TERM=dumb`` turn it off,
and so does everything that is no terminal.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

import msgspec
import typer

from pitstop.model.findings import Finding
from pitstop.wire.base import View
from pitstop.wire.formats import Tone
from pitstop.wire.views import FindingView

_COLOURS = {Tone.GOOD: "32", Tone.BUSY: "36", Tone.WARN: "33", Tone.BAD: "31"}
_LEAST_LAST_COLUMN = 36


def say(text: str = "") -> None:
    """A line of data."""
    typer.echo(text)


def note(text: str) -> None:
    """A line that is no data: what was done, what to do next."""
    typer.echo(text, err=True)


def say_json(value: View | Sequence[View]) -> None:
    """The wire types, indented by two, in the order of their fields."""
    typer.echo(_for_any_charset(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()))


def say_json_line(value: View) -> None:
    """One value, one line: for streams."""
    typer.echo(_for_any_charset(msgspec.json.encode(value).decode()))


def _for_any_charset(text: str) -> str:
    """JSON that says the same in every charset of a terminal: where that is not UTF-8, other signs than ASCII
    are written by their numbers. A sign that the charset lacks would be lost, and what reads JSON expects
    UTF-8."""
    if codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8":
        return text
    return re.sub(r"[^\x00-\x7f]", lambda sign: json.dumps(sign[0])[1:-1], text)


def clean(text: str) -> str:
    """Without control characters (a terminal would obey them), line breaks and tabs left as they are."""
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())


def width() -> int:
    """Columns of the terminal, or what ``COLUMNS`` says; 0 when lines may be as long as they are."""
    return shutil.get_terminal_size(fallback=(0, 0)).columns


def coloured() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, tone: Tone) -> str:
    """The text in its tone's colour, where colours are shown."""
    if tone not in _COLOURS or not coloured():
        return text
    return f"\x1b[{_COLOURS[tone]}m{text}\x1b[0m"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns two spaces apart; the last one is wrapped to the width there is, or has lines of its own
    where that is too little."""
    cells = [tuple(clean(cell).replace("\n", " ") for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in [headers, *cells]) for column in range(len(headers) - 1)]
    before = sum(widths) + 2 * len(widths)
    room = width() - before
    apart = width() > 0 and room < _LEAST_LAST_COLUMN and any(len(row[-1]) > room for row in cells)
    if apart:
        before = 4
    lines = []
    for row in [tuple(headers), *cells]:
        start = "  ".join(cell.ljust(size) for cell, size in zip(row[:-1], widths, strict=True))
        last = [" " * before + line for line in _wrapped(row[-1], before) if line]
        if last and not apart:
            last[0] = f"{start}  {last[0].lstrip()}"
            lines += last
        else:
            lines += [start.rstrip(), *last]
    return lines


def _wrapped(text: str, before: int) -> list[str]:
    """Lines that fit behind ``before`` columns; names and addresses stay in one piece."""
    room = width() - before
    if not width() or len(text) <= room:
        return [text]
    room = max(room, _LEAST_LAST_COLUMN)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def field(name: str, text: str, *, label: int = 14) -> list[str]:
    """``  name          text``, wrapped under its text."""
    return behind(f"  {name.ljust(label)}  ", text)


def behind(start: str, text: str) -> list[str]:
    """``text`` behind ``start``, wrapped under its beginning."""
    first, *others = _wrapped(clean(text), len(start))
    return [f"{start}{first}".rstrip(), *(" " * len(start) + other for other in others)]


def finding_lines(finding: FindingView | Finding, *, evidence: int = 12) -> list[str]:
    """Severity, what, impact, remedy, and the last lines of the evidence."""
    lines = _labelled(f"[{finding.severity}] ", f"{finding.subject}: {finding.what}")
    for label, text in (("impact", finding.impact), ("remedy", finding.remedy)):
        if text:
            lines += [f"  {line}" for line in _labelled(f"{label}: ", text)]
    last = [line for line in clean(finding.detail).splitlines() if line.strip()][-evidence:]
    if last:
        lines += ["  last output:", *(f"    | {line}" for line in last)]
    if finding.links:
        lines += [f"  see: {clean(link)}" for link in finding.links]
    return lines


def _labelled(label: str, text: str) -> list[str]:
    first, *others = _wrapped(clean(text), len(label) + 2)
    return [label + first, *(" " * len(label) + other for other in others)]
