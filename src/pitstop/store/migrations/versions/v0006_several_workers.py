"""Schema 6: what workers on several machines share beside the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _table("turns", ["name"], sa.Column("at", sa.Double(), nullable=False))
    _table(
        "portions",
        ["worker", "run_id", "place"],
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Double()),
        sa.Column("at", sa.Double(), nullable=False),
    )
    _table("documents", ["package", "name"], sa.Column("content", sa.LargeBinary(), nullable=False))
    _table("host_keys", ["node"], sa.Column("key", sa.Text(), nullable=False))


def _table(name: str, key: list[str], *others: sa.Column[object]) -> None:
    columns = [sa.Column(part, sa.Text(), nullable=False) for part in key]
    op.create_table(name, *columns, *others, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")))
