"""The place of the shared queue in the database: a schema of its own, made by Procrastinate's own text.

What lies in it can be said again by who works with it, so that it is never migrated: where another version of
Procrastinate wants other tables, the newer one's take the place of the older one's.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Final, LiteralString

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from pitstop.model.errors import StateUnusable

SCHEMA: Final = "pitstop_jobs"

SESSION: Final = {
    "options": f"-c search_path={SCHEMA} -c lock_timeout=10s -c idle_in_transaction_session_timeout=5s",
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Of every connection to the queue: a lost link shows within seconds."""

_LOCK: Final = 0x70697473746F70
_NAME: Final = sql.Identifier(SCHEMA)
_SAID = "SELECT obj_description(to_regnamespace(%s)::oid, 'pg_namespace')"


def prepare(address: str) -> None:
    """Make the queue's tables, unless they are there. Several may do it at once. Blocks.

    Raises:
        StateUnusable: the database cannot be used, or a newer Pitstop works with it.
    """
    try:
        with psycopg.connect(address, **SESSION) as connection:  # type: ignore[arg-type]  # libpq's own words
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            _make(connection, SchemaManager.get_schema())
    except psycopg.Error as error:
        raise StateUnusable(
            f"the jobs' place in the database cannot be used: {str(error).strip()}",
            hint="Check that the database can be reached, and that its user may make a schema in it.",
        ) from error


def _make(connection: psycopg.Connection, text: LiteralString) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    ours = version("procrastinate")
    said = connection.execute(_SAID, [SCHEMA]).fetchone()
    words = str(said[0]).split() if said is not None and said[0] else []
    if words[-1:] == [digest]:
        return
    if words and _numbers(words[1]) > _numbers(ours):
        raise StateUnusable(
            f"a newer Pitstop works with this database: its queue is of Procrastinate {words[1]}, "
            f"here is {ours}",
            hint="Update Pitstop on this machine too.",
        )
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(_NAME))
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(_NAME))
    connection.execute(text)
    said_now = sql.Literal(f"procrastinate {ours} {digest}")
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(_NAME, said_now))


def _numbers(said: str) -> tuple[int, ...]:
    return tuple(int(part) for part in said.split(".") if part.isdigit())
