"""The service's own log, as files of the state folder: what a log bundle takes from the service.

It goes to standard error as well, for the journal of the machine. A full disk costs lines of this file, and
nothing else.
"""

from __future__ import annotations

import logging
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pitstop.model.errors import StateUnusable

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_FOLDER = "logs/service"
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
        handler = _Lasting(folder / "service.log", maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
    except OSError as error:
        raise StateUnusable(f"the service's log cannot be written: {error}") from error
    formatter = logging.Formatter(
        f"%(asctime)s.%(msecs)03dZ {LOG_FORMAT.partition(' ')[2]}", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)


class _Lasting(RotatingFileHandler):
    """A line that cannot be written is lost here; it is still on standard error."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Nothing: the other handler has said it."""
