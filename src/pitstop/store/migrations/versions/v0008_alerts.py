"""Schema 8: alerts have a source, may be held back, and are told to channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_OF_ANY = sa.text("closed IS NULL")
_OF_NONE = sa.text("closed IS NULL AND update_name IS NULL")


def upgrade() -> None:
    op.add_column("alerts", sa.Column("source", sa.Text(), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("alerts", sa.Column("quiet_until", sa.String(27)))
    op.execute("UPDATE alerts SET source = subject WHERE closed IS NULL AND subject LIKE 'source %'")
    _only_open("only_active_alert", ["code", "subject", "source", "update_name"], _OF_ANY)
    _only_open("only_active_alert_of_no_update", ["code", "subject", "source"], _OF_NONE)
    _channels()


def _only_open(name: str, columns: list[str], which: sa.TextClause) -> None:
    op.drop_index(name, "alerts")
    op.create_index(name, "alerts", columns, unique=True, sqlite_where=which, postgresql_where=which)


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due", sa.String(27)),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("took", sa.String(27)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channels")),
    )
    op.create_table(
        "told",
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.number"], name=op.f("fk_told_alert"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert", "channel", name=op.f("pk_told")),
    )
