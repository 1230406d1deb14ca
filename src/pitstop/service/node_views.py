"""Nodes as faces show them, and what faces say of nodes as the model has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pitstop.model.errors import InvalidInput
from pitstop.model.findings import Finding, Severity
from pitstop.model.node_rules import fingerprint, is_public_key, jump_host, jump_text, node_problems
from pitstop.model.system import Become, DeclaredNode, Node, NodeVersion, SshDefaults
from pitstop.ports.node_tests import NodeExamined
from pitstop.wire.node_views import NodeChange, NodeCheckView, NodeDetail, NodeReport, NodeVersionView

_KEPT = (
    "address",
    "port",
    "user",
    "key",
    "agent",
    "root",
    "roles",
    "fault_domain",
    "connect_timeout",
    "keepalive",
)
"""Fields of a change that are a node's as they are."""


def node_detail(
    declared: DeclaredNode, pinned: Mapping[str, str], versions: Iterable[NodeVersion]
) -> NodeDetail:
    node = declared.node
    host_key = node.host_key or pinned.get(node.name, "")
    return NodeDetail(
        name=node.name,
        address=node.address,
        port=node.port,
        user=node.user,
        key=node.key,
        agent=node.agent,
        jump=tuple(jump_text(jump) for jump in node.jump),
        become=node.become,
        root=node.root,
        roles=node.roles,
        fault_domain=node.fault_domain,
        facts=dict(node.facts),
        connect_timeout=node.connect_timeout,
        keepalive=node.keepalive,
        declared_in=declared.where,
        declared_by=declared.by,
        declared_at=declared.at,
        since=node.since,
        host_key=host_key,
        fingerprint=fingerprint(host_key) if is_public_key(host_key) else "",
        versions=tuple(
            NodeVersionView(product=said.product, version=said.version, at=said.at)
            for said in versions
            if said.node == node.name
        ),
    )


def node_report(name: str, examined: NodeExamined, at: datetime) -> NodeReport:
    return NodeReport(
        node=name,
        passed=examined.passed,
        at=at,
        fingerprint=fingerprint(examined.host_key) if examined.host_key else "",
        checks=tuple(
            NodeCheckView(name=check.name, passed=check.passed, what=check.what, remedy=check.remedy)
            for check in examined.checks
        ),
    )


def unfit_findings(name: str, examined: NodeExamined) -> tuple[Finding, ...]:
    """What did not pass."""
    return tuple(
        Finding("node-unfit", Severity.CRITICAL, f"node {name}", f"{check.name}: {check.what}", check.remedy)
        for check in examined.checks
        if check.passed is False
    )


def new_node(name: str, ssh: SshDefaults) -> Node:
    """A node of which nothing is said yet: as the nodes file has it in general."""
    return Node(
        name,
        "",
        ssh.port,
        ssh.user,
        ssh.key,
        agent=ssh.agent,
        jump=ssh.jump,
        become=ssh.become,
        connect_timeout=ssh.connect_timeout,
        keepalive=ssh.keepalive,
    )


def changed_node(node: Node, change: NodeChange) -> Node:
    """The node with what the change says.

    Raises:
        InvalidInput: it does not hold to the rules; the message has all problems.
    """
    said = {field: getattr(change, field) for field in _KEPT if getattr(change, field) is not None}
    after = replace(node, **said)
    if change.facts is not None:
        after = replace(after, facts=dict(change.facts))
    if change.jump is not None:
        after = replace(after, jump=tuple(jump_host(text) for text in change.jump))
    if change.become is not None:
        after = replace(after, become=_become(change.become))
    problems = [f"{field}: {what}" for field, what in node_problems(replace(after, host_key=change.host_key))]
    if problems:
        raise InvalidInput(f"node {node.name} cannot be declared so: {'; '.join(problems)}")
    return after


def _become(word: str) -> Become:
    if word not in tuple(Become):
        raise InvalidInput(f"become: {word!r} is not known", hint="Known are 'sudo' and '' (nobody).")
    return Become(word)
