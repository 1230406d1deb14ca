"""The nodes file: what the operator declares the system to be (``system.toml``).

    [system]
    name = "rack-1"
    location = "north"                     # the name of its update location in the API
    hardware_family = "Lumen"
    hardware_model = "Lumen R4"

    [system.version_probes]                # by product: prints the installed build, run in the node's root
    lantern = ["cat", "opt/lantern/VERSION"]

    [system.facts]                         # what rules may ask for; a node may have facts of its own
    connected = "no"

    [[node]]
    name = "n1"
    address = "10.0.0.11"
    port = 22                              # default
    user = "root"                          # default
    key = "keys/operator"                  # relative to this file
    host_key = "ssh-ed25519 AAAA..."       # left out: pinned at first contact
    root = "/"                             # default
    roles = ["controller"]
    fault_domain = "fd1"
    facts = { lantern_url = "http://10.0.0.11:8080" }

A file is taken whole or not at all; everything that is wrong with it is said at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncssh

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.system import Node, SystemDescription

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
_SYSTEM_KEYS = ("name", "location", "hardware_family", "hardware_model", "version_probes", "facts")
_NODE_KEYS = (
    ("name", "address", "port", "user", "key", "host_key", "root", "roles", "fault_domain", "facts")
)  # fmt: skip
_HINT = "Correct the nodes file; what is in use stays as it was."


def read_system(path: Path) -> SystemDescription:
    """The system that this nodes file declares.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no TOML, or not a nodes file; the message lists every problem with its place.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(f"there is no nodes file {path}") from error
    except (OSError, ValueError) as error:
        raise InvalidInput(f"the nodes file {path} cannot be read: {error}", hint=_HINT) from error
    problems: list[str] = []
    system = _system(_Table(content, "", problems), path.parent)
    if problems:
        raise InvalidInput("\n".join([f"the nodes file {path} is not valid:", *problems]), hint=_HINT)
    return system


class DeclaredSystem:
    """Implements :class:`pitstop.ports.systems.Systems`: what the nodes file declared when it was read.

    Raises:
        As ``read_system``.
    """

    def __init__(self, path: Path) -> None:
        self._system = read_system(path)

    def now(self) -> SystemDescription:
        return self._system


class _Table:
    """A table of the file; reading from it notes what is wrong, and goes on."""

    def __init__(self, content: Mapping[str, object], place: str, problems: list[str]) -> None:
        self.content = content
        self.place = place
        self.problems = problems

    def problem(self, key: str, what: str) -> None:
        self.problems.append(f"  {self.place}{key}: {what}")

    def only(self, *known: str) -> None:
        for key in self.content:
            if key not in known:
                self.problem(key, f"is not known here; known are {', '.join(known)}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.content.get(key, default)
        if isinstance(value, str) and (value.strip() or value == default):
            return value
        self.problem(key, "is missing" if value is None else "must be a text that is not empty")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.problem(key, "must be a list of texts")
        return ()

    def table(self, key: str) -> _Table:
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            self.problem(key, "must be a table")
            value = {}
        return _Table(value, f"{self.place}{key}.", self.problems)

    def checked(self, key: str, default: str | None, holds: Callable[[str], bool], what: str) -> str:
        """A text that must hold to a rule; ``what`` says which."""
        value = self.text(key, default)
        if value and not holds(value):
            self.problem(key, f"{value!r} {what}")
        return value


def _system(file: _Table, folder: Path) -> SystemDescription:
    file.only("system", "node")
    system = file.table("system")
    system.only(*_SYSTEM_KEYS)
    probes, facts = system.table("version_probes"), system.table("facts")
    described = SystemDescription(
        name=system.text("name"),
        location=system.checked("location", None, _is_name, "must be letters, digits, dots and hyphens"),
        hardware_family=system.text("hardware_family"),
        hardware_model=system.text("hardware_model"),
        nodes=_nodes(file, folder),
        version_probes={product: probes.texts(product) for product in probes.content},
        facts={name: facts.text(name) for name in facts.content},
    )
    for product, command in described.version_probes.items():
        if not command:
            probes.problem(product, "must be a command with its arguments")
    return described


def _nodes(file: _Table, folder: Path) -> tuple[Node, ...]:
    entries = file.content.get("node", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        file.problem("node", "at least one [[node]] is needed")
        return ()
    nodes = []
    for number, entry in enumerate(entries, start=1):
        name = entry.get("name")
        place = f"node {name}: " if isinstance(name, str) and name else f"node number {number}: "
        nodes.append(_node(_Table(entry, place, file.problems), folder))
    _unique(file, nodes)
    return tuple(nodes)


def _node(entry: _Table, folder: Path) -> Node:
    entry.only(*_NODE_KEYS)
    facts = entry.table("facts")
    key = folder / entry.text("key")
    if entry.content.get("key") and not key.is_file():
        entry.problem("key", f"there is no file {key}")
    return Node(
        name=entry.checked("name", None, _is_name, "must be letters, digits, dots and hyphens"),
        address=entry.text("address"),
        port=_port(entry),
        user=entry.text("user", "root"),
        key=str(key),
        host_key=_host_key(entry),
        root=entry.checked("root", "/", _is_root, "must be an absolute path without '..'"),
        roles=entry.texts("roles"),
        fault_domain=entry.text("fault_domain", ""),
        facts={name: facts.text(name) for name in facts.content},
    )


def _port(entry: _Table) -> int:
    port = entry.content.get("port", 22)
    if isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535:
        return port
    entry.problem("port", "must be a number from 1 to 65535")
    return 22


def _host_key(entry: _Table) -> str | None:
    if "host_key" not in entry.content:
        return None
    line = entry.text("host_key")
    try:
        asyncssh.import_public_key(line)
    except asyncssh.KeyImportError:
        entry.problem("host_key", "must be a public key as OpenSSH writes it, such as 'ssh-ed25519 AAAA...'")
    return line


def _unique(file: _Table, nodes: list[Node]) -> None:
    names = [node.name for node in nodes if node.name]
    for name in sorted({name for name in names if names.count(name) > 1}):
        file.problem("node", f"the name {name} is given {names.count(name)} times")


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _is_root(text: str) -> bool:
    return text.startswith("/") and ".." not in text.split("/")
