"""The declared nodes in the database: those of the nodes file as it was taken last, and the service's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from pitstop.model.errors import NotFound
from pitstop.model.node_changes import FileTaken, file_taken
from pitstop.model.system import DeclaredIn, DeclaredNode, Node, NodeVersion
from pitstop.ports.declared_nodes import Leave
from pitstop.store import leaves
from pitstop.store.database import Database
from pitstop.store.host_keys import all_in, forget_in, trust_in
from pitstop.store.tables import node_versions, nodes

_TAKE_FILE = "take the nodes file"


class SqlNodes:
    """Implements :class:`pitstop.ports.declared_nodes.DeclaredNodes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def nodes(self) -> Sequence[DeclaredNode]:
        with self._database.reading() as connection:
            return _all(connection)

    def enter(self, what: str, by: str, at: datetime, until: datetime) -> Leave:
        with self._database.writing() as connection:
            return leaves.enter_in(connection, what, by, at, until)

    def leave(self, leave: Leave) -> None:
        with self._database.writing() as connection:
            leaves.leave_in(connection, leave)

    def place(self, leave: Leave, declared: DeclaredNode, host_key: str | None) -> None:
        name = declared.node.name
        with self._database.writing() as connection:
            leaves.use_in(connection, leave)
            _forget(connection, name)
            if host_key is not None:
                trust_in(connection, name, host_key)
            _write(connection, declared)

    def change(self, leave: Leave, declared: DeclaredNode) -> None:
        with self._database.writing() as connection:
            leaves.use_in(connection, leave)
            _one(connection, declared.node.name)
            _write(connection, declared)

    def remove(self, leave: Leave, name: str) -> None:
        with self._database.writing() as connection:
            leaves.use_in(connection, leave)
            _one(connection, name)
            _drop(connection, name)

    def take_file(self, nodes: Sequence[Node], at: datetime) -> FileTaken:
        with self._database.writing() as connection:
            taken = file_taken(_all(connection), nodes, all_in(connection), at)
            if taken.said:
                leave = leaves.enter_in(connection, _TAKE_FILE, "pitstop", at, at)
                leaves.leave_in(connection, leave)
            for name in taken.removed:
                _drop(connection, name)
            for declared in taken.put:
                _write(connection, declared)
            for place, node in enumerate(nodes):
                _place(connection, node.name, place)
        return taken

    def is_new(self, name: str, at: datetime) -> None:
        with self._database.writing() as connection:
            declared = _one(connection, name)
            _write(connection, replace(declared, node=replace(declared.node, since=at)))

    def saw(self, node: str, versions: Mapping[str, str], at: datetime) -> None:
        rows = [
            {"node": node, "product": product, "version": version, "at": at}
            for product, version in versions.items()
        ]
        of_node = delete(node_versions).where(node_versions.c.node == node)
        with self._database.writing() as connection:
            connection.execute(of_node.where(node_versions.c.product.in_(list(versions))))
            if rows:
                connection.execute(insert(node_versions), rows)

    def versions(self) -> Sequence[NodeVersion]:
        query = select(node_versions).order_by(node_versions.c.node, node_versions.c.product)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [NodeVersion(row.node, row.product, row.version, row.at) for row in rows]


def _all(connection: Connection) -> list[DeclaredNode]:
    rows = connection.execute(select(nodes).order_by(nodes.c.place, nodes.c.number)).all()
    declared = [DeclaredNode(row.node, row.declared_in, row.by, row.at) for row in rows]
    return sorted(declared, key=lambda each: each.where is not DeclaredIn.FILE)


def _one(connection: Connection, name: str) -> DeclaredNode:
    row = connection.execute(select(nodes).where(nodes.c.name == name)).one_or_none()
    if row is None:
        raise NotFound(f"there is no node {name!r}", hint="List them with `pitstop node list`.")
    return DeclaredNode(row.node, row.declared_in, row.by, row.at)


def _write(connection: Connection, declared: DeclaredNode) -> None:
    """Over the one of this name, or as a new one."""
    values = {
        "declared_in": declared.where,
        "node": declared.node,
        "by": declared.by,
        "at": declared.at,
    }
    name = declared.node.name
    if connection.execute(update(nodes).where(nodes.c.name == name).values(values)).rowcount == 0:
        connection.execute(insert(nodes).values(name=name, place=0, **values))


def _place(connection: Connection, name: str, place: int) -> None:
    moved = update(nodes).where(nodes.c.name == name, nodes.c.place != place).values(place=place)
    connection.execute(moved)


def _drop(connection: Connection, name: str) -> None:
    connection.execute(delete(nodes).where(nodes.c.name == name))
    _forget(connection, name)


def _forget(connection: Connection, name: str) -> None:
    """What was known of the machine under this name."""
    forget_in(connection, name)
    connection.execute(delete(node_versions).where(node_versions.c.node == name))
