"""Asking HTTP addresses and ports of nodes: :class:`pitstop.ports.http.HttpProber` over httpx.

What is asked is the node itself: no proxy of the environment in between, no redirect to elsewhere followed,
a connection of its own for each question.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx

from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.ports.nodes import Answer

BODY_BYTES = 65_536


class HttpxProber:
    """One for an event loop."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - each question has a deadline as a whole
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def get(self, url: str, *, deadline: timedelta) -> Answer:
        try:
            async with (
                asyncio.timeout(deadline.total_seconds()),
                self._client.stream("GET", url) as response,
            ):
                return Answer(response.status_code, await _beginning(response))
        except TimeoutError as error:
            raise Unreachable(f"{url} has not answered within {deadline}") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise InvalidInput(f"{url!r} is no HTTP address: {error}") from error
        except httpx.HTTPError as error:
            raise Unreachable(f"{url} does not answer: {str(error) or type(error).__name__}") from error

    async def connect(self, address: str, port: int, *, deadline: timedelta) -> None:
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                _, writer = await asyncio.open_connection(address, port)
        except TimeoutError as error:
            raise Unreachable(f"{address}:{port} takes no connection within {deadline}") from error
        except OSError as error:
            raise Unreachable(f"{address}:{port} takes no connection: {error}") from error
        writer.close()

    async def close(self) -> None:
        await self._client.aclose()


async def _beginning(response: httpx.Response) -> str:
    """The first 64 KiB of the body, as UTF-8, without NUL characters: no database keeps them in a text."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= BODY_BYTES:
            break
    return body[:BODY_BYTES].decode("utf-8", "replace").replace("\0", "")
