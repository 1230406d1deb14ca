"""What a worker would load at its start, loaded once: by the server that all workers are forked from."""

from __future__ import annotations

import gc
import importlib.util
import tempfile
from pathlib import Path

import crash.cases
import crash.servers  # noqa: F401
from pitstop.store.database import open_database

if importlib.util.find_spec("psycopg") is not None:
    import psycopg  # noqa: F401
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401

with tempfile.TemporaryDirectory() as folder:
    open_database(Path(folder)).close()  # the way through all migrations loads the most
gc.freeze()  # or every worker would copy all of it when it first collects
