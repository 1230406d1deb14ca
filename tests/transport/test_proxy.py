"""Through a proxy where the settings name one, and never through one that only the environment names."""

from __future__ import annotations

import base64
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.transport.feeds import TufFeeds
from pitstop.transport.http_fetcher import proxy_parts
from transport.http_site import HttpSite
from transport.polled import SOURCE, Polled, link_for_tests
from transport.repository import Repository, catalogue
from transport.test_links import Certificate


@dataclass
class Proxy:
    """A running proxy: what it was asked, with which credentials."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    credentials: set[str] = field(default_factory=set)


@contextmanager
def proxying() -> Iterator[Proxy]:
    proxy = Proxy()

    class Asked(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.note()
            to = urlsplit(self.path)
            upstream = HTTPConnection(to.hostname or "", to.port, timeout=10)
            upstream.request("GET", to.path, headers={"Accept-Encoding": "identity"})
            answer = upstream.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            upstream.close()

        def do_CONNECT(self) -> None:
            self.note()
            host, _, port = self.path.rpartition(":")
            self.send_response(200)
            self.end_headers()
            with socket.create_connection((host, int(port))) as upstream:
                ends = {self.connection: upstream, upstream: self.connection}
                while True:
                    for end in select.select(list(ends), [], [], 10)[0]:
                        data = end.recv(65_536)
                        if not data:
                            self.close_connection = True
                            return
                        ends[end].sendall(data)

        def note(self) -> None:
            proxy.asked.append(f"{self.command} {self.path}")
            proxy.credentials.add(self.headers.get("Proxy-Authorization", ""))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name in http.server
            """Tests look at ``asked`` instead."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Asked) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield proxy
        server.shutdown()
        thread.join()


def test_everything_goes_through_the_proxy_that_is_named(polled: Polled) -> None:
    with proxying() as proxy:
        link = replace(link_for_tests([]), proxy=proxy.url)
        assert TufFeeds(polled.folder, link=link).open(polled.source).poll() == catalogue()
    assert f"GET {polled.site.url}/metadata/timestamp.json" in proxy.asked
    assert len(proxy.asked) == len(polled.site.asked)


def test_tls_goes_through_the_proxy_from_end_to_end(repository: Repository, tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)
    with proxying() as proxy, HttpSite(repository.files, certificate.server) as site:
        source = replace(SOURCE, url=site.url)
        link = replace(link_for_tests([]), proxy=proxy.url, ca_bundle=certificate.path)
        feeds = TufFeeds(tmp_path / "sources", link=link)
        feeds.pin(source, repository.first_root)
        assert feeds.open(source).poll() == catalogue()
    assert set(proxy.asked) == {f"CONNECT {urlsplit(site.url).netloc}"}


def test_user_and_password_are_told_to_the_proxy_alone(polled: Polled) -> None:
    with proxying() as proxy:
        address = proxy.url.replace("http://", "http://rack-7:se%40cret@")
        link = replace(link_for_tests([]), proxy=address)
        TufFeeds(polled.folder, link=link).open(polled.source).poll()
    told = "Basic " + base64.b64encode(b"rack-7:se@cret").decode()
    assert proxy.credentials == {told}
    assert all("Proxy-Authorization" not in asked.headers for asked in polled.site.asked)


def test_the_environments_proxy_is_not_used(polled: Polled, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxying() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert polled.feed().poll() == catalogue()
    assert proxy.asked == []


def test_a_proxy_that_is_not_there_is_unreachable_and_its_password_is_not_shown(polled: Polled) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    link = replace(link_for_tests([]), proxy=f"http://rack-7:secret@127.0.0.1:{port}")
    with pytest.raises(Unreachable) as failed:
        TufFeeds(polled.folder, link=link).open(polled.source).poll()
    assert "roxy" in failed.value.message
    assert "secret" not in str(failed.value) + failed.value.hint


@pytest.mark.parametrize(
    "address",
    ["", "proxy:3128", "socks5://proxy:1080", "http://", "http://secret@", "http://p:port/", "http://p/x"],
)
def test_what_is_no_address_of_a_proxy_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="proxy") as refused:
        proxy_parts(address)
    assert "secret" not in refused.value.message
