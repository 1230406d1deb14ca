"""Leave to change the nodes, against runs: who comes first keeps the other out.

Both lock the counter's row before they look, so that on a database of several writers neither misses the
other; on SQLite there is one writer at a time anyway.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from pitstop.model.errors import NodesChanging, RunLasts
from pitstop.model.runs import DRIVEN
from pitstop.ports.declared_nodes import Leave
from pitstop.store.tables import counters, leaves, runs


def enter_in(connection: Connection, what: str, by: str, at: datetime, until: datetime) -> Leave:
    """Raises RunLasts, NodesChanging."""
    raised = update(counters).where(counters.c.name == "leave").values(value=counters.c.value + 1)
    number: int = connection.execute(raised.returning(counters.c.value)).scalar_one()
    require_no_run(connection)
    _require_no_leave(connection, at)
    connection.execute(delete(leaves))
    connection.execute(insert(leaves).values(number=number, what=what, by=by, until=until))
    return Leave(number, what, by, until)


def leave_in(connection: Connection, leave: Leave) -> None:
    connection.execute(delete(leaves).where(leaves.c.number == leave.number))


def use_in(connection: Connection, leave: Leave) -> None:
    """Give it back, to change the nodes in the same transaction.

    Raises:
        NodesChanging: it is over, and somebody else has had leave since, or a run has begun.
    """
    _lock(connection)
    if connection.execute(delete(leaves).where(leaves.c.number == leave.number)).rowcount != 1:
        raise NodesChanging(f"to {leave.what} took too long: meanwhile others were let in")


def require_no_leave(connection: Connection, at: datetime) -> None:
    """For a run that begins.

    Raises:
        NodesChanging: somebody has leave to change the nodes.
    """
    _lock(connection)
    _require_no_leave(connection, at)
    connection.execute(delete(leaves))


def require_no_run(connection: Connection) -> None:
    """Raises RunLasts."""
    query = select(runs.c.id, runs.c.update_name).where(runs.c.state.in_(DRIVEN))
    run = connection.execute(query).first()
    if run is not None:
        raise RunLasts(f"run {run.id} of {run.update_name} is in progress: the nodes stay as they are")


def _require_no_leave(connection: Connection, at: datetime) -> None:
    row = connection.execute(select(leaves)).first()
    given = row and Leave(row.number, row.what, row.by, row.until)
    if given is not None and given.lasts(at):
        raise NodesChanging(f"{given.by} is about to {given.what}")


def _lock(connection: Connection) -> None:
    connection.execute(select(counters.c.value).where(counters.c.name == "leave").with_for_update())
