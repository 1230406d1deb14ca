"""The declared nodes in memory, with the rule that runs and changes keep each other out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pitstop.model.errors import NodesChanging, NotFound, RunLasts
from pitstop.model.node_changes import FileTaken, file_taken
from pitstop.model.system import DeclaredIn, DeclaredNode, Node, NodeVersion
from pitstop.ports.declared_nodes import Leave


@dataclass
class MemoryHostKeys:
    """Implements :class:`pitstop.ports.host_keys.HostKeys`."""

    keys: dict[str, str] = field(default_factory=dict)

    def pinned(self, name: str) -> str | None:
        return self.keys.get(name)

    def all_pinned(self) -> Mapping[str, str]:
        return dict(self.keys)

    def pin(self, name: str, key: str) -> str:
        return self.keys.setdefault(name, key)

    def trust(self, name: str, key: str) -> None:
        self.keys[name] = key

    def forget(self, name: str) -> None:
        self.keys.pop(name, None)


@dataclass
class MemoryNodes:
    """Implements :class:`pitstop.ports.declared_nodes.DeclaredNodes`. ``run``: the one that goes on now."""

    host_keys: MemoryHostKeys = field(default_factory=MemoryHostKeys)
    declared: dict[str, DeclaredNode] = field(default_factory=dict)
    said: dict[tuple[str, str], NodeVersion] = field(default_factory=dict)
    order: Sequence[str] = ()
    given: Leave | None = None
    last: int = 0
    run: str | None = None

    def nodes(self) -> Sequence[DeclaredNode]:
        places = {name: place for place, name in enumerate(self.order)}
        return sorted(
            self.declared.values(),
            key=lambda each: (each.where is not DeclaredIn.FILE, places.get(each.node.name, 0)),
        )

    def enter(self, what: str, by: str, at: datetime, until: datetime) -> Leave:
        if self.run is not None:
            raise RunLasts(f"run {self.run} is in progress: the nodes stay as they are")
        if self.given is not None and self.given.lasts(at):
            raise NodesChanging(f"{self.given.by} is about to {self.given.what}")
        self.last += 1
        self.given = Leave(self.last, what, by, until)
        return self.given

    def leave(self, leave: Leave) -> None:
        if self.given is not None and self.given.number == leave.number:
            self.given = None

    def begin_run(self, run: str, at: datetime) -> None:
        """As the journal does."""
        if self.given is not None and self.given.lasts(at):
            raise NodesChanging(f"{self.given.by} is about to {self.given.what}")
        self.given, self.run = None, run

    def place(self, leave: Leave, declared: DeclaredNode, host_key: str | None) -> None:
        self._use(leave)
        self._forget(declared.node.name)
        if host_key is not None:
            self.host_keys.trust(declared.node.name, host_key)
        self.declared[declared.node.name] = declared

    def change(self, leave: Leave, declared: DeclaredNode) -> None:
        self._use(leave)
        self._one(declared.node.name)
        self.declared[declared.node.name] = declared

    def remove(self, leave: Leave, name: str) -> None:
        self._use(leave)
        self._one(name)
        self._drop(name)

    def take_file(self, nodes: Sequence[Node], at: datetime) -> FileTaken:
        taken = file_taken(self.nodes(), nodes, self.host_keys.all_pinned(), at)
        if taken.said:
            self.leave(self.enter("take the nodes file", "pitstop", at, at))
        for name in taken.removed:
            self._drop(name)
        for each in taken.put:
            self.declared[each.node.name] = each
        self.order = [node.name for node in nodes]
        return taken

    def is_new(self, name: str, at: datetime) -> None:
        declared = self._one(name)
        self.declared[name] = replace(declared, node=replace(declared.node, since=at))

    def saw(self, node: str, versions: Mapping[str, str], at: datetime) -> None:
        for product, version in versions.items():
            self.said[node, product] = NodeVersion(node, product, version, at)

    def versions(self) -> Sequence[NodeVersion]:
        return [self.said[key] for key in sorted(self.said)]

    def _use(self, leave: Leave) -> None:
        if self.given is None or self.given.number != leave.number:
            raise NodesChanging(f"to {leave.what} took too long: meanwhile others were let in")
        self.given = None

    def _one(self, name: str) -> DeclaredNode:
        if name not in self.declared:
            raise NotFound(f"there is no node {name!r}", hint="List them with `pitstop node list`.")
        return self.declared[name]

    def _drop(self, name: str) -> None:
        del self.declared[name]
        self._forget(name)

    def _forget(self, name: str) -> None:
        self.host_keys.forget(name)
        self.said = {key: said for key, said in self.said.items() if key[0] != name}
