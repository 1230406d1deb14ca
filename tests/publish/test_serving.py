"""The trial server: plain files below its folder, whole or in part, and nothing else."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from pitstop.model.errors import NotFound, Unreachable
from pitstop.publish.serving import SiteServer, serving


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    site = tmp_path / "site"
    (site / "targets").mkdir(parents=True)
    (site / "targets" / "a b.zip").write_bytes(b"0123456789")
    (site / "targets" / "empty").write_bytes(b"")
    (site / ".hidden").write_bytes(b"hidden")
    (tmp_path / "secret").write_bytes(b"secret")
    (site / "link").symlink_to(tmp_path / "secret")
    with serving(site) as server:
        yield server.server_port


def ask(
    port: int, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, bytes, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("Content-Range")
    finally:
        connection.close()


def test_a_folder_is_answered_with_its_index_and_never_listed(port: int, tmp_path: Path) -> None:
    assert ask(port, "/")[0] == 404
    (tmp_path / "site" / "index.html").write_text("<!DOCTYPE html>", encoding="utf-8")
    assert ask(port, "/") == (200, b"<!DOCTYPE html>", None)
    assert ask(port, "/targets/")[0] == 404


def test_files_are_served(port: int) -> None:
    assert ask(port, "/targets/a%20b.zip") == (200, b"0123456789", None)
    assert ask(port, "/targets/a%20b.zip?x=1") == (200, b"0123456789", None)
    assert ask(port, "/targets/a%20b.zip", method="HEAD") == (200, b"", None)
    assert ask(port, "/targets/empty") == (200, b"", None)


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("bytes=3-5", 206, b"345", "bytes 3-5/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=7-99", 206, b"789", "bytes 7-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=5-3", 200, b"0123456789", None),
        ("bytes=-3", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_part_is_served_where_one_is_asked_for(
    port: int, asked: str, status: int, body: bytes, told: str | None
) -> None:
    assert ask(port, "/targets/a%20b.zip", {"Range": asked}) == (status, body, told)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/targets",
        "/nothing",
        "/../secret",
        "/%2e%2e/secret",
        "/targets/..%2f..%2fsecret",
        "/link",
        "/.hidden",
        "/a%00b",
    ],
)
def test_nothing_else_is_served(port: int, path: str) -> None:
    assert ask(port, path)[0] == 404


def test_a_folder_that_is_not_there_and_a_port_in_use_are_told(tmp_path: Path, port: int) -> None:
    with pytest.raises(NotFound, match="no site"):
        SiteServer(tmp_path / "nothing")
    with pytest.raises(Unreachable, match=f"port {port}"):
        SiteServer(tmp_path, port)
