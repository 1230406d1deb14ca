"""Run by alembic itself: migrations go over the connection that :func:`migrate` was given."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
