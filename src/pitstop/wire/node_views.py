"""The read models of nodes: one set for API, portal and command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pitstop.wire.base import View


class NodeVersionView(View, frozen=True):
    """What a node said that it runs of a product, when it was asked last."""

    product: str
    version: str
    at: datetime


class NodeDetail(View, frozen=True):
    """A node, how it is reached, and what is known of it.

    ``declared_in``: nodes-file (it is changed there alone) or service. ``fingerprint``: of the pinned host
    key; "" before the first contact. ``since``: since when this machine stands under its name; null: as
    long as anybody knows.
    """

    name: str
    address: str
    port: int
    user: str
    key: str
    agent: str
    jump: tuple[str, ...]
    become: str
    root: str
    roles: tuple[str, ...]
    fault_domain: str
    facts: Mapping[str, str]
    connect_timeout: float
    keepalive: float
    declared_in: str
    declared_by: str
    declared_at: datetime
    since: datetime | None
    host_key: str
    fingerprint: str
    versions: tuple[NodeVersionView, ...] = ()


class NodeCheckView(View, frozen=True):
    """One thing that a node needs. ``passed`` is null where it could not be found out."""

    name: str
    passed: bool | None
    what: str
    remedy: str = ""


class NodeReport(View, frozen=True):
    """What came of a node's test. ``fingerprint``: of the host key that it showed; "" if it was not
    reached."""

    node: str
    passed: bool
    at: datetime
    fingerprint: str
    checks: tuple[NodeCheckView, ...]


class NodeChange(View, frozen=True):
    """How a node is declared; what is left out (null) stays as it is, or for a new one is as in the nodes
    file under ``[ssh]``. Paths are of the service's machine. ``jump``: ``USER@ADDRESS:PORT``, from the
    first to the last.

    ``host_key``: of a machine that is new here: one OpenSSH line to pin; left out, what it shows is pinned.
    ``untested``: declare a machine even if it does not pass its test.
    """

    address: str | None = None
    port: int | None = None
    user: str | None = None
    key: str | None = None
    agent: str | None = None
    jump: tuple[str, ...] | None = None
    become: str | None = None
    root: str | None = None
    roles: tuple[str, ...] | None = None
    fault_domain: str | None = None
    facts: Mapping[str, str] | None = None
    connect_timeout: float | None = None
    keepalive: float | None = None
    host_key: str | None = None
    untested: bool = False


class NewNode(NodeChange, frozen=True, kw_only=True):
    """A node to be added."""

    name: str


class NodeDeclared(View, frozen=True):
    """What came of a change: the node as it is now, and its test; null where there was none."""

    node: NodeDetail
    report: NodeReport | None = None


class KeyTrust(View, frozen=True):
    """The host key to trust from now on, by the fingerprint that somebody has compared on the machine itself.

    ``same_machine``: only its key has changed; else it was replaced or installed anew, and what runs did
    there is done again.
    """

    fingerprint: str
    same_machine: bool = False


class OtherKey(View, frozen=True):
    """The first host key on the way to a node that is not the pinned one; empty where all are. ``name``: the
    node, or a jump host as ADDRESS:PORT."""

    node: str
    name: str = ""
    pinned: str = ""
    shown: str = ""
