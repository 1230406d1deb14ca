"""Syslog: RFC 5424 over each way, against real sockets."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from channels.messages import AT, certificate, message
from pitstop.channels.syslog import Syslog, Way, line
from pitstop.model.errors import TrustError, Unreachable
from pitstop.model.findings import Severity

RFC5424 = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<host>[!-~]{1,255}) "
    r"pitstop (?P<pid>\d+) "
    r'alert \[pitstop@32473(?P<data>( [a-z]+="(?:[^"\\\]]|\\.)*")+)\] \ufeff(?P<text>.*)',
    re.DOTALL,
)


def read(data: bytes) -> re.Match[str]:
    found = RFC5424.fullmatch(data.decode())
    assert found is not None, data
    return found


def test_a_line_is_rfc_5424() -> None:
    said = read(line(message()))
    assert int(said["pri"]) == 3 * 8 + 2
    assert (
        'code="no-space" severity="critical" state="active" system="Rack 7" subject="node n3"' in said["data"]
    )
    assert said["text"].startswith("The disk of n3 is full. 1. Make room on n3. 2. Then resume")
    assert said["text"].endswith("https://pitstop.example/alerts/a1")


@pytest.mark.parametrize(
    ("severity", "closed", "level"),
    [
        (Severity.CRITICAL, False, 2),
        (Severity.WARNING, False, 4),
        (Severity.INFORMATIONAL, False, 6),
        (Severity.CRITICAL, True, 5),
    ],
)
def test_levels(severity: Severity, closed: bool, level: int) -> None:
    said = read(line(message(severity=severity, closed=AT if closed else None)))
    assert int(said["pri"]) % 8 == level


def test_what_would_end_the_data_or_the_line_is_escaped() -> None:
    said = read(line(replace(message(what='a"]\nb'), subject='node "x]\\y"\nz')))
    assert r'subject="node \"x\]\\y\" z"' in said["data"]
    assert "\n" not in said["text"]


def test_a_long_line_is_cut_between_two_characters() -> None:
    data = line(message(what="ä" * 5000), 2048)
    assert 2046 <= len(data) <= 2048
    data.decode()


@contextmanager
def listening(
    kind: int, serve: Callable[[socket.socket, Queue[bytes]], None], path: str = ""
) -> Iterator[tuple[socket.socket, Queue[bytes]]]:
    taken: Queue[bytes] = Queue()
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET, kind) as server:
        server.bind(path or ("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            server.listen()
        server.settimeout(10)
        thread = Thread(target=serve, args=(server, taken), daemon=True)
        thread.start()
        yield server, taken
        thread.join(10)


def _datagram(server: socket.socket, taken: Queue[bytes]) -> None:
    taken.put(server.recv(65536))


def _stream(server: socket.socket, taken: Queue[bytes]) -> None:
    connection, _ = server.accept()
    with connection:
        taken.put(b"".join(iter(lambda: connection.recv(4096), b"")))


def test_over_udp() -> None:
    with listening(socket.SOCK_DGRAM, _datagram) as (server, taken):
        channel = Syslog("log", Way.UDP, "127.0.0.1", server.getsockname()[1], Severity.WARNING)
        channel.send([message()])
        assert read(taken.get(timeout=10))["text"]


def test_over_tcp_octets_are_counted() -> None:
    with listening(socket.SOCK_STREAM, _stream) as (server, taken):
        channel = Syslog("log", Way.TCP, "127.0.0.1", server.getsockname()[1], Severity.WARNING)
        channel.send([message()])
        assert read(_uncounted(taken.get(timeout=10)))["text"]


def test_over_tls_to_who_is_trusted(tmp_path: Path) -> None:
    ca, context = certificate(tmp_path)

    def serve(server: socket.socket, taken: Queue[bytes]) -> None:
        for _ in range(2):
            connection, _ = server.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    taken.put(b"".join(iter(lambda: secured.recv(4096), b"")))
            except ssl.SSLError:
                connection.close()

    with listening(socket.SOCK_STREAM, serve) as (server, taken):
        channel = Syslog("log", Way.TLS, "127.0.0.1", server.getsockname()[1], Severity.WARNING)
        with pytest.raises(TrustError):
            channel.send([message()])
        replace(channel, ca=ca).send([message()])
        assert read(_uncounted(taken.get(timeout=10)))["text"]


@pytest.mark.parametrize(("kind", "serve"), [(socket.SOCK_DGRAM, _datagram), (socket.SOCK_STREAM, _stream)])
def test_over_a_socket_of_this_machine(
    tmp_path: Path, kind: int, serve: Callable[[socket.socket, Queue[bytes]], None]
) -> None:
    path = str(tmp_path / "log")
    with listening(kind, serve, path) as (_, taken):
        Syslog("log", Way.UNIX, path, 0, Severity.WARNING).send([message()])
        assert read(taken.get(timeout=10).rstrip(b"\n"))["text"]


@pytest.mark.parametrize("way", [Way.TCP, Way.UNIX])
def test_nobody_there(tmp_path: Path, way: Way) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = str(tmp_path / "nothing") if way is Way.UNIX else "127.0.0.1"
        with pytest.raises(Unreachable, match="syslog"):
            Syslog("log", way, host, free.getsockname()[1], Severity.WARNING).send([message()])


def _uncounted(data: bytes) -> bytes:
    count, _, rest = data.partition(b" ")
    assert int(count) == len(rest)
    return rest
