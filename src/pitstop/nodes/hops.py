"""The way to a node: the jump hosts before it, one behind the other, and the node itself at the end."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.system import JumpHost, Node


@dataclass(frozen=True, slots=True)
class Hop:
    """One machine that is signed in to.

    Attributes:
        name: what its host key is pinned under.
        host_key: the key that was declared with it; None: pinned at first contact.
        key: path of a private key, or "" where the agent has it.
        agent: the agent's socket, or the environment variable that names it; "": none is asked.
    """

    name: str
    address: str
    port: int
    user: str
    key: str
    agent: str
    host_key: str | None
    connect_seconds: float
    keepalive_seconds: float
    is_node: bool

    def __str__(self) -> str:
        return f"{'node' if self.is_node else 'jump host'} {self.name}"


def hops_to(node: Node) -> tuple[Hop, ...]:
    """In the order in which they are signed in to; the last one is the node."""
    return (*(_before(jump, node) for jump in node.jump), _itself(node))


def _itself(node: Node) -> Hop:
    return Hop(
        node.name,
        node.address,
        node.port,
        node.user,
        node.key,
        node.agent,
        node.host_key,
        node.connect_timeout,
        node.keepalive,
        is_node=True,
    )


def _before(jump: JumpHost, node: Node) -> Hop:
    """Where a jump host says nothing of user and key, they are the node's."""
    return Hop(
        jump.name,
        jump.address,
        jump.port,
        jump.user or node.user,
        jump.key or node.key,
        node.agent,
        jump.host_key,
        node.connect_timeout,
        node.keepalive,
        is_node=False,
    )
