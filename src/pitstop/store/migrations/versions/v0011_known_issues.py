"""Schema 11: the publishers' lists of known issues, and the mends that were agreed to beforehand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "issue_lists",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_issue_lists_source")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_issue_lists")),
    )
    op.create_table(
        "mend_consents",
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("issue", name=op.f("pk_mend_consents")),
    )
