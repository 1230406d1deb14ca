"""What secrets look like: the built-in patterns.

Each pattern finds a secret where it stands in one line; its groups are what is removed, so that the name
beside it stays. Rather too much is removed than too little. Two kinds go over several lines: armoured keys
and block texts of YAML; :class:`Armour` and :class:`Block` say where they end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pitstop.diagnostics.patterns import Found

PRIVATE_KEY, BLOCK = "private-key", "block-text"

_NAME = (
    rb"(?i:pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|"
    rb"(?:access|account|private|preshared|auth|signing|encryption|shared|storage|master|license)[_-]?"
    rb"(?:access[_-]?)?key|credential|session[_-]?id|sessid|\bpsk\b|\bsig(?:nature)?\b)"
)
"""In the name of something that is secret."""
_REST = rb"[A-Za-z0-9_.\[\]-]*"
_QUOTE = rb"\\*[\"']"
_SPACE = rb"[ \t]*"
_QUOTED = (
    rb"[bru]?(?:\\+\"([^\"\\\r\n]*)|\"((?:[^\"\\\r\n]|\\[^\r\n])*)|\\+'([^'\\\r\n]*)|"
    rb"'((?:[^'\\\r\n]|\\[^\r\n])*))"
)
_TO_SPACE = rb"([^\s\"']+)"
_TO_MARK = rb"([^\s\"'&;]+)"
"""In the middle of a line ``&`` and ``;`` part what stands in addresses and connection strings."""
_HEADER = (
    rb"(?i:(?:proxy-)?authorization|(?:set-)?cookie2?|www-authenticate|authentication-info|"
    rb"x-[a-z-]*(?:token|key|secret|auth|signature)[a-z-]*)"
)

PATTERNS: Final[dict[str, bytes]] = {
    PRIVATE_KEY: rb"-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-Lines:",
    BLOCK: rb"(?m:^[ \t-]*(?:" + _QUOTE + rb")?[A-Za-z0-9_.-]*" + _NAME + _REST + rb"(?:" + _QUOTE + rb")?"
    rb"" + _SPACE + rb":" + _SPACE + rb"[|>][+-]?[0-9]?[ \t]*\r?$)",
    "header": _HEADER + rb"(?:" + _QUOTE + rb")?" + _SPACE + rb"[:=]" + _SPACE + rb"(?:" + _QUOTED + rb"|"
    rb"([^\s\"'][^\r\n]*))",
    "setting": rb"(?m:^[ \t-]*(?:export[ \t]+|set[ \t]+)?(?:" + _QUOTE + rb")?[A-Za-z0-9_.-]*" + _NAME + _REST
    + rb"(?:" + _QUOTE + rb")?" + _SPACE + rb"[:=]" + _SPACE + rb"([^\s\"'{\[][^\r\n]*[^\s,]))",
    "key-value": _NAME + _REST + rb"(?:" + _QUOTE + rb")?" + _SPACE + rb"(?:=>|:=|==?|:|%3[dD])" + _SPACE
    + rb"(?:" + _QUOTED + rb"|" + _TO_MARK + rb")",
    "element": rb"<[A-Za-z0-9_:.-]*" + _NAME + _REST + rb"(?:[ \t][^<>]*)?>([^<\r\n]+)",
    "option": rb"--?[A-Za-z0-9-]*" + _NAME + _REST + rb"[ \t]+(?:" + _QUOTED + rb"|" + _TO_SPACE + rb")",
    "user-option": rb"[ \t](?:-u|--user|--proxy-user)[ \t=]*[\"']?[^\s:\"'/]+:([^\s\"']+)",
    "identified-by": rb"(?i:identified[ \t]+(?:with[ \t]+\S+[ \t]+)?(?:by|as))[ \t]+(?:" + _QUOTED + rb")",
    "url": rb"://([^\s/?#\"'<>@]+)@",
    "jwt": rb"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    "bearer": rb"\b(?i:bearer|basic|apikey)[ \t]+([A-Za-z0-9._~+/=-]{12,})",
    "known-form": rb"\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|"
    rb"glpat-[A-Za-z0-9_-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{30,}|"
    rb"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|hv[sb]\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,})",
    "password-hash": rb"\$(?:1|2[abxy]?|5|6|7|y|gy|argon2(?:id|i|d)|scrypt)\$[./A-Za-z0-9$=,+-]{8,}",
    "key-material": rb"(?m:(?:^|[\s\"'])((?:[A-Za-z0-9+/]{76}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{64})\r?)$)",
}  # fmt: skip
"""By name, in the order in which they count."""

_HARMLESS = re.compile(
    rb"(?i:null|none|nil|true|false|yes|no|undefined|\*+|x{3,}|<[a-z _-]+>|\[redacted\]|"
    rb"redacted|\$\{?[a-z_][a-z0-9_]*\}?|-+|[0-9]{1,3})[,;)\]}]*"
)
"""Values that are none: empty words, places to fill in, what somebody has removed already."""
_NO_SECRET = re.compile(
    rb"(?i)(?:[_.-]?(?:file|path|dir|name|type|count|length|len|size|expir\w*|ttl|age|policy|lifetime|url|uri|"
    rb"endpoint|version|bytes|limit|used|algorithm)|(?:max|num|total|prompt|completion)[_.-]?tokens)"
    rb"[\"'\\]*[ \t]*(?:=>|:=|==?|:|%3[dD])?[ \t]*[\"'\\]*\Z"
)
"""Names that speak about a secret and hold none."""
_FOLDER = re.compile(rb"(?:OLD)?PWD=\Z")
_HEX = re.compile(rb"[0-9a-fA-F]+\r?|[0-9]+\r?")


def is_secret(found: Found, text: bytes) -> bool:
    """Whether a find of these patterns is one indeed."""
    value = text[found.start : found.stop]
    match found.name:
        case "key-material":
            return _HEX.fullmatch(value) is None
        case "url":
            return b":" in value or not text[max(0, found.begin - 4) : found.begin].endswith(
                (b"ssh", b"git", b"ftp")
            )
        case "setting" | "key-value" | "option" | "element":
            if not value or _HARMLESS.fullmatch(value):
                return False
            if _FOLDER.search(text, found.begin, found.start) and value.startswith(b"/"):
                return False
            return _NO_SECRET.search(text[found.begin : found.start]) is None
        case _:
            return bool(value)


@dataclass(slots=True)
class Armour:
    """Inside an armoured key: until its last line, or for so many more bytes where that never comes."""

    left: int = 64 << 10

    def end(self, text: bytes, position: int) -> int | None:
        """Where it ends; None: not in this text."""
        over = _ARMOUR_END.search(text, position, position + self.left)
        if over is not None:
            return over.end()
        if len(text) - position >= self.left:
            return position + self.left
        self.left -= len(text) - position
        return None


@dataclass(slots=True)
class Block:
    """Inside a block text of YAML: as long as lines are empty, or further in than its name."""

    indent: int

    def end(self, text: bytes, position: int) -> int | None:
        while position < len(text):
            line_end = text.find(b"\n", position)
            stop = len(text) if line_end < 0 else line_end + 1
            line = text[position:stop]
            if line.strip() and len(line) - len(line.lstrip(b" \t")) <= self.indent:
                return position
            position = stop
        return None


_ARMOUR_BEGIN = re.compile(PATTERNS[PRIVATE_KEY])
_ARMOUR_END = re.compile(rb"-{4,5} ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC:[^\r\n]*")


def goes_on(found: Found, text: bytes) -> tuple[int, Armour | Block] | None:
    """From where on, and until what, all of it is to be removed, where a find goes over several lines.

    A value that begins with an armoured key is such a find too, whichever pattern has found it.
    """
    if found.name == BLOCK:
        line = text[found.begin : found.end]
        after = text.find(b"\n", found.end)
        indent = len(line) - len(line.lstrip(b" \t-"))
        return (len(text) if after < 0 else after + 1, Block(indent))
    begins = _ARMOUR_BEGIN.search(text, found.begin, found.end)
    return None if begins is None else (begins.end(), Armour())
