"""Bundles arrive: over SFTP through breaks, in a store that speaks S3, by PUT; and why not is said."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import asyncssh
import obstore
import pytest
from obstore.store import from_url

from pitstop.diagnostics.targets import PutTarget, SftpTarget, StoreTarget, path_of, read_options
from pitstop.model.errors import InvalidInput, NotPermitted, TrustError, Unreachable
from simulators.s3_store import s3_store
from simulators.ssh_server import make_key

CONTENT = hashlib.sha256(b"seed").digest() * 100_000
"""3.2 MB."""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    file = tmp_path / "logs.zip"
    file.write_bytes(CONTENT)
    return file


@dataclass
class Reported:
    """How far a sending has come."""

    steps: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, done: int, whole: int) -> None:
        self.steps.append((done, whole))


# --- SFTP --------------------------------------------------------------------------------


@dataclass
class SftpSite:
    """An SFTP server with a folder; it may break the connection once after so many bytes."""

    folder: Path
    target: SftpTarget
    breaks_after: int | None = None
    written: list[int] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)


@asynccontextmanager
async def sftp_site(folder: Path) -> AsyncIterator[SftpSite]:
    root, keys = folder / "site", folder / "keys"
    (root / "incoming").mkdir(parents=True)
    host_line, ours = make_key(keys / "host"), make_key(keys / "ours")
    (keys / "authorized").write_text(ours + "\n")

    class Server(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            made.connections.append(conn)

    class Sftp(asyncssh.SFTPServer):
        def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(chan, chroot=str(root).encode())

        def write(self, file_obj: object, offset: int, data: bytes) -> int:
            made.written.append(offset)
            if made.breaks_after is not None and offset >= made.breaks_after:
                made.breaks_after = None
                made.connections[-1].abort()
                raise asyncssh.SFTPConnectionLost("broken")
            return super().write(file_obj, offset, data)  # type: ignore[return-value]

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=[str(keys / "host")],
        authorized_client_keys=str(keys / "authorized"),
        sftp_factory=Sftp,
    )
    target = SftpTarget(
        "vendor", "127.0.0.1", server.get_port(), "logs", "/incoming", keys / "ours", host_line, pause=0.01
    )
    made = SftpSite(root / "incoming", target)
    yield made
    server.close()
    await server.wait_closed()


def test_over_sftp_a_bundle_arrives_whole_under_its_name(tmp_path: Path, bundle: Path) -> None:
    async def scene() -> None:
        async with sftp_site(tmp_path) as site:
            reported = Reported()
            place = await site.target.send(bundle, "a.zip", reported)
            assert place == f"sftp://logs@127.0.0.1:{site.target.port}/incoming/a.zip"
            assert {file.name: file.read_bytes() for file in site.folder.iterdir()} == {"a.zip": CONTENT}
            assert reported.steps[-1] == (len(CONTENT), len(CONTENT))

    asyncio.run(scene())


def test_over_sftp_it_goes_on_where_the_connection_broke(tmp_path: Path, bundle: Path) -> None:
    async def scene() -> None:
        async with sftp_site(tmp_path) as site:
            site.breaks_after = 2 << 20
            await site.target.send(bundle, "a.zip", Reported())
            assert (site.folder / "a.zip").read_bytes() == CONTENT
            assert len(site.connections) == 2
            assert site.written.count(0) == 1
            assert not (site.folder / "a.zip.part").exists()

    asyncio.run(scene())


def test_nothing_is_sent_to_a_server_with_another_key(tmp_path: Path, bundle: Path) -> None:
    async def scene() -> None:
        async with sftp_site(tmp_path) as site:
            target = site.target
            other = SftpTarget(
                "vendor",
                target.host,
                target.port,
                "logs",
                "/incoming",
                target.key,
                make_key(tmp_path / "other"),
            )
            with pytest.raises(TrustError, match="another host key"):
                await other.send(bundle, "a.zip", Reported())
            assert list(site.folder.iterdir()) == []

    asyncio.run(scene())


def test_a_folder_that_is_not_there_and_a_key_that_is_not_let_in_are_said(
    tmp_path: Path, bundle: Path
) -> None:
    async def scene() -> None:
        async with sftp_site(tmp_path) as site:
            at = site.target
            elsewhere = SftpTarget("v", at.host, at.port, "logs", "/nowhere", at.key, at.host_key)
            make_key(tmp_path / "stranger")
            stranger = SftpTarget(
                "v", at.host, at.port, "logs", "/incoming", tmp_path / "stranger", at.host_key
            )
            for target in (elsewhere, stranger):
                with pytest.raises(NotPermitted, match="does not take it"):
                    await target.send(bundle, "a.zip", Reported())

    asyncio.run(scene())


def test_a_server_that_does_not_answer_is_tried_some_times_and_said(tmp_path: Path, bundle: Path) -> None:
    make_key(tmp_path / "key")
    line = make_key(tmp_path / "host")
    target = SftpTarget("v", "127.0.0.1", 1, "logs", "/", tmp_path / "key", line, pause=0.0)
    with pytest.raises(Unreachable, match=r"sftp://logs@127.0.0.1:1/ cannot be sent to"):
        asyncio.run(target.send(bundle, "a.zip", Reported()))


# --- S3 --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store() -> Iterator[Mapping[str, str]]:
    with s3_store("logs") as options:
        yield options


def test_in_a_store_a_bundle_arrives_whole(store: Mapping[str, str], bundle: Path) -> None:
    bundle.write_bytes(CONTENT * 4)
    place = asyncio.run(StoreTarget("s", "s3://logs/of/aurora", store).send(bundle, "a.zip", Reported()))
    assert place == "s3://logs/of/aurora/a.zip"
    there = from_url("s3://logs/of/aurora", client_options={"allow_http": True}, **store)  # type: ignore[call-overload] # of any store
    assert bytes(obstore.get(there, "a.zip").bytes()) == CONTENT * 4


def test_a_bucket_that_is_not_there_is_said_without_secrets(store: Mapping[str, str], bundle: Path) -> None:
    with pytest.raises(Unreachable, match=r"s3://none/x cannot be sent to") as refused:
        asyncio.run(StoreTarget("s", "s3://none/x", store, pause=0.0).send(bundle, "a.zip", Reported()))
    assert "secret" not in str(refused.value)


# --- PUT --------------------------------------------------------------------------------


@dataclass
class PutSite:
    """A web server that takes files by PUT. ``answers``: the statuses that it gives first."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    authorizations: list[str | None] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[PutSite]:
    made = PutSite()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.authorizations.append(self.headers["Authorization"])
            status = made.answers.pop(0) if made.answers else 201
            if status < 300:
                made.files[self.path] = body
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/up"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def test_by_put_a_bundle_arrives_whole_with_the_token(site: PutSite, bundle: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken\nmore\n")
    site.answers = [503]
    place = asyncio.run(PutTarget("p", site.url, token, pause=0.0).send(bundle, "a.zip", Reported()))
    assert place == f"{site.url}/a.zip"
    assert site.files == {"/up/a.zip": CONTENT}
    assert site.authorizations == ["Bearer t0ken", "Bearer t0ken"]


@pytest.mark.parametrize(("status", "error"), [(403, NotPermitted), (401, NotPermitted), (507, Unreachable)])
def test_a_put_that_is_refused_says_so(
    site: PutSite, bundle: Path, status: int, error: type[Exception]
) -> None:
    site.answers = [status] * 9
    with pytest.raises(error, match=str(status)):
        asyncio.run(PutTarget("p", site.url, pause=0.0).send(bundle, "a.zip", Reported()))


# --- settings --------------------------------------------------------------------------------


def test_options_of_a_store_are_lines_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "options"
    file.write_text("# ours\nendpoint=https://s3.example\n\nsecret_access_key = a=b\n")
    assert read_options(file) == {"endpoint": "https://s3.example", "secret_access_key": "a=b"}
    file.write_text("endpoint\n")
    with pytest.raises(InvalidInput, match="NAME=VALUE"):
        read_options(file)


@pytest.mark.parametrize("url", ["sftp://host/x", "sftp:///x", "sftp://me:secret@host/x"])
def test_what_is_no_sftp_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        path_of(url)
    assert path_of("sftp://me@host:2222/x") == ("host", 2222, "me", "/x")
