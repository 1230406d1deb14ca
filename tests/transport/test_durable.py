"""Small files of the transport: old or new, never half, and nothing left beside them."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pitstop.model.errors import NoSpace, StateUnusable
from pitstop.transport import durable
from pitstop.transport.trust import disk_error


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    durable.write(tmp_path / "file", b"old")
    durable.write(tmp_path / "file", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"new"}


def test_a_file_that_must_be_new_does_not_replace_another(tmp_path: Path) -> None:
    durable.write(tmp_path / "file", b"old", replace=False)
    with pytest.raises(FileExistsError):
        durable.write(tmp_path / "file", b"new", replace=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        durable.write(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, NoSpace),
        (errno.EDQUOT, NoSpace),
        (errno.EACCES, StateUnusable),
        (errno.EROFS, StateUnusable),
        (errno.EIO, StateUnusable),
    ],
)
def test_what_the_disk_refuses_is_said_with_the_file(number: int, said: type[Exception]) -> None:
    error = disk_error(OSError(number, "refused", "/state/sources/northstar/seen.json"))
    assert type(error) is said
    assert "/state/sources/northstar/seen.json" in error.message
