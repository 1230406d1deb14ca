"""The service's own log, as files of the state folder: what a log bundle takes from the service.

It goes to standard error as well, for the journal of the machine. A full disk costs lines of this file, and
nothing else.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from os import SEEK_END
from pathlib import Path

from pitstop.model.errors import StateUnusable

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_FOLDER = "logs/service"
LOG_FILE = "service.log"
MOST_READ = 256 << 10
_BYTES = 10_000_000
_FILES = 5


def log_folder(state: Path) -> Path:
    return state / LOG_FOLDER


def log_to_file(state: Path) -> None:
    """Write what is logged from now on to ``logs/service/service.log`` too, with times in UTC.

    Raises:
        StateUnusable: the folder cannot be written.
    """
    folder = log_folder(state)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = _Lasting(folder / LOG_FILE, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
    except OSError as error:
        raise StateUnusable(f"the service's log cannot be written: {error}") from error
    formatter = logging.Formatter(
        f"%(asctime)s.%(msecs)03dZ {LOG_FORMAT.partition(' ')[2]}", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)


@dataclass(frozen=True, slots=True)
class OwnLogLines:
    """The service's own log lines of a span, as they are in the newest file of this state folder."""

    state: Path

    def __call__(self, since: datetime, until: datetime) -> list[str]:
        """Oldest first, of the newest ``MOST_READ`` bytes; none where there is no file."""
        try:
            with (log_folder(self.state) / LOG_FILE).open("rb") as file:
                file.seek(max(0, file.seek(0, SEEK_END) - MOST_READ))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return []
        first, last = (f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for moment in (since, until))
        return [line for line in lines if first <= line[: len(first)] <= last]


class _Lasting(RotatingFileHandler):
    """A line that cannot be written is lost here; it is still on standard error."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Nothing: the other handler has said it."""
