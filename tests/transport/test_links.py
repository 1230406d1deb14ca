"""Weak and hostile links: what may mend is tried again, everything ends in time, nothing foreign leaks."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.transport.feed import TufFeed
from pitstop.transport.feeds import TufFeeds
from simulators.certificates import self_signed
from transport.http_site import HttpSite, Trouble, answers, cuts, drips, stalls
from transport.polled import SOURCE, Polled, link_for_tests
from transport.repository import NOW, Repository, catalogue

TIMESTAMP = "metadata/timestamp.json"


# --- what mends


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("metadata/2.root.json", 500),
        (TIMESTAMP, 408),
        (TIMESTAMP, 429),
        (TIMESTAMP, 503),
        ("targets/catalogue/1.json", 502),
    ],
)
def test_a_server_that_is_ill_for_a_moment_is_asked_again(polled: Polled, path: str, code: int) -> None:
    polled.site.troubles[path] = answers(code, times=2)
    assert polled.feed().poll() == catalogue()
    assert polled.site.paths().count(path) == 3


def test_the_wait_between_tries_grows(polled: Polled) -> None:
    polled.site.troubles[TIMESTAMP] = answers(503, times=2)
    polled.feed().poll()
    assert polled.waits == [1.0, 2.0]


@pytest.mark.parametrize("path", [TIMESTAMP, "metadata/1.targets.json", "targets/catalogue/1.json"])
def test_a_connection_that_breaks_in_the_middle_is_made_again(polled: Polled, path: str) -> None:
    polled.site.troubles[path] = cuts(times=2, after=20)
    assert polled.feed().poll() == catalogue()


# --- what does not


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (answers(500), "HTTP status 500"),
        (cuts(times=9, after=20), "Connection broken"),
        (stalls, "timed out"),
        (drips, r"only \d+ bytes came"),
    ],
    ids=["500", "cut", "stalls", "drips"],
)
def test_what_stays_ill_is_unreachable_after_the_last_try(
    polled: Polled, trouble: Trouble, message: str
) -> None:
    polled.site.troubles[TIMESTAMP] = trouble
    with pytest.raises(Unreachable, match=message) as failed:
        polled.impatient_feed().poll()
    assert TIMESTAMP in failed.value.message
    assert polled.site.paths().count(TIMESTAMP) == 2


@pytest.mark.parametrize("code", [403, 404, 204])
def test_a_refusal_is_not_asked_for_again(polled: Polled, code: int) -> None:
    polled.site.troubles[TIMESTAMP] = answers(code)
    with pytest.raises(Unreachable, match=f"status {code}"):
        polled.feed().poll()
    assert polled.site.paths().count(TIMESTAMP) == 1


def test_what_failed_once_succeeds_later_with_the_same_feed(polled: Polled) -> None:
    feed = polled.feed()
    polled.site.troubles[TIMESTAMP] = answers(500, times=3)
    with pytest.raises(Unreachable):
        feed.poll()
    assert feed.poll() == catalogue()


def test_something_that_does_not_speak_http_is_unreachable(polled: Polled) -> None:
    with talking(b"SSH-2.0-OpenSSH_9.2\r\n") as url, pytest.raises(Unreachable):
        polled.feeds.open(replace(polled.source, url=url)).poll()


def test_a_server_that_hangs_up_at_once_is_unreachable(polled: Polled) -> None:
    with talking(b"") as url, pytest.raises(Unreachable):
        polled.feeds.open(replace(polled.source, url=url)).poll()


@contextmanager
def talking(words: bytes) -> Iterator[str]:
    """A server that says this to everyone and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


# --- redirects


def test_a_redirect_is_followed(polled: Polled) -> None:
    polled.site.files["moved.json"] = polled.site.files[TIMESTAMP]
    polled.site.troubles[TIMESTAMP] = answers(302, headers={"Location": "/moved.json"})
    assert polled.feed().poll() == catalogue()


@pytest.mark.parametrize(
    ("to", "message"),
    [("/" + TIMESTAMP, "more than 3 times"), ("file:///etc/passwd", "no web address"), ("", "more than")],
)
def test_a_redirect_that_leads_nowhere_is_unreachable(polled: Polled, to: str, message: str) -> None:
    polled.site.troubles[TIMESTAMP] = answers(301, headers={"Location": to})
    with pytest.raises(Unreachable, match=message):
        polled.feed().poll()


# --- TLS


class Certificate:
    """A certificate for 127.0.0.1 that signs itself, and its key, as files."""

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        public, secret = self_signed([address], NOW - timedelta(days=1), NOW + timedelta(days=1))
        self.path = folder / "site.pem"
        self.path.write_bytes(public)
        (folder / "site.key").write_bytes(secret)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(self.path, folder / "site.key")


def tls_feed(site: HttpSite, repository: Repository, folder: Path, bundle: Path | None) -> TufFeed:
    source = replace(SOURCE, url=site.url)
    feeds = TufFeeds(folder / "sources", link=replace(link_for_tests([]), ca_bundle=bundle))
    feeds.pin(source, repository.first_root)
    return feeds.open(source)


def test_a_site_with_its_own_authority_is_read(repository: Repository, tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)
    with HttpSite(repository.files, certificate.server) as site:
        assert tls_feed(site, repository, tmp_path, certificate.path).poll() == catalogue()


def test_an_unknown_authority_is_refused_at_once(repository: Repository, tmp_path: Path) -> None:
    with HttpSite(repository.files, Certificate(tmp_path).server) as site:
        with pytest.raises(Unreachable, match="no trusted TLS connection") as refused:
            tls_feed(site, repository, tmp_path, None).poll()
        assert "bundle" in refused.value.hint
        assert site.asked == []


def test_a_certificate_of_another_address_is_refused(repository: Repository, tmp_path: Path) -> None:
    certificate = Certificate(tmp_path, "127.0.0.2")
    with HttpSite(repository.files, certificate.server) as site, pytest.raises(Unreachable, match="TLS"):
        tls_feed(site, repository, tmp_path, certificate.path).poll()


def test_a_redirect_out_of_tls_is_not_followed(
    polled: Polled, repository: Repository, tmp_path: Path
) -> None:
    certificate = Certificate(tmp_path)
    with HttpSite(repository.files, certificate.server) as site:
        site.troubles[TIMESTAMP] = answers(302, headers={"Location": f"{polled.site.url}/{TIMESTAMP}"})
        with pytest.raises(Unreachable, match="out of TLS"):
            tls_feed(site, repository, tmp_path / "elsewhere", certificate.path).poll()
    assert polled.site.asked == []


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_bundle_that_cannot_be_used_is_refused(
    repository: Repository, tmp_path: Path, content: bytes | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    with HttpSite(repository.files) as site, pytest.raises(InvalidInput, match=r"bundle\.pem"):
        tls_feed(site, repository, tmp_path, bundle)
