"""Signing in: what the connection is encrypted with."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from pitstop.nodes.hops import hops_to
from pitstop.nodes.signing_in import sign_in
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import ssh_server

CHACHA = "chacha20-poly1305@openssh.com"


def cipher(tmp_path: Path, offered: tuple[str, ...] | None) -> str:
    """What is agreed upon with a server that offers these ciphers (None: all it knows)."""

    async def scene() -> str:
        async with ssh_server(tmp_path / "rack") as server:
            acceptor = await asyncssh.listen(
                "127.0.0.1",
                server_host_keys=[str(tmp_path / "rack/keys/n1-host")],
                authorized_client_keys=str(server.authorized),
                encryption_algs=offered or (),
            )
            (hop,) = hops_to(replace(server.node(), port=acceptor.get_port()))
            connection = await sign_in(hop, FileHostKeys(tmp_path / "host-keys"))
            agreed = str(connection.get_extra_info("send_cipher"))
            connection.close()
            acceptor.close()
            await connection.wait_closed()
        return agreed

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("offered", "agreed"), [(None, "aes256-gcm@openssh.com"), ((CHACHA,), CHACHA)], ids=["all", "chacha"]
)
def test_the_cheapest_cipher_that_both_know_is_taken(
    tmp_path: Path, offered: tuple[str, ...] | None, agreed: str
) -> None:
    assert cipher(tmp_path, offered) == agreed
