"""The schema's history, and the way to its newest version: alembic, driven from here, without an ini file.

Revisions are numbered ``0001``, ``0002``, ...; each old version has a fixture that a test opens.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from pitstop.model.errors import StateUnusable


def require_newest(connection: Connection) -> None:
    """Raises StateUnusable: the database has another schema than this Pitstop's newest."""
    present = MigrationContext.configure(connection).get_current_revision()
    newest = _script(Config()).get_current_head()
    if present != newest:
        raise StateUnusable(
            f"the database has schema {present}, and this Pitstop works with {newest}",
            hint="Use the `pitstop` of the version that the service runs, or start it with this one.",
        )


def _script(config: Config) -> ScriptDirectory:
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def migrate(connection: Connection) -> None:
    """Bring the database to the newest schema, within the connection's transaction.

    Raises:
        StateUnusable: it was written by a newer Pitstop, or holds tables that are not Pitstop's.
    """
    config = Config()
    config.attributes["connection"] = connection
    script = _script(config)
    present = MigrationContext.configure(connection).get_current_revision()
    if present != script.get_current_head():
        _require_ours(connection, present, {revision.revision for revision in script.walk_revisions()})
        command.upgrade(config, "head")


def _require_ours(connection: Connection, present: str | None, known: set[str]) -> None:
    if present is None and inspect(connection).get_table_names():
        raise StateUnusable(
            "the database holds tables, but none of Pitstop's",
            hint="Give the folder or database that Pitstop is to have for itself.",
        )
    if present is not None and present not in known:
        raise StateUnusable(
            f"the database was written by a newer Pitstop: schema {present}, known here: {max(known)}",
            hint="Start the newer Pitstop again, or restore the state from before it was installed.",
        )
