"""Schema 10: support cases, and what was said about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("impact", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("opened", sa.String(27), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("run", sa.Text()),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("closed", sa.String(27)),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cases")),
    )
    op.create_table(
        "case_entries",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"], ["cases.number"], name=op.f("fk_case_entries_case_number_cases")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_case_entries")),
    )
    op.create_index(op.f("ix_case_entries_case_number"), "case_entries", ["case_number"])
