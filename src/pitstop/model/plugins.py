"""What a program says that keeps to the exit statuses and the output of Nagios' plugins.

Exit status 0 is a pass, 1 a warning, 2 a fail, 3 (and any other) unknown. The first line of the output is the
description, up to a ``|``; what follows that is performance data. Further lines are detail, up to another.
https://www.monitoring-plugins.org/doc/guidelines.html
"""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from pitstop.model.checks import CheckStatus

_STATUSES = {0: CheckStatus.PASS, 1: CheckStatus.WARNING, 2: CheckStatus.FAIL, 3: CheckStatus.UNKNOWN}
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
_MOST_MEASURES = 50
_MEASURE = re.compile(r"(?:'(?:[^']|'')*'|[^\s='][^\s=]*)=\S*")
_CONTROL = re.compile(r"[^\t\n\x20-\x7e\xa0-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class PluginSaid:
    """What it says, taken apart.

    Attributes:
        text: what it found, in one line.
        detail: further lines, and what it complained.
        measures: what it measured, such as ``/=2643MB;5948;5958;0;5968``.
    """

    status: CheckStatus
    text: str
    detail: str = ""
    measures: tuple[str, ...] = ()


def read_plugin(status: int, output: str, complaint: str = "") -> PluginSaid:
    """Of any output at all: what is not of the form is text.

    Args:
        status: the exit status; a signal as a negative number.
        output, complaint: what it said on standard output and standard error.
    """
    text, detail, measures = _parts(output)
    words = text or _parts(complaint)[0] or "it says nothing"
    if status not in _STATUSES:
        words = f"{_ended(status)}: {words}"
    more = [part for part in (detail, _clean(complaint).strip()) if part]
    return PluginSaid(_STATUSES.get(status, CheckStatus.UNKNOWN), words, "\n".join(more), measures)


def sent_along(program: bytes, arguments: Sequence[str]) -> str:
    """Shell text that carries the program along, runs it, ends as it does, and leaves nothing behind."""
    return f"""\
place=$(mktemp -d) || exit 3
trap 'rm -rf "$place"' EXIT
trap 'exit 3' HUP INT TERM
base64 -d >"$place/check" <<'PROGRAM' && chmod 700 "$place/check" || exit 3
{b64encode(program).decode()}
PROGRAM
"$place/check" {shlex.join(arguments)} </dev/null
"""


def _parts(output: str) -> tuple[str, str, tuple[str, ...]]:
    lines = _clean(output).strip("\n").split("\n")
    text, _, measured = lines[0].partition("|")
    detail: list[str] = []
    for index, line in enumerate(lines[1:], 1):
        before, bar, after = line.partition("|")
        detail.append(before.rstrip())
        if bar:  # from here on all is performance data
            measured = " ".join([measured, after, *lines[index + 1 :]])
            break
    return text.strip(), "\n".join(detail).strip(), tuple(_MEASURE.findall(measured)[:_MOST_MEASURES])


def _clean(output: str) -> str:
    """Without what a terminal would obey."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", output.replace("\r", ""))


def _ended(status: int) -> str:
    if status in (_NOT_EXECUTABLE, _NOT_FOUND):
        return "it cannot be run there"
    if status < 0:
        return f"signal {-status} has ended it"
    return f"it ended with status {status}, which no plugin means anything by"
