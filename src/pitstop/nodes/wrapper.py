"""The node's side of acting, as text to send along: how a call is put, and how its answer is read.

The shell texts ``operation.sh`` and ``runner.sh`` beside this file are the whole of it. They go over with
each call, so that a node needs no installation: a POSIX shell, coreutils, tar, find and util-linux.
"""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

from pitstop.model.errors import InvalidInput
from pitstop.model.system import Become, Node

OUTPUT_BYTES = 65_536
"""Of what an operation or a question says, the last so many bytes are kept."""

_STDERR_BYTES = 4_096
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,199}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _shell_text(name: str) -> str:
    """The text beside this file as it goes over: without what only people read."""
    lines = (files("pitstop.nodes") / name).read_text(encoding="ascii").splitlines()
    return "".join(f"{line.lstrip()}\n" for line in lines if not line.lstrip().startswith("#"))


_OPERATION = _shell_text("operation.sh")
RUNNER = _shell_text("runner.sh").encode("ascii")


def incoming(mark: str) -> str:
    """The folder that the parcel of the call with this mark lies in until its operation is begun."""
    return f".incoming-{mark}"


def call(verb: str, mark: str, node: Node, operation: str, epoch: int) -> str:
    """The command of an ``operate``, ``attach`` or ``abandon``.

    Raises:
        InvalidInput: the operation's id is none.
    """
    if not _ID.fullmatch(operation):
        raise InvalidInput(f"{operation!r} is no operation id: letters, digits, dots and dashes only")
    return _command(node, verb, mark, root_of(node), operation, str(epoch))


def question(mark: str, node: Node, deadline: timedelta) -> str:
    """The command of an ``ask``; the node itself ends the script soon after the deadline."""
    return _command(node, "ask", mark, root_of(node), str(math.ceil(deadline.total_seconds()) + 1))


def _command(node: Node, *arguments: str) -> str:
    return shlex.join([*as_root(node), "/bin/sh", "-c", _OPERATION, "pitstop", *arguments])


def as_root(node: Node) -> tuple[str, ...]:
    """What stands before a command that is to run as root. ``sudo -n`` asks nobody: it fails where it would
    need a password."""
    return ("sudo", "-n", "-H", "--") if node.become is Become.SUDO else ()


def root_of(node: Node) -> str:
    """``PITSTOP_ROOT``: the node's root without a trailing slash, empty for ``/``."""
    return node.root.rstrip("/")


def exports(environment: dict[str, str]) -> str:
    """Shell text that sets these variables.

    Raises:
        InvalidInput: a name is no variable's, or a value cannot be one.
    """
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name) or "\0" in value:
            raise InvalidInput(f"{name!r} cannot be set as an environment variable")
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())


@dataclass(frozen=True, slots=True)
class Reply:
    """The line that the node answers with, and what follows it. ``word`` as in ``operation.sh``."""

    word: str
    number: int
    output: str


def _as_text(said: bytes | bytearray) -> str:
    """UTF-8 as far as it is; without NUL characters, which no database keeps in a text."""
    return said.decode("utf-8", "replace").replace("\0", "")


class Transcript:
    """Takes in what comes over the wire; holds the last bytes after the marked line, and no more.

    What comes before the mark is the login shell's own talk, and is dropped.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode("ascii") + b" "
        self._line: bytes | None = None
        self._held = bytearray()

    def take(self, chunk: bytes) -> None:
        self._held += chunk
        if self._line is None:
            self._find_line()
        if len(self._held) > OUTPUT_BYTES:
            del self._held[:-OUTPUT_BYTES]

    def _find_line(self) -> None:
        start = self._held.find(self._mark)
        end = self._held.find(b"\n", start)
        if start >= 0 and end >= 0:
            self._line = bytes(self._held[start + len(self._mark) : end])
            del self._held[: end + 1]

    def reply(self) -> Reply | None:
        """What the node has answered; None if it did not."""
        if self._line is None:
            return None
        word, _, number = self._line.decode("ascii", "replace").partition(" ")
        return Reply(word, int(number or 0), _as_text(self._held))


class Complaints:
    """Takes in standard error; holds the end of it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, chunk: bytes) -> None:
        self._held += chunk
        if len(self._held) > _STDERR_BYTES:
            del self._held[:-_STDERR_BYTES]

    def said(self) -> str:
        """The last lines, as one."""
        lines = [line.strip() for line in _as_text(self._held).splitlines()]
        return "; ".join([line for line in lines if line][-3:]) or "it gave no reason"
