"""By syslog: RFC 5424 over UDP (RFC 5426), TCP or TLS (octets counted: RFC 6587, RFC 5425), or a socket of
this machine."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from pitstop.channels.labels import SEVERITIES
from pitstop.channels.wording import one_line
from pitstop.model.errors import TrustError, Unreachable
from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Message

_SECONDS = 10.0
_LONGEST = {"udp": 2048}
_LONGEST_OF_OTHERS = 8192
_FACILITY = 3
"""System daemons."""
_LEVELS = {Severity.CRITICAL: 2, Severity.WARNING: 4, Severity.INFORMATIONAL: 6}
_CLOSED_LEVEL = 5
_ELEMENT = "pitstop@32473"
"""Structured data is named under an enterprise's number; this one is set aside for documents (RFC 5612)."""


class Way(StrEnum):
    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    UNIX = "unix"


@dataclass(frozen=True, slots=True)
class Syslog:
    """A collector of system logs. By UDP nobody says whether anything arrived.

    Attributes:
        host: of ``unix``, the path of the socket.
    """

    name: str
    way: Way
    host: str
    port: int
    at_least: Severity
    ca: Path | None = None
    most: ClassVar[int] = 1
    again: ClassVar[timedelta | None] = None

    @property
    def says(self) -> str:
        return f"syslog {self.host}" if self.way is Way.UNIX else f"syslog {self.way} {self.host}:{self.port}"

    def send(self, messages: Sequence[Message]) -> None:
        try:
            for message in messages:
                self._send(line(message, _LONGEST.get(self.way, _LONGEST_OF_OTHERS)))
        except ssl.SSLCertVerificationError as error:
            raise TrustError(f"{self.says} shows a certificate that is not trusted") from error
        except OSError as error:
            raise Unreachable(f"{self.says} cannot be sent to: {error.strerror or error}") from error

    def _send(self, data: bytes) -> None:
        match self.way:
            case Way.UDP:
                _to_datagrams(self.host, self.port, data)
            case Way.UNIX:
                _to_socket_file(self.host, data)
            case Way.TCP | Way.TLS:
                counted = f"{len(data)} ".encode() + data
                with socket.create_connection((self.host, self.port), timeout=_SECONDS) as connection:
                    if self.way is Way.TCP:
                        _say_all(connection, counted)
                        return
                    context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
                    with context.wrap_socket(connection, server_hostname=self.host) as secured:
                        secured.sendall(counted)


def _to_datagrams(host: str, port: int, data: bytes) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as opened:
        opened.settimeout(_SECONDS)
        opened.connect(address)
        opened.send(data)


def _to_socket_file(path: str, data: bytes) -> None:
    """As a datagram where the socket takes these, else by a stream."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.settimeout(_SECONDS)
        try:
            opened.connect(path)
            opened.send(data)
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:
                raise
        else:
            return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(_SECONDS)
        stream.connect(path)
        stream.sendall(data + b"\n")


def _say_all(connection: socket.socket, data: bytes) -> None:
    """Say it, and wait a moment for the other side to end too: then it has all of it."""
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    try:
        connection.recv(1)
    except TimeoutError:
        return


def line(message: Message, longest: int = _LONGEST_OF_OTHERS) -> bytes:
    """The message as RFC 5424 has it, cut to so many bytes between two characters."""
    level = _CLOSED_LEVEL if message.closed else _LEVELS[message.severity]
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    state = "closed" if message.closed else "active"
    data = {
        "id": message.id,
        "code": message.code,
        "severity": SEVERITIES[message.severity],
        "state": "test" if message.is_test else state,
        "system": message.system,
        "subject": message.subject,
    }
    element = " ".join(f'{name}="{_escaped(value)}"' for name, value in data.items())
    head = f"<{_FACILITY * 8 + level}>1 {at} {_host()} pitstop {os.getpid()} alert [{_ELEMENT} {element}] "
    steps = " ".join(f"{number}. {step}" for number, step in enumerate(message.steps, start=1))
    said = one_line(f"{message.what} {'' if message.closed else steps} {message.page}")
    whole = head.encode() + b"\xef\xbb\xbf" + said.encode()
    return whole if len(whole) <= longest else whole[:longest].decode(errors="ignore").encode()


def _host() -> str:
    name = "".join(character for character in socket.gethostname() if "!" <= character <= "~")
    return name[:255] or "-"


def _escaped(value: str) -> str:
    for character in ("\\", '"', "]"):
        value = value.replace(character, f"\\{character}")
    return one_line(value)
