"""Nodes for ``make bench-engine``: OpenSSH servers on the loopback, each with an address, a host key and a
root folder of its own.

Where that is allowed (root), each is in mount, UTS and process namespaces of its own: it has its own host
name, all that runs there ends with its server, and an empty file lies over the user's ``.bashrc``. bash reads
that file for each command that comes over SSH; what a developer has in there can take longer than the work.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

import asyncssh

from pitstop.model.system import Node

PORT = 2222
ROLE = "host"
_UP_SECONDS = 60.0
_SSHD = "/usr/sbin/sshd"
_APART = ("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
_SETTINGS = """\
Port {port}
ListenAddress {address}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
LogLevel ERROR
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""


class NoFleet(Exception):
    """There can be no SSH servers on this machine."""


@dataclass(frozen=True)
class Fleet:
    """The nodes that are up, and the key that opens them."""

    nodes: tuple[Node, ...]
    key: Path

    def rooted(self, folder: Path) -> tuple[Node, ...]:
        """The same nodes with new, empty roots below the folder."""
        nodes = tuple(replace(node, root=str(folder / node.name)) for node in self.nodes)
        for node in nodes:
            Path(node.root).mkdir(parents=True)
        return nodes


@contextmanager
def fleet(folder: Path, count: int) -> Iterator[Fleet]:
    """So many nodes, up until the block ends.

    Raises:
        NoFleet: there is no OpenSSH server here, or one does not come up.
    """
    if not Path(_SSHD).exists():
        raise NoFleet("there is no OpenSSH server here. On Debian: apt-get install openssh-server")
    folder.mkdir(parents=True)
    key = folder / "operator"
    public = _new_key(key)
    apart = _apart()
    with ExitStack() as running:
        nodes = []
        for number, address in enumerate(_addresses(count), start=1):
            home = folder / f"n{number}"
            home.mkdir()
            (home / "authorized").write_text(public + "\n")
            host_key = _new_key(home / "host")
            running.enter_context(_server(home, address, apart))
            nodes.append(
                Node(home.name, address, PORT, _user(), str(key), host_key, roles=(ROLE,), root=str(home))
            )
        for node in nodes:
            _await(node, folder / node.name)
        yield Fleet(tuple(nodes), key)


def _apart() -> bool:
    """Whether namespaces can be had."""
    if os.geteuid() != 0 or shutil.which(_APART[0]) is None:
        return False
    return subprocess.run([*_APART, "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def _server(home: Path, address: str, apart: bool) -> Iterator[None]:
    settings = home / "settings"
    settings.write_text(_SETTINGS.format(port=PORT, address=address, folder=home))
    server = [_SSHD, "-D", "-e", "-f", str(settings)]
    if apart:
        server = [*_APART, "/bin/sh", "-c", _alone(home.name, server)]
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(server, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _alone(name: str, server: Sequence[str]) -> str:
    """Shell text that makes a machine of the namespaces."""
    profile = shlex.quote(str(Path.home() / ".bashrc"))
    quiet = f"[ ! -e {profile} ] || mount --bind /dev/null {profile}"
    return f"hostname {name} && {{ {quiet}; }} && exec {shlex.join(server)}"


def _await(node: Node, home: Path) -> None:
    end = time.monotonic() + _UP_SECONDS
    while time.monotonic() < end:
        try:
            with socket.create_connection((node.address, node.port), 1) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            time.sleep(0.05)
    raise NoFleet(f"the SSH server of {node.name} does not come up: {(home / 'log').read_text().strip()}")


def _addresses(count: int) -> list[str]:
    """Of the loopback's sixteen million, a row that nobody else is likely to use: a port that is free now may
    be somebody's in a moment."""
    first = secrets.randbelow(1 << 23) + (1 << 20)
    return [str(IPv4Address("127.0.0.0") + first + number) for number in range(count)]


def _new_key(path: Path) -> str:
    """A new private key in ``path``; its public half as a line."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(path))
    path.chmod(0o600)
    return " ".join(key.export_public_key().decode("ascii").split()[:2])


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
