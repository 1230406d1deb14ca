"""An address is checked before anything is sent to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitstop.client.address import checked_url, is_loopback, tls_context
from pitstop.model.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://127.0.0.1:8460/", "http://127.0.0.1:8460"),
        ("http://[::1]:8460", "http://[::1]:8460"),
        ("http://localhost:1", "http://localhost:1"),
        ("https://rack7.example/pitstop/", "https://rack7.example/pitstop"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(given: str, kept: str) -> None:
    assert checked_url(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "rack7",
        "ftp://rack7",
        "https://",
        "https://a:99999",
        "https://ada:pw@rack7",
        "https://a?b=c",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput, match="is not the address of a service"):
        checked_url(given)


@pytest.mark.parametrize(
    "given", ["http://rack7.example", "http://10.0.0.1:8460", "http://127.0.0.1.example"]
)
def test_plain_http_to_another_machine_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput, match="plain http") as refused:
        checked_url(given)
    assert "https" in refused.value.hint


def test_loopback_is_known_by_number_and_name() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "a.localhost"))
    assert not any(is_loopback(host) for host in ("10.0.0.1", "example.com", "localhost.example", ""))


def test_a_missing_or_empty_certificate_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"absent\.pem"):
        tls_context(tmp_path / "absent.pem")
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(InvalidInput, match=r"empty\.pem"):
        tls_context(empty)
