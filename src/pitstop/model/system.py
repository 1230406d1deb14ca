"""The system: its nodes, what it is made of, and what is installed on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pitstop.model.packages import PackageType
from pitstop.model.releases import ReleaseId


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of the system and how to reach it.

    Attributes:
        address, port, user: the SSH server.
        key: path of the private key that the service signs in with.
        host_key: the pinned host key as one OpenSSH line; None: pinned at first contact.
        root: prefix of the node's file system; ``/`` on a machine of its own.
        roles: what it does, such as host, storage, controller.
        fault_domain: nodes that share power or network; "" when unknown.
        facts: named facts that plans and rules may ask for.
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


@dataclass(frozen=True, slots=True)
class SystemDescription:
    """What the operator declares: name, hardware, nodes.

    Attributes:
        location: the name of this system's *update location* in the API.
        version_probes: by product, the command that prints the installed build on a node (exit status 0,
            the version alone on standard output); run on every node.
        facts: named facts of the system as a whole, that rules may ask for.
    """

    name: str
    location: str
    hardware_family: str
    hardware_model: str
    nodes: tuple[Node, ...]
    version_probes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

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
