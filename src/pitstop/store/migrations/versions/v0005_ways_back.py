"""Schema 5: runs that stop, are undone, cancelled, and keep to windows; steps that know their way back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}


def upgrade() -> None:
    op.drop_index("only_run_in_progress", "runs")
    of_runs: tuple[sa.Column[Any], ...] = (
        sa.Column("riders", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("windows", sa.String(64), nullable=False, server_default="none"),
        sa.Column("goes_on", sa.String(27)),
        sa.Column("now", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("occupies", sa.Boolean()),
    )
    for column in of_runs:
        op.add_column("runs", column)
    op.execute(sa.text("UPDATE runs SET occupies = TRUE WHERE state = 'in-progress'"))
    with op.batch_alter_table("ledger", naming_convention=_NAMES) as ledger:
        ledger.drop_constraint("uq_ledger_run_id", type_="unique")
        ledger.create_unique_constraint("uq_ledger_run_id", ["run_id", "publisher", "product", "version"])
    op.create_index("only_run_that_occupies", "runs", ["occupies"], unique=True)
    of_steps: tuple[sa.Column[Any], ...] = (
        sa.Column("package", sa.Text()),
        sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("may_fail", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("bandwidth", sa.BigInteger()),
        sa.Column("undo", sa.Text()),
        sa.Column("undoes", sa.Text()),
        sa.Column("no_return", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for added in of_steps:
        op.add_column("steps", added)
