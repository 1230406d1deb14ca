"""Nodes: seeing, testing, adding, changing, replacing and removing them, and trusting a new host key.

A change is exclusive with runs (see :mod:`pitstop.ports.declared_nodes`). A machine that is new here is
tested before it is declared, while nothing else may begin: a node that cannot be worked on is better
refused than found out in the middle of an update.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import BoundedSemaphore, Event

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import (
    Conflict,
    DeclaredInFile,
    HostKeyChanged,
    InvalidInput,
    NodesChanging,
    NodeUnfit,
    NotAllowed,
    NotFound,
    RunLasts,
)
from pitstop.model.findings import Finding, Severity
from pitstop.model.node_rules import fingerprint
from pitstop.model.system import DeclaredIn, DeclaredNode, Node, SystemDescription
from pitstop.ports.declared_nodes import LONGEST_LEAVE, DeclaredNodes, Leave
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.node_tests import NodeExaminer, ShownKey
from pitstop.ports.records import Alerts
from pitstop.service.audited import Audited
from pitstop.service.node_views import changed_node, new_node, node_detail, node_report, unfit_findings
from pitstop.wire.node_views import (
    KeyTrust,
    NewNode,
    NodeChange,
    NodeDeclared,
    NodeDetail,
    NodeReport,
    OtherKey,
)

log = logging.getLogger(__name__)

MOST_AT_ONCE = 6
"""Nodes that are asked for people at the same time."""

WAITS = "nodes-file-waits"
_FILE = "the nodes file"
_SAID = 80
_HERE = "this machine"


@dataclass(frozen=True, slots=True)
class NodesService:
    """Implements :class:`pitstop.service.desk.NodesDesk`.

    Attributes:
        header: the system as the nodes file declares it: its nodes, and what holds for all.
    """

    declared: DeclaredNodes
    host_keys: HostKeys
    examiner: NodeExaminer
    header: SystemDescription
    alerts: Alerts
    audited: Audited
    asking: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MOST_AT_ONCE))
    file_waits: Event = field(default_factory=Event)

    def list(self, actor: Actor) -> tuple[NodeDetail, ...]:
        actor.require(Permission.SEE)
        pinned, versions = self.host_keys.all_pinned(), self.declared.versions()
        return tuple(node_detail(each, pinned, versions) for each in self.declared.nodes())

    def show(self, actor: Actor, name: str) -> NodeDetail:
        actor.require(Permission.SEE)
        return self._detail(self._node(name))

    def test(self, actor: Actor, name: str) -> NodeReport:
        with self.audited.change(actor, Permission.OPERATE, "test node", name):
            node = self._node(name).node
            with self._asking():
                examined = self.examiner.examine(node, self.header.version_probes)
            at = self._now()
            self.declared.saw(name, examined.versions, at)
            return node_report(name, examined, at)

    def add(self, actor: Actor, wanted: NewNode) -> NodeDeclared:
        with self._leave(actor, "add node", wanted.name) as leave:
            if any(each.node.name == wanted.name for each in self.declared.nodes()):
                raise Conflict(
                    f"there is a node {wanted.name} already",
                    hint="Another machine under this name: `pitstop node replace`; else choose another name.",
                )
            node = changed_node(new_node(wanted.name, self.header.ssh), wanted)
            return self._place(leave, node, wanted, actor)

    def replace(self, actor: Actor, name: str, change: NodeChange) -> NodeDeclared:
        with self._leave(actor, "replace node", name) as leave:
            return self._place(leave, changed_node(self._own(name).node, change), change, actor)

    def change(self, actor: Actor, name: str, change: NodeChange) -> NodeDeclared:
        with self._leave(actor, "change node", name) as leave:
            if change.host_key is not None:
                raise InvalidInput(
                    "the host key of a machine that is here is not changed by hand",
                    hint="See what it shows and trust that: `pitstop node trust`.",
                )
            node = changed_node(self._own(name).node, change)
            declared = DeclaredNode(node, DeclaredIn.SERVICE, actor.name, self._now())
            self.declared.change(leave, declared)
            return NodeDeclared(node=self._detail(declared))

    def remove(self, actor: Actor, name: str) -> None:
        with self._leave(actor, "remove node", name) as leave:
            self._own(name)
            if len(self.declared.nodes()) == 1:
                raise NotAllowed(
                    f"{name} is the only node of this system", hint="Add another first, or replace this one."
                )
            self.declared.remove(leave, name)

    def other_key(self, actor: Actor, name: str) -> OtherKey:
        with self.audited.change(actor, Permission.OPERATE, "look at host key of node", name):
            with self._asking():
                shown = self.examiner.other_key(self._node(name).node)
            if shown is None:
                return OtherKey(node=name)
            pinned = self.host_keys.pinned(shown.name)
            return OtherKey(
                node=name,
                name=shown.name,
                pinned=fingerprint(pinned) if pinned else "",
                shown=fingerprint(shown.key),
            )

    def trust(self, actor: Actor, name: str, trust: KeyTrust) -> NodeDetail:
        what = f"trust host key {trust.fingerprint[:_SAID]} of node"
        with self.audited.change(actor, Permission.ADMINISTER, what, name):
            node = self._node(name).node
            shown = self._shown(node, trust.fingerprint.strip())
            self.host_keys.trust(shown.name, shown.key)
            if shown.name == name and not trust.same_machine:
                self.declared.is_new(name, self._now())
            return self._detail(self._node(name))

    def take_file(self) -> None:
        """Bring the nodes file, as it was read, into force; where a run lasts, say that it waits."""
        at = self._now()
        try:
            taken = self.declared.take_file(self.header.nodes, at)
        except (RunLasts, NodesChanging) as error:
            waits = Finding(
                WAITS,
                Severity.WARNING,
                _FILE,
                f"The nodes file has changed, and is not in force yet: {error.message}",
                "Nothing need be done: it is taken within a minute after that has ended.",
                "The nodes are as they were before.",
            )
            self.alerts.raise_alert(waits, at)
            self.file_waits.set()
            return
        self.file_waits.clear()
        self.alerts.close_alerts(WAITS, _FILE, "pitstop", at)
        for said in taken.said:
            log.info("nodes file: %s", said)
            self.audited.done("pitstop", f"nodes file: {said}", said.rpartition(" ")[2], _HERE)

    def take_file_that_waits(self) -> None:
        """Once more, where it had to wait at the start."""
        if self.file_waits.is_set():
            self.take_file()

    @contextmanager
    def _leave(self, actor: Actor, what: str, name: str) -> Iterator[Leave]:
        """Leave to change the nodes, given back whatever happens."""
        name = name[:_SAID]
        with self.audited.change(actor, Permission.ADMINISTER, what, name):
            now = self._now()
            leave = self.declared.enter(f"{what} {name}", actor.name, now, now + LONGEST_LEAVE)
            try:
                yield leave
            finally:
                self.declared.leave(leave)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Each question to a node holds a thread of the service until it has answered: a few may."""
        if not self.asking.acquire(blocking=False):
            raise Conflict(
                f"{MOST_AT_ONCE} nodes are being asked just now", hint="Try again when one has answered."
            )
        try:
            yield
        finally:
            self.asking.release()

    def _place(self, leave: Leave, node: Node, change: NodeChange, actor: Actor) -> NodeDeclared:
        """Test the machine, then put it under its name."""
        examined = self.examiner.examine(
            replace(node, host_key=change.host_key), self.header.version_probes, fresh=True
        )
        at = self._now()
        if not (examined.passed or change.untested):
            refused = NodeUnfit(f"node {node.name} did not pass its test, so nothing was changed")
            refused.findings = unfit_findings(node.name, examined)
            raise refused
        placed = replace(node, host_key=None, since=at)
        declared = DeclaredNode(placed, DeclaredIn.SERVICE, actor.name, at)
        self.declared.place(leave, declared, change.host_key or examined.host_key)
        self.declared.saw(node.name, examined.versions, at)
        return NodeDeclared(node=self._detail(declared), report=node_report(node.name, examined, at))

    def _shown(self, node: Node, wanted: str) -> ShownKey:
        """The key that the machine shows, if it is the wanted one and not pinned already."""
        with self._asking():
            shown = self.examiner.other_key(node)
        if shown is None:
            raise Conflict(
                f"node {node.name} shows the pinned host key: there is nothing to trust anew",
                hint=f"Test it: `pitstop node test {node.name}`.",
            )
        if fingerprint(shown.key) != wanted:
            raise HostKeyChanged(
                f"{shown.name} shows the host key {fingerprint(shown.key)}, not {wanted}",
                hint="Compare the fingerprint on the machine itself; trust it only if both are the same.",
            )
        if shown.name == node.name and node.host_key is not None:
            raise DeclaredInFile(f"the host key of node {node.name} is declared in the nodes file")
        return shown

    def _node(self, name: str) -> DeclaredNode:
        for each in self.declared.nodes():
            if each.node.name == name:
                return each
        raise NotFound(f"there is no node {name!r}", hint="List them with `pitstop node list`.")

    def _own(self, name: str) -> DeclaredNode:
        """One that is declared here. Raises DeclaredInFile."""
        declared = self._node(name)
        if declared.where is DeclaredIn.FILE:
            raise DeclaredInFile(f"node {name} is declared in the nodes file")
        return declared

    def _detail(self, declared: DeclaredNode) -> NodeDetail:
        return node_detail(declared, self.host_keys.all_pinned(), self.declared.versions())

    def _now(self) -> datetime:
        return self.audited.clock.now()
