"""Schema 4: active alerts are told apart by their update too; a step counts its failures since its reset."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OF_ANY = sa.text("closed IS NULL")
_OF_NONE = sa.text("closed IS NULL AND update_name IS NULL")


def upgrade() -> None:
    op.add_column("steps", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("only_active_alert", "alerts")
    _only_active("only_active_alert", ["code", "subject", "update_name"], _OF_ANY)
    _only_active("only_active_alert_of_no_update", ["code", "subject"], _OF_NONE)


def _only_active(name: str, columns: list[str], which: sa.TextClause) -> None:
    op.create_index(name, "alerts", columns, unique=True, sqlite_where=which, postgresql_where=which)
