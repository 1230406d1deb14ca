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

    [ssh]                                  # for all nodes that say nothing else
    port = 22                              # default
    user = "root"                          # default
    key = "keys/operator"                  # relative to this file
    agent = "$SSH_AUTH_SOCK"               # an agent's socket: for keys that have a passphrase
    jump = ["ops@10.0.0.1:22"]             # the way there, as OpenSSH's ProxyJump has it
    become = "sudo"                        # everything runs as root, by `sudo -n`
    connect_timeout = 10                   # seconds; default
    keepalive = 10                         # seconds; default
    connections = 256                      # so many nodes at once; default. Here only

    [login.bmc]                            # of management controllers; see :mod:`pitstop.nodes.logins`
    user = "service"
    password = "file:keys/bmc"

    [[node]]
    name = "n1"
    address = "10.0.0.11"                  # any key of [ssh] may follow, for this node alone
    host_key = "ssh-ed25519 AAAA..."       # left out: pinned at first contact
    root = "/"                             # default
    roles = ["controller"]
    fault_domain = "fd1"
    facts = { lantern_url = "http://10.0.0.11:8080" }

A jump host of which there is more to say is a table: ``{ address = "10.0.0.1", port = 22, user = "ops",
key = "keys/jump", host_key = "ssh-ed25519 AAAA..." }``. A file is taken whole or not at all; everything that
is wrong with it is said at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.node_rules import NAME_RULE, is_name, node_problems
from pitstop.model.system import Node, NodeVersion, SshDefaults, SystemDescription
from pitstop.nodes.declared_ssh import SSH_KEYS, general_ssh, ssh_of
from pitstop.nodes.logins import declared_logins
from pitstop.nodes.toml_table import TomlTable
from pitstop.ports.declared_nodes import DeclaredNodes

_SYSTEM_KEYS = ("name", "location", "hardware_family", "hardware_model", "version_probes", "facts")
_NODE_KEYS = ("name", "address", *SSH_KEYS, "host_key", "root", "roles", "fault_domain", "facts")
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
    system = _system(TomlTable(content, "", problems), path.parent)
    if problems:
        raise InvalidInput("\n".join([f"the nodes file {path} is not valid:", *problems]), hint=_HINT)
    return system


class DeclaredSystem:
    """Implements :class:`pitstop.ports.systems.Systems`: what the nodes file says of the whole, and the nodes
    that are declared now, there or through the service."""

    def __init__(self, header: SystemDescription, declared: DeclaredNodes) -> None:
        self._header = header
        self._declared = declared

    def now(self) -> SystemDescription:
        return replace(self._header, nodes=tuple(each.node for each in self._declared.nodes()))

    def said(self) -> Sequence[NodeVersion]:
        return self._declared.versions()


def _system(file: TomlTable, folder: Path) -> SystemDescription:
    file.only("system", "ssh", "node", "login")
    system = file.table("system")
    system.only(*_SYSTEM_KEYS)
    probes, facts = system.table("version_probes"), system.table("facts")
    ssh = general_ssh(file.table("ssh"), folder)
    described = SystemDescription(
        name=system.text("name"),
        location=system.checked("location", None, is_name, NAME_RULE),
        hardware_family=system.text("hardware_family"),
        hardware_model=system.text("hardware_model"),
        nodes=_nodes(file, folder, ssh),
        version_probes={product: probes.texts(product) for product in probes.content},
        facts={name: facts.text(name) for name in facts.content},
        ssh=ssh,
        logins=declared_logins(file, folder),
    )
    for product, command in described.version_probes.items():
        if not command:
            probes.problem(product, "must be a command with its arguments")
    return described


def _nodes(file: TomlTable, folder: Path, ssh: SshDefaults) -> tuple[Node, ...]:
    entries = file.content.get("node", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        file.problem("node", "at least one [[node]] is needed")
        return ()
    nodes = []
    for number, entry in enumerate(entries, start=1):
        name = entry.get("name")
        place = f"node {name}: " if isinstance(name, str) and name else f"node number {number}: "
        nodes.append(_node(TomlTable(entry, place, file.problems), folder, ssh))
    _unique(file, nodes)
    return tuple(nodes)


def _node(entry: TomlTable, folder: Path, general: SshDefaults) -> Node:
    entry.only(*_NODE_KEYS)
    facts = entry.table("facts")
    ssh = ssh_of(entry, folder, general)
    node = Node(
        name=entry.text("name"),
        address=entry.text("address"),
        port=ssh.port,
        user=ssh.user,
        key=ssh.key,
        host_key=entry.text("host_key") if "host_key" in entry.content else None,
        root=entry.text("root", "/"),
        roles=entry.texts("roles"),
        fault_domain=entry.text("fault_domain", ""),
        facts={name: facts.text(name) for name in facts.content},
        agent=ssh.agent,
        jump=ssh.jump,
        become=ssh.become,
        connect_timeout=ssh.connect_timeout,
        keepalive=ssh.keepalive,
    )
    for key, what in node_problems(node):
        if not any(said.startswith(f"  {entry.place}{key}: ") for said in entry.problems):
            entry.problem(key, what)
    return node


def _unique(file: TomlTable, nodes: list[Node]) -> None:
    names = [node.name for node in nodes if node.name]
    for name in sorted({name for name in names if names.count(name) > 1}):
        file.problem("node", f"the name {name} is given {names.count(name)} times")
