"""A site behind HTTP or HTTPS: any static web server, object store or content network.

Answers and their meaning: 200 and 206 bring bytes; 304 says that nothing has changed, where that was asked;
other 3xx are followed a few times, never from https to http; 408, 429 and 5xx may mend and are tried again,
not before the time that ``Retry-After`` names; other 4xx mean that the site does not give this file.
Proxy and other settings are never taken from the environment. HTTPS is always verified.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import urllib3
from tuf.api.exceptions import DownloadHTTPError
from urllib3.exceptions import HTTPError, LocationValueError, NameResolutionError, SSLError

from pitstop import __version__
from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.transport.fetcher import CHUNK, Mark, Opened, SiteFetcher
from pitstop.transport.link import Interruption, Link

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 4
_MAY_MEND = frozenset({408, 429})
_UNCHANGED = 304
_MOST_DIGITS = 9
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", re.ASCII)
_TLS_HINT = (
    "Check the clock of this machine and the site's certificate; if the site has its own certificate "
    "authority, name its bundle as `ca` in the settings of this source."
)


class HttpFetcher(SiteFetcher):
    """Files of a site by ``http(s)://`` URL, with byte ranges where the server serves them."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._pool = _pool(link)

    @contextmanager
    def opened(
        self, url: str, start: int = 0, known: Mark | None = None, stop: int | None = None
    ) -> Iterator[Opened]:
        host = urlsplit(url).netloc
        alone = self.link.traffic.alone_for(host)
        if alone:
            raise Interruption(f"{url}: the site asked not to be asked for {alone:.0f} seconds", after=alone)
        asked = known if known is not None and known.address == url and not start else None
        with _translated(url):
            response = self._answer(url, start, stop, asked)
        try:
            if response.status == _UNCHANGED and asked is not None:
                yield Opened(0, None, iter(()), asked, unchanged=True)
                return
            self._require_success(url, host, response)
            begins, total = _extent(url, response, start)
            size = self.link.traffic.chunk(CHUNK)
            yield Opened(begins, total, _chunks(url, response, size), _mark(url, response))
        finally:
            response.close()

    def _require_success(self, url: str, host: str, response: urllib3.BaseHTTPResponse) -> None:
        status = response.status
        if status in (200, 206):
            return
        if status >= 500 or status in _MAY_MEND:
            after = _retry_after(response)
            if after:
                self.link.traffic.leave_alone(host, after)
            raise Interruption(f"{url} answers with HTTP status {status}", after=after)
        if status >= 400:
            raise DownloadHTTPError(f"{url} answers with HTTP status {status}", status)
        raise Unreachable(f"{url} answers with HTTP status {status}, which brings no file")

    def _answer(self, url: str, start: int, stop: int | None, known: Mark | None) -> urllib3.BaseHTTPResponse:
        headers = {"User-Agent": f"pitstop/{__version__}", "Accept-Encoding": "identity"}
        if start or stop is not None:
            headers["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        elif known is not None:
            headers["If-Modified-Since"] = known.last_modified
        at = url
        for _ in range(_MOST_REDIRECTS):
            response = self._pool.request(
                "GET", at, headers=headers, preload_content=False, redirect=False, retries=False
            )
            if response.status not in _REDIRECTS:
                return response
            response.close()
            at = _redirected(at, response.headers.get("Location", ""))
        raise Unreachable(f"{url} is redirected more than {_MOST_REDIRECTS - 1} times")


def _pool(link: Link) -> urllib3.PoolManager:
    trusting = None if link.ca_bundle is None else _trusting(link.ca_bundle)
    timeout = urllib3.Timeout(connect=link.connect, read=link.silence)
    if link.proxy is None:
        return urllib3.PoolManager(
            maxsize=4, timeout=timeout, cert_reqs="CERT_REQUIRED", ssl_context=trusting
        )
    address, headers = proxy_parts(link.proxy)
    return urllib3.ProxyManager(
        address,
        proxy_headers=headers,
        proxy_ssl_context=trusting,
        maxsize=4,
        timeout=timeout,
        cert_reqs="CERT_REQUIRED",
        ssl_context=trusting,
    )


def _trusting(ca_bundle: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:
        raise InvalidInput(
            f"the bundle of certificate authorities {ca_bundle} cannot be used: {error.strerror or error}",
            hint="Name a PEM file that holds the certificates to trust.",
        ) from error


def _redirected(at: str, location: str) -> str:
    to = urljoin(at, location)
    if urlsplit(to).scheme not in ("http", "https"):
        raise Unreachable(f"{at} is redirected to {to}, which is no web address")
    if urlsplit(at).scheme == "https" and urlsplit(to).scheme != "https":
        raise Unreachable(f"{at} is redirected to {to}, out of TLS, and that is not followed")
    return to


def _retry_after(response: urllib3.BaseHTTPResponse) -> float:
    """Seconds for which the server asks to be left alone, said as seconds or as a date; 0: it does not."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS:
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return 0.0
    if until.tzinfo is None:
        return 0.0
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _mark(url: str, response: urllib3.BaseHTTPResponse) -> Mark | None:
    """What to ask with the next time. One that could not be sent back as it is counts as none."""
    said = (response.headers.get(name, "") for name in ("ETag", "Last-Modified"))
    etag, modified = (text if text.isascii() and text.isprintable() else "" for text in said)
    return Mark(url, etag, modified) if etag or modified else None


def proxy_parts(address: str) -> tuple[str, dict[str, str]]:
    """The proxy's address without its user and password, and the headers that say those.

    Raises:
        InvalidInput: it is no address of a proxy; the message shows no password.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise InvalidInput(
            "the address of the proxy is none",
            hint="It is http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    headers = {}
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=user)
    return f"{parts.scheme}://{host}" + (f":{port}" if port else ""), headers


def _extent(url: str, response: urllib3.BaseHTTPResponse, asked: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the file is, as the server says."""
    if response.status == 206:
        said = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if said is None or int(said[1]) != asked:
            raise Interruption(f"{url}: the server gave another part of the file than was asked for")
        return asked, None if said[2] == "*" else int(said[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isascii() and length.isdigit() else None


def _chunks(url: str, response: urllib3.BaseHTTPResponse, size: int) -> Iterator[bytes]:
    while True:
        with _translated(url):
            chunk = response.read1(size, decode_content=False)
        if not chunk:
            return
        yield chunk


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Says what urllib3 and what lies under it raise in Pitstop's words."""
    try:
        yield
    except SSLError as error:
        refused = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in error.args)
        kind = Unreachable if refused else Interruption
        raise kind(f"{url}: no trusted TLS connection: {error}", hint=_TLS_HINT) from error
    except (LocationValueError, UnicodeError) as error:
        raise Unreachable(f"{url} is no usable web address: {error}") from error
    except NameResolutionError as error:
        raise Interruption(f"{url}: the name of the site cannot be resolved") from error
    except (HTTPError, OSError, ValueError) as error:
        raise Interruption(f"{url}: {error}") from error
