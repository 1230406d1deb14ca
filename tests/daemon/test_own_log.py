"""The service's own log: written beside what goes to standard error, in files that do not grow for ever."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pitstop.daemon.own_log import log_folder, log_to_file
from pitstop.model.errors import StateUnusable


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it was before when the test is over."""
    logger = logging.getLogger()
    before, level = list(logger.handlers), logger.level
    logger.setLevel(logging.INFO)
    yield logger
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_what_is_logged_is_in_the_file_with_its_time(tmp_path: Path, root: logging.Logger) -> None:
    log_to_file(tmp_path)
    logging.getLogger("pitstop.test").warning("the disk of %s is full", "n1")
    (line,) = (log_folder(tmp_path) / "service.log").read_text().splitlines()
    time, _, said = line.partition(" ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z", time)
    assert said == "WARNING pitstop.test: the disk of n1 is full"


def test_only_so_much_is_kept(tmp_path: Path, root: logging.Logger) -> None:
    log_to_file(tmp_path)
    for _ in range(75):
        logging.getLogger("pitstop.test").info("x" * 1_000_000)
    sizes = {file.name: file.stat().st_size for file in log_folder(tmp_path).iterdir()}
    assert set(sizes) == {"service.log", *(f"service.log.{number}" for number in range(1, 6))}
    assert max(sizes.values()) <= 10_000_000


def test_a_log_that_cannot_be_written_any_more_ends_nothing(
    tmp_path: Path, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to_file(tmp_path)
    handler = root.handlers[-1]
    assert isinstance(handler, logging.FileHandler)
    own, full = handler.stream, Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails too
    handler.stream = full
    logging.getLogger("pitstop.test").info("lost")
    handler.stream = own
    with suppress(OSError):
        full.close()
    assert "Traceback" not in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, root: logging.Logger) -> None:
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(StateUnusable, match="log cannot be written"):
        log_to_file(tmp_path)
