"""A site behind HTTP or HTTPS: any static web server, object store or content network.

Answers and their meaning: 200 and 206 bring bytes; 3xx is followed a few times, never from https to http;
408, 429 and 5xx may mend and are tried again; other 4xx mean that the site does not give this file.
Proxy and other settings are never taken from the environment. HTTPS is always verified.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import urllib3
from tuf.api.exceptions import DownloadHTTPError
from urllib3.exceptions import HTTPError, LocationValueError, NameResolutionError, SSLError

from pitstop import __version__
from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.transport.fetcher import CHUNK, Opened, SiteFetcher
from pitstop.transport.link import Interruption, Link

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 4
_MAY_MEND = frozenset({408, 429})
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", re.ASCII)
_TLS_HINT = (
    "Check the clock of this machine and the site's certificate; if the site has its own certificate "
    "authority, configure its bundle for this source."
)


class HttpFetcher(SiteFetcher):
    """Files of a site by ``http(s)://`` URL, with byte ranges where the server serves them."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._pool = urllib3.PoolManager(
            maxsize=4,
            timeout=urllib3.Timeout(connect=link.connect, read=link.silence),
            cert_reqs="CERT_REQUIRED",
            ssl_context=None if link.ca_bundle is None else _trusting(link.ca_bundle),
        )

    @contextmanager
    def opened(self, url: str, start: int = 0) -> Iterator[Opened]:
        with _translated(url):
            response = self._answer(url, start)
        try:
            _require_success(url, response)
            begins, total = _extent(url, response, start)
            yield Opened(begins, total, _chunks(url, response))
        finally:
            response.close()

    def _answer(self, url: str, start: int) -> urllib3.BaseHTTPResponse:
        headers = {"User-Agent": f"pitstop/{__version__}", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
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


def _require_success(url: str, response: urllib3.BaseHTTPResponse) -> None:
    status = response.status
    if status in (200, 206):
        return
    if status >= 500 or status in _MAY_MEND:
        raise Interruption(f"{url} answers with HTTP status {status}")
    if status >= 400:
        raise DownloadHTTPError(f"{url} answers with HTTP status {status}", status)
    raise Unreachable(f"{url} answers with HTTP status {status}, which brings no file")


def _extent(url: str, response: urllib3.BaseHTTPResponse, asked: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the file is, as the server says."""
    if response.status == 206:
        said = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if said is None or int(said[1]) != asked:
            raise Interruption(f"{url}: the server gave another part of the file than was asked for")
        return asked, None if said[2] == "*" else int(said[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isascii() and length.isdigit() else None


def _chunks(url: str, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    while True:
        with _translated(url):
            chunk = response.read1(CHUNK, decode_content=False)
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
