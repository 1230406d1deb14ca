"""What a declared node must hold to, wherever it is declared."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

from pitstop.model.errors import InvalidInput
from pitstop.model.system import JumpHost, Node

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
_ADDRESS = re.compile(r"[A-Za-z0-9._:%-]{1,253}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}\$?")
_WORD = re.compile(r"[\w.:-]{1,64}")
_JUMP = re.compile(
    r"((?P<user>[^@\s]+)@)?(\[(?P<six>[^\]]+)\]|(?P<address>[^:@\s\[\]]+))(:(?P<port>\d{1,5}))?"
)
_LONGEST_WAIT = 600.0

NAME_RULE = "must be letters, digits, dots and hyphens"


def node_problems(node: Node) -> Iterator[tuple[str, str]]:
    """What is wrong with it: the name of the field, and what is the case with it."""
    if not is_name(node.name):
        yield "name", f"{node.name!r} {NAME_RULE}"
    yield from _machine_problems(node)
    if not (node.key or node.agent):
        yield "key", "is missing, and no agent is named that would have it"
    if not (node.root.startswith("/") and ".." not in node.root.split("/")):
        yield "root", f"{node.root!r} must be an absolute path without '..'"
    for role in node.roles:
        if not _WORD.fullmatch(role):
            yield "roles", f"{role!r} must be a word"
    if node.fault_domain and not _WORD.fullmatch(node.fault_domain):
        yield "fault_domain", f"{node.fault_domain!r} must be a word"
    for key, seconds in (("connect_timeout", node.connect_timeout), ("keepalive", node.keepalive)):
        if not 0 < seconds <= _LONGEST_WAIT:
            yield key, f"must be more than 0 and at most {_LONGEST_WAIT:g} seconds"
    for jump in node.jump:
        yield from (("jump", f"{jump.name}: {key} {what}") for key, what in _machine_problems(jump))


def _machine_problems(machine: Node | JumpHost) -> Iterator[tuple[str, str]]:
    if not _ADDRESS.fullmatch(machine.address):
        yield "address", f"{machine.address!r} must be the name or the number of a machine"
    if not 1 <= machine.port <= 65535:
        yield "port", "must be a number from 1 to 65535"
    if machine.user and not _USER.fullmatch(machine.user):
        yield "user", f"{machine.user!r} must be the name of an account"
    if machine.host_key is not None and not is_public_key(machine.host_key):
        yield "host_key", "must be a public key as OpenSSH writes it, such as 'ssh-ed25519 AAAA...'"


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def is_public_key(line: str) -> bool:
    """Whether it is ``TYPE BASE64 [comment]``, and the key itself says that type."""
    words = line.split()
    if len(words) < 2 or "\n" in line:
        return False
    try:
        key = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return False
    length = int.from_bytes(key[:4], "big")
    return len(key) > 4 + length and key[4 : 4 + length] == words[0].encode("ascii", "replace")


def fingerprint(line: str) -> str:
    """``SHA256:...`` of a public key's line, as OpenSSH prints it."""
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def same_key(line: str, other: str) -> bool:
    """Whether two lines are of one key, whatever their comments."""
    return line.split()[:2] == other.split()[:2]


def jump_host(text: str) -> JumpHost:
    """``[USER@]ADDRESS[:PORT]``, as OpenSSH's ProxyJump has it; an address with colons stands in brackets.

    Raises:
        InvalidInput: it is not of that form.
    """
    found = _JUMP.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(
            f"{text!r} is no jump host", hint="A jump host is [USER@]ADDRESS[:PORT], such as ops@10.0.0.1:22."
        )
    address = found["six"] or found["address"]
    return JumpHost(address, int(found["port"] or 22), found["user"] or "")


def jump_text(jump: JumpHost) -> str:
    """The other way round."""
    return f"{jump.user}@{jump.name}" if jump.user else jump.name
