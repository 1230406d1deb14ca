"""One connection to one service: asking, answers as typed values, and what goes wrong in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from pitstop.client.address import DEFAULT_URL, checked_url, is_loopback, tls_context
from pitstop.client.events import reports_in
from pitstop.client.problems import error_of
from pitstop.model.errors import NotFound, Unreachable
from pitstop.package.typed import from_json
from pitstop.wire.base import View
from pitstop.wire.views import RunReport

T = TypeVar("T")
Query = Mapping[str, str | list[str]]

_SILENCE = 45.0
"""Seconds without even a heartbeat after which a stream counts as lost."""


class Connection:
    """One connection to one service.

    Args:
        url: the service's address. Plain http only on this machine.
        token: as a sign-in answered it; None for signing in.
        ca: certificates to trust instead of this machine's.
        timeout: seconds for each answer; looking into all sources may take longer and has none.

    Raises:
        InvalidInput: the address or the certificates cannot be used.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        token: str | None = None,
        ca: Path | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.url = checked_url(url)
        parts = urlsplit(self.url)
        headers = {"Accept": "application/json", "User-Agent": "pitstop"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(
            base_url=self.url,
            headers=headers,
            timeout=timeout,
            verify=tls_context(ca) if parts.scheme == "https" else False,
            trust_env=not is_loopback(parts.hostname or ""),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str, kind: type[T], query: Query | None = None) -> T:
        return self._read(self._ask("GET", path, query=query), kind)

    def _post(
        self,
        path: str,
        kind: type[T],
        body: View | None = None,
        *,
        query: Query | None = None,
    ) -> T:
        content = None if body is None else encoded(body)
        return self._read(self._ask("POST", path, query=query, content=content), kind)

    def _put(self, path: str, kind: type[T], body: bytes) -> T:
        return self._read(self._ask("PUT", path, content=body), kind)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        content: bytes | None = None,
        patient: bool = False,
    ) -> httpx.Response:
        headers = {} if content is None else {"Content-Type": "application/json"}
        request = self._http.build_request(
            method, f"api/v1/{path}", params=query, content=content, headers=headers
        )
        if patient:
            request.extensions["timeout"]["read"] = None
        with self._translated():
            answer = self._http.send(request)
        if not answer.is_success:
            raise error_of(answer.status_code, answer.content, self.url)
        return answer

    def _read(self, answer: httpx.Response, kind: type[T]) -> T:
        return self._decoded(answer.content, kind)

    def _decoded(self, body: bytes | str, kind: type[T]) -> T:
        try:
            return from_json(body, kind)
        except msgspec.DecodeError as error:
            raise Unreachable(
                f"{self.url} answers, but not as this version of Pitstop does: {error}",
                hint="Check the address, and that client and service are of the same version.",
            ) from error

    def _stream(self, run_id: str) -> Iterator[RunReport]:
        """The reports of one connection; it always ends by raising, or by being left."""
        timeout = httpx.Timeout(10.0, read=_SILENCE)
        path = f"api/v1/runs/{part(run_id)}/watch"
        with self._translated(), self._http.stream("GET", path, timeout=timeout) as answer:
            if not answer.is_success:
                raise error_of(answer.status_code, answer.read(), self.url)
            for data in reports_in(answer.iter_lines()):
                yield self._decoded(data, RunReport)
        raise Unreachable("the service ended the stream")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What the connection raises, in our words."""
        try:
            yield
        except httpx.ConnectError as error:
            raise Unreachable(
                f"nothing answers at {self.url}: {error}",
                hint="Is the service running? Start it with `pitstop service start`, or set PITSTOP_URL.",
            ) from error
        except httpx.TimeoutException as error:
            raise Unreachable(f"{self.url} does not answer in time") from error
        except httpx.TransportError as error:
            raise Unreachable(f"the connection to {self.url} was lost: {error}") from error

    def _fetched(self, path: str, start: int) -> Iterator[bytes]:
        headers = {"Range": f"bytes={start}-", "Accept-Encoding": "identity"} if start else {}
        with self._translated(), self._http.stream("GET", path, headers=headers) as answer:
            if not answer.is_success:
                raise error_of(answer.status_code, answer.read(), self.url)
            yield from answer.iter_bytes()


def encoded(body: View) -> bytes:
    return msgspec.json.encode(body)


def part(name: str) -> str:
    """A name as one part of a path.

    Raises:
        NotFound: it would not stay one part, so nothing has that name.
    """
    if name in ("", ".", "..") or "/" in name:
        raise NotFound(f"nothing is called {name!r}")
    return quote(name, safe="")
