"""The system: its nodes, what it is made of, and what is installed on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pitstop.model.packages import PackageType
from pitstop.model.releases import ReleaseId

CONNECTIONS_AT_ONCE = 256
"""So many nodes are connected to at once, unless the nodes file says otherwise."""

CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 10.0


class Become(StrEnum):
    """How to become root on a node where the service signs in as somebody else."""

    NOBODY = ""
    SUDO = "sudo"


@dataclass(frozen=True, slots=True)
class JumpHost:
    """A machine that the way to a node leads through.

    Attributes:
        user, key: who signs in there, and with which private key; "" means as on the node.
        host_key: as one OpenSSH line; None: pinned at first contact, under ``name``.
    """

    address: str
    port: int = 22
    user: str = ""
    key: str = ""
    host_key: str | None = None

    @property
    def name(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of the system and how to reach it.

    Attributes:
        address, port, user: the SSH server.
        key: path of the private key that the service signs in with; "" where an agent has it.
        host_key: the host key as one OpenSSH line; None: pinned at first contact.
        root: prefix of the node's file system; ``/`` on a machine of its own.
        roles: what it does, such as host, storage, controller.
        fault_domain: nodes that share power or network; "" when unknown.
        facts: named facts that plans and rules may ask for.
        agent: socket of the SSH agent to sign in with, or a variable that names it; "": none is asked.
        jump: the way there, from the first jump host to the last.
        become: how everything there comes to run as root.
        connect_timeout: seconds to connect and to sign in, each.
        keepalive: seconds of silence after which the other side is asked for a sign of life.
        since: since when this machine stands under its name; None: as long as anybody knows. What a run did
            there before was done on another machine.
    """

    name: str
    address: str
    port: int = 22
    user: str = "root"
    key: str = ""
    host_key: str | None = None
    root: str = "/"
    roles: tuple[str, ...] = ()
    fault_domain: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""
    jump: tuple[JumpHost, ...] = ()
    become: Become = Become.NOBODY
    connect_timeout: float = CONNECT_SECONDS
    keepalive: float = KEEPALIVE_SECONDS
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A name and where its password lies: ``file:PATH``, ``env:VARIABLE`` or ``keyring:SERVICE/NAME``.

    Attributes:
        ca: a file with the certificates to trust on the other side; "": those of the machine.
    """

    user: str
    password: str
    ca: str = ""


class DeclaredIn(StrEnum):
    """Where a node is declared: what is in the nodes file is changed there alone."""

    FILE = "nodes-file"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class DeclaredNode:
    """A node and its declaration: who declared it as it is now, and when."""

    node: Node
    where: DeclaredIn
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NodeVersion:
    """What a node said of a product, when it was asked last."""

    node: str
    product: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SshDefaults:
    """What holds for every node that says nothing else; attributes as a node's."""

    port: int = 22
    user: str = "root"
    key: str = ""
    agent: str = ""
    jump: tuple[JumpHost, ...] = ()
    become: Become = Become.NOBODY
    connect_timeout: float = CONNECT_SECONDS
    keepalive: float = KEEPALIVE_SECONDS
    connections: int = CONNECTIONS_AT_ONCE


@dataclass(frozen=True, slots=True)
class SystemDescription:
    """What the operator declares: name, hardware, nodes.

    Attributes:
        location: the name of this system's *update location* in the API.
        version_probes: by product, the command that prints the installed build on a node (exit status 0,
            the version alone on standard output); run on every node.
        facts: named facts of the system as a whole, that rules may ask for.
        ssh: how nodes are reached that say nothing else; ``connections``: so many at once.
        logins: by name, for what is not reached by SSH.
    """

    name: str
    location: str
    hardware_family: str
    hardware_model: str
    nodes: tuple[Node, ...]
    version_probes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    ssh: SshDefaults = SshDefaults()
    logins: Mapping[str, Login] = field(default_factory=dict)

    def node(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.name == name), None)

    def with_role(self, role: str) -> tuple[Node, ...]:
        """The nodes of this role, in declared order; ``*`` means all nodes."""
        return self.nodes if role == "*" else tuple(node for node in self.nodes if role in node.roles)


class InstalledBy(StrEnum):
    BASELINE = "baseline"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry of the ledger: this release went on then, by this run (or was declared as the baseline)."""

    release: ReleaseId
    type: PackageType
    family: str | None
    at: datetime
    by: InstalledBy
    run_id: str | None = None


class SystemState(StrEnum):
    """The states of a system, as the update location's ``state`` says them."""

    UNKNOWN = "Unknown"
    UPDATE_AVAILABLE = "UpdateAvailable"
    PREPARATION_IN_PROGRESS = "PreparationInProgress"
    PREPARATION_FAILED = "PreparationFailed"
    UPDATE_IN_PROGRESS = "UpdateInProgress"
    UPDATE_FAILED = "UpdateFailed"
    NEEDS_ATTENTION = "NeedsAttention"
    APPLIED_SUCCESSFULLY = "AppliedSuccessfully"
    APPLIED_UPDATE_AVAILABLE = "AppliedUpdateAvailableSuccessfully"
