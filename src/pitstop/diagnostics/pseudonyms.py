"""Addresses, names of machines and names of users, each under one other name for the whole of a bundle.

The other name is made from the true one with a key that is drawn for the bundle and kept nowhere: the same
address reads the same in every log of it, and nobody can tell which it was, nor compare two bundles.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections import Counter
from collections.abc import Iterable
from threading import Lock

from pitstop.diagnostics.patterns import PatternSet

_FORMS = {
    "mac": rb"\b([0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})\b",
    "ipv6": rb"(?:^|[^0-9A-Za-z:.])([0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){7}|"
    rb"(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?"
    rb"(?:\.[0-9]{1,3}){0,3})",
    "ipv4": rb"\b([0-9]{1,3}(?:\.[0-9]{1,3}){3})\b",
    "mail": rb"\b([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)\b",
    "user": rb"(?:\b(?i:for(?: invalid)? user|invalid user|of user|user(?:name)?[ \t]*[=:][ \t]*[\"']?|"
    rb"logname=|ruser=)[ \t]*|/home/|\b(?:Accepted|Failed) \S+ for )([A-Za-z_][A-Za-z0-9_.-]*)",
    "host": rb"://(?:[^\s/@]*@)?([A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)",
}
_KEPT = frozenset(
    {b"127.0.0.1", b"0.0.0.0", b"255.255.255.255", b"::1", b"::", b"localhost", b"root", b"user"}
)
"""What says nothing about anybody."""
_MADE = re.compile(rb"(?:mac|ipv4|ipv6|mail|user|host)-[0-9a-f]{10}")
_MOST_REMEMBERED = 100_000


class Pseudonyms:
    """One bundle's. May be used from several threads.

    Args:
        hosts, users: names that are known to be such; they are replaced wherever they stand as words.
        key: for tests; by default one that nobody knows.
    """

    def __init__(
        self, hosts: Iterable[str] = (), users: Iterable[str] = (), key: bytes | None = None
    ) -> None:
        self._key = key or secrets.token_bytes(32)
        self._lock = Lock()
        self._known: dict[tuple[str, bytes], bytes] = {}
        self._counts: Counter[str] = Counter()
        self._set = PatternSet({**_named("host", hosts), **_named("user", users), **_FORMS})

    def put(self, text: bytes) -> bytes:
        """The text with other names. Blocks that end with a line, or a whole text."""
        out: list[bytes] = []
        counts = Counter[str]()
        position = 0
        for found in self._set.all(text):
            value = text[found.start : found.stop].lower()
            other = self._known.get((found.name, value)) or self._other(found.name, value)
            if other != value:
                counts[found.name] += 1
                out += (text[position : found.start], other)
                position = found.stop
        with self._lock:
            self._counts += counts
        return b"".join((*out, text[position:]))

    def counts(self) -> dict[str, int]:
        """How many names were replaced, by kind."""
        counts = Counter[str]()
        for name, number in self._counts.items():
            counts[f"{name.partition(' ')[0]} renamed"] += number
        return dict(sorted(counts.items()))

    def host(self, name: str) -> str:
        """What a machine is called in the bundle."""
        return self._other("host", name.lower().encode()).decode("ascii")

    def _other(self, name: str, value: bytes) -> bytes:
        """The other name of a find; the same, where it is none or says nothing."""
        kind = name.partition(" ")[0]
        other = value
        if value not in _KEPT and _is_one(kind, value) and not _MADE.fullmatch(value):
            digest = hmac.new(self._key, kind.encode() + b"\0" + value, hashlib.sha256).hexdigest()
            other = f"{kind}-{digest[:10]}".encode()
        with self._lock:
            if len(self._known) < _MOST_REMEMBERED:
                self._known[name, value] = other
        return other


def _named(kind: str, names: Iterable[str]) -> dict[str, bytes]:
    """A pattern of these names, the longest first; none where there are none."""
    words = sorted(
        {name for name in names if len(name) > 1 and name not in ("root", "localhost")},
        key=lambda word: (-len(word), word),
    )
    if not words:
        return {}
    escaped = b"|".join(re.sub(rb"([^A-Za-z0-9_])", rb"\\\1", word.encode()) for word in words)
    return {f"{kind} known": rb"(?i)\b(" + escaped + rb")\b"}


def _is_one(kind: str, value: bytes) -> bool:
    """Whether what looks like an address is one: times and versions look like it too."""
    if kind not in ("ipv4", "ipv6"):
        return True
    try:
        ipaddress.ip_address(value.decode("ascii"))
    except ValueError:
        return False
    return True
