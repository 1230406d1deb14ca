"""What a nodes file that was read anew means for the nodes that are known. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pitstop.model.node_rules import same_key
from pitstop.model.system import DeclaredIn, DeclaredNode, Node

BY_FILE = "nodes file"


@dataclass(frozen=True, slots=True)
class FileTaken:
    """The difference that the file makes.

    Attributes:
        put: nodes that are new or otherwise, as they are now.
        removed: names of nodes that the file no longer declares.
        said: a line for each, for the audit log.
    """

    put: tuple[DeclaredNode, ...]
    removed: tuple[str, ...]
    said: tuple[str, ...]


def file_taken(
    present: Sequence[DeclaredNode], file: Sequence[Node], pinned: Mapping[str, str], at: datetime
) -> FileTaken:
    """``file`` is what it declares, in its order; ``pinned`` the host keys that are remembered, by name.

    A node that is new in a system that has nodes is new since now; in one that has none, nobody knows since
    when. One that the service had declared becomes the file's.
    """
    known = {declared.node.name: declared for declared in present}
    put, said = [], []
    for node in file:
        before = known.get(node.name)
        since = _since(before, node, pinned, at) if before else at if present else None
        after = DeclaredNode(replace(node, since=since), DeclaredIn.FILE, BY_FILE, at)
        how = _difference(before, after)
        if how:
            put.append(after)
            said.append(f"{how} {node.name}")
    declared = {node.name for node in file}
    removed = tuple(_gone(present, declared))
    return FileTaken(tuple(put), removed, (*said, *(f"remove {name}" for name in removed)))


def _since(before: DeclaredNode, node: Node, pinned: Mapping[str, str], at: datetime) -> datetime | None:
    """Another declared host key is another machine, or one that was installed anew."""
    known = before.node.host_key or pinned.get(node.name)
    is_another = node.host_key is not None and known is not None and not same_key(node.host_key, known)
    return at if is_another else before.node.since


def _difference(before: DeclaredNode | None, after: DeclaredNode) -> str:
    if before is None:
        return "add"
    if before.where is not after.where:
        return "take over"
    if before.node == after.node:
        return ""
    return "change" if before.node.since == after.node.since else "replace"


def _gone(present: Sequence[DeclaredNode], declared: set[str]) -> Iterator[str]:
    for each in present:
        if each.where is DeclaredIn.FILE and each.node.name not in declared:
            yield each.node.name
