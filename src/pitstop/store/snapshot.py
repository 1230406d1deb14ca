"""A copy of the state for somebody else to look at: what he needs, without secrets, in a database of its own.

Every table is named in here, copied or left out: a test holds that, so that nothing new is given away, or
missed, because nobody thought of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Table, insert, select

from pitstop.model.cleaning import Clean, cleaned, cleaned_by_name
from pitstop.package.typed import converted
from pitstop.store import tables
from pitstop.store.columns import Json, Unread, UnreadFinding
from pitstop.store.database import Database, open_database

COPIED: dict[Table, tuple[str, ...]] = {
    tables.counters: (),
    tables.sources: ("url", "finding"),
    tables.updates: (),
    tables.runs: ("finding",),
    tables.steps: ("args", "waiting", "output", "record", "finding", "inner_steps"),
    tables.events: ("text", "data"),
    tables.ledger: (),
    tables.facts: ("value",),
    tables.issue_lists: (),
    tables.mend_consents: (),
    tables.accepted_risks: ("reason",),
    tables.contracts: (),
    tables.maintenance_times: (),
    tables.nodes: ("node",),
    tables.node_versions: (),
    tables.alerts: ("finding", "reason"),
    tables.audit_log: ("subject", "outcome"),
    tables.host_keys: (),
    tables.checklist_ticks: ("note",),
    tables.checklists: ("items",),
    tables.check_rounds: (),
    tables.check_results: ("result",),
    tables.check_changes: ("description",),
    tables.check_skips: ("reason",),
}
"""The tables that are copied, each with the columns that secrets are looked for in."""

LEFT_OUT: tuple[Table, ...] = (
    tables.accounts,
    tables.sessions,
    tables.channels,
    tables.told,
    tables.cases,
    tables.case_entries,
    tables.leaves,
    tables.turns,
    tables.portions,
    tables.documents,
)
"""Passwords and sessions; what is said to others; what only a running service knows; what lies in files."""

_ROWS_AT_ONCE = 500
_UNREAD = "left out: it could not be read"


def write_snapshot(database: Database, to: Path, runs: Sequence[str], clean: Clean) -> None:
    """Write ``to/pitstop.db``, with these runs and no others.

    Raises:
        StateUnusable, NoSpace: it cannot be read, or not be written.
    """
    copy = open_database(to)
    try:
        with database.reading() as source, copy.writing() as target:
            target.execute(tables.counters.delete())  # those of a new state
            for table in tables.metadata.sorted_tables:
                if table in COPIED:
                    _copy(source, target, table, runs, clean)
    finally:
        copy.close()


def _copy(source: Connection, target: Connection, table: Table, runs: Sequence[str], clean: Clean) -> None:
    query = select(table)
    if (wanted := _of_runs(table, runs)) is not None:
        query = query.where(wanted)
    columns = [table.c[name] for name in COPIED[table]]
    for part in source.execute(query).mappings().partitions(_ROWS_AT_ONCE):
        rows = [dict(row) for row in part]
        for row in rows:
            if table is tables.facts:
                row["value"] = cleaned_by_name(row["name"], row["value"], clean)
            for column in columns:
                row[column.name] = _cleaned(column, row[column.name], clean)
            if table is tables.ledger and row["run_id"] not in runs:
                row["run_id"] = None
        target.execute(insert(table), rows)


def _of_runs(table: Table, runs: Sequence[str]) -> ColumnElement[bool] | None:
    if table is tables.runs:
        return table.c.id.in_(runs)
    if table in (tables.steps, tables.events):
        return table.c.run_id.in_(runs)
    return None


def _cleaned(column: Column[Any], value: Any, clean: Clean) -> Any:
    if value is None:
        return None
    if isinstance(value, Unread | UnreadFinding):
        return replace(value, raw=_UNREAD)  # what is secret in it could not be told
    if isinstance(column.type, Json):
        return converted(cleaned(msgspec.to_builtins(value), clean), column.type.of)
    if column is tables.events.c.data:
        return _cleaned_json(value, clean)
    return clean(value)


def _cleaned_json(text: str, clean: Clean) -> str:
    try:
        return json.dumps(cleaned(json.loads(text), clean))
    except ValueError:
        return _UNREAD
