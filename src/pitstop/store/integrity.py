"""Whether what is kept is still what was written: :class:`pitstop.ports.checks.Integrity`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import text, update

from pitstop.model.errors import PitstopError
from pitstop.model.packages import ContentFile
from pitstop.ports.checks import Damaged, ReadAgain
from pitstop.store.database import POSTGRESQL, Database
from pitstop.store.payloads import FilePayloads
from pitstop.store.tables import counters

_STEPS = 10_000
"""So many of SQLite's steps lie between two looks at the time."""

_MOST = 20


class StoreIntegrity:
    """One for a process: it remembers what it has read, and when."""

    def __init__(
        self, database: Database, payloads: FilePayloads, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock
        self._read_at: dict[str, float] = {}

    def database_problems(self, deadline: timedelta) -> Sequence[str]:
        with self._database.writing() as connection:
            connection.execute(update(counters).values(value=counters.c.value))
            connection.rollback()
        if self._database.engine.dialect.name == POSTGRESQL:
            return self._pages_of_postgresql()
        return self._pages_of_sqlite(deadline)

    def _pages_of_postgresql(self) -> Sequence[str]:
        query = text(
            "SELECT checksum_failures, checksum_last_failure FROM pg_stat_database "
            "WHERE datname = current_database() AND checksum_failures > 0"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [f"PostgreSQL has met {row[0]} damaged pages, the last one at {row[1]}" for row in rows]

    def _pages_of_sqlite(self, deadline: timedelta) -> Sequence[str]:
        until = self._clock() + deadline.total_seconds()
        with self._database.reading() as connection:
            raw = cast(Any, connection.connection.driver_connection)
            raw.set_progress_handler(lambda: self._clock() > until, _STEPS)
            try:
                rows = connection.exec_driver_sql(f"PRAGMA quick_check({_MOST})").all()
            finally:
                raw.set_progress_handler(None, 0)
        return [row[0] for row in rows if row[0] != "ok"]

    def read_again(self, deadline: timedelta) -> ReadAgain:
        until = self._clock() + deadline.total_seconds()
        here = {file.sha256: (package, file) for package, file in self._present()}
        self._read_at = {digest: at for digest, at in self._read_at.items() if digest in here}
        damaged, read = [], 0
        for digest in sorted(here, key=lambda digest: self._read_at.get(digest, float("-inf"))):
            if self._clock() > until:
                break
            package, file = here[digest]
            if not self._payloads.is_whole(file):
                damaged.append(Damaged(package, file.path, self._payloads.place(file)))
            self._read_at[digest] = self._clock()
            read += file.size
        return ReadAgain(damaged, read, sum(file.size for _, file in here.values()))

    def _present(self) -> Iterator[tuple[str, ContentFile]]:
        """The content that is here, of packages whose documents can be read."""
        for package in self._payloads.packages():
            try:
                files = self._payloads.manifest(package).files
            except PitstopError:
                continue
            for file in files:
                if self._payloads.place(file).exists():
                    yield package, file
