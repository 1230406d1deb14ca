"""Schema 2: what people declare: facts, accepted risks, hardware contract, maintenance windows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name, what in (("facts", "value"), ("accepted_risks", "reason")):
        op.create_table(
            name,
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column(what, sa.Text(), nullable=False),
            sa.Column("by", sa.Text(), nullable=False),
            sa.Column("at", sa.String(27), nullable=False),
            sa.PrimaryKeyConstraint("name", name=op.f(f"pk_{name}")),
        )
    op.create_table(
        "contracts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("contract", sa.Text()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_contracts")),
    )
    op.create_table(
        "maintenance_times",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("windows", sa.Text(), nullable=False),
        sa.Column("blackouts", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_maintenance_times")),
    )
