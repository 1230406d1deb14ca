"""Schema 13: what the tools of steps have told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("steps", sa.Column("inner_steps", sa.Text(), nullable=False, server_default="[]"))
