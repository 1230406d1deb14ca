"""Asking an HTTP address or a port, for probes."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from pitstop.ports.nodes import Answer


class HttpProber(Protocol):
    async def get(self, url: str, *, deadline: timedelta) -> Answer:
        """The HTTP status and the body (at most 64 KiB) of a GET.

        Raises:
            Unreachable: no connection, or no answer within the deadline.
        """

    async def connect(self, address: str, port: int, *, deadline: timedelta) -> None:
        """Open a TCP connection and close it again.

        Raises:
            Unreachable: nobody listens there, or not within the deadline.
        """
