"""The rack as its nodes file ``system.toml`` says it: the file that tells Pitstop how to reach the nodes.

The file is all that is remembered of a rack besides the node folders: everything else here is worked out
from it, so that a rack can be started, stopped and broken from any process.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM_NAME = "lantern-rack-1"
LOCATION = "demo"
HARDWARE_FAMILY = "Lumen"
HARDWARE_MODEL = "Lumen R4"
ADDRESS = "127.0.0.1"
USER = "operator"
OPERATOR_KEY = "keys/operator"


class RackError(Exception):
    """The rack cannot do that; the message says which node and why."""


@dataclass(frozen=True)
class NodeSpec:
    """One node as it is asked for."""

    name: str
    roles: tuple[str, ...]
    fault_domain: str


@dataclass(frozen=True)
class Node:
    """One node as it was made: where it listens, where its file system lies."""

    name: str
    port: int
    host_key: str
    root: Path
    roles: tuple[str, ...]
    fault_domain: str
    lantern_url: str


@dataclass(frozen=True)
class Rack:
    """A rack folder and the nodes in it, in the order of the nodes file."""

    folder: Path
    nodes: tuple[Node, ...]

    @property
    def system_file(self) -> Path:
        return self.folder / "system.toml"

    @property
    def operator_key(self) -> Path:
        return self.folder / OPERATOR_KEY

    def node(self, name: str) -> Node:
        """The node of that name; RackError with the names there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise RackError(f"there is no node {name}; there are {', '.join(node.name for node in self.nodes)}")


def default_nodes(count: int = 4) -> tuple[NodeSpec, ...]:
    """``count`` nodes n1, n2, ...: half controllers, then workers, the two fault domains in turn."""
    controllers = (count + 1) // 2
    return tuple(
        NodeSpec(f"n{i}", ("controller" if i <= controllers else "worker",), "fd1" if i % 2 else "fd2")
        for i in range(1, count + 1)
    )


VERSION_PROBES = {
    "lantern": ("cat", "opt/lantern/VERSION"),
    "lumen-r4": ("cat", "lib/firmware/lumen/VERSION"),
}
"""By product, the command that says what a node runs of it."""


def write(rack: Rack) -> None:
    """Write the nodes file. JSON's strings and lists of strings are also TOML's."""
    lines = ["[system]"]
    lines += table(
        {
            "name": SYSTEM_NAME,
            "location": LOCATION,
            "hardware_family": HARDWARE_FAMILY,
            "hardware_model": HARDWARE_MODEL,
        }
    )
    lines += ["", "[system.version_probes]", *table(VERSION_PROBES)]
    for node in rack.nodes:
        lines += ["", "[[node]]", *table(entry(node))]
        lines.append(f"facts = {{ lantern_url = {json.dumps(node.lantern_url)} }}")
    rack.system_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def entry(node: Node) -> Mapping[str, str | int | Sequence[str]]:
    return {
        "name": node.name,
        "address": ADDRESS,
        "port": node.port,
        "user": USER,
        "key": OPERATOR_KEY,
        "host_key": node.host_key,
        "root": str(node.root),
        "roles": node.roles,
        "fault_domain": node.fault_domain,
    }


def table(values: Mapping[str, str | int | Sequence[str]]) -> list[str]:
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def read(folder: Path) -> Rack:
    """The rack in ``folder``; RackError if none was made there."""
    path = folder / "system.toml"
    if not path.is_file():
        raise RackError(f"there is no rack in {folder}: {path.name} is missing")
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return Rack(folder.resolve(), tuple(node_of(each) for each in told["node"]))


def node_of(told: Mapping[str, Any]) -> Node:
    return Node(
        name=told["name"],
        port=told["port"],
        host_key=told["host_key"],
        root=Path(told["root"]),
        roles=tuple(told["roles"]),
        fault_domain=told["fault_domain"],
        lantern_url=told["facts"]["lantern_url"],
    )
