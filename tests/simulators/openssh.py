"""Machines of OpenSSH's own server: network namespaces of their own, one behind the other, made by root.

``worker -- jump host -- node``: the node has an address that the worker has no way to, as behind a bastion.
In its mount namespace each machine has accounts of its own: ``operator``, who may become root by sudo without
a password, and ``guest``, who may not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulators.ssh_server import make_key

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin:/bin")
PORT = 22
_PATIENCE_SECONDS = 20.0


@cache
def missing() -> str:
    """Why there can be no such machines here; "" where there can."""
    if os.geteuid() != 0:
        return "network namespaces are made by root"
    wanted = [name for name in ("ip", "unshare", "sudo", "useradd") if shutil.which(name) is None]
    if SSHD is None or wanted:
        return f"Debian's openssh-server, iproute2 and sudo are needed: {', '.join(wanted) or 'sshd'}"
    tried = subprocess.run(
        ["ip", "netns", "add", f"pitstop-try-{os.getpid()}"], capture_output=True, check=False
    )
    if tried.returncode != 0:
        return "this machine lets nobody make network namespaces"
    subprocess.run(["ip", "netns", "delete", f"pitstop-try-{os.getpid()}"], check=True)
    return ""


@dataclass(frozen=True)
class Machine:
    """One of them.

    Attributes:
        key: private key that ``operator`` and ``guest`` are let in with.
        host_line: its host key.
        log: what its server says.
    """

    address: str
    key: Path
    host_line: str
    log: Path


@contextmanager
def behind_a_jump_host(folder: Path) -> Iterator[tuple[Machine, Machine]]:
    """The jump host and the node behind it."""
    number = os.getpid() % 250
    near, far = f"10.203.{number}", f"10.204.{number}"
    with ExitStack() as all_of_it:
        jump, node = (all_of_it.enter_context(_namespace(f"pitstop-{os.getpid()}-{end}")) for end in "jn")
        _joined(None, f"{near}.1", jump, f"{near}.2", f"psj{os.getpid()}")
        _joined(jump, f"{far}.1", node, f"{far}.2", f"psn{os.getpid()}")
        yield (
            all_of_it.enter_context(_server(jump, f"{near}.2", folder / "jump")),
            all_of_it.enter_context(_server(node, f"{far}.2", folder / "node")),
        )


@contextmanager
def an_agent(folder: Path) -> Iterator[Path]:
    """An SSH agent that holds nothing."""
    socket = folder / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert agent.poll() is None
        yield socket
    finally:
        agent.terminate()
        agent.wait()


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """``operator`` and ``guest`` get there, and not to pytest's own folders: each start of it closes them."""
    with tempfile.TemporaryDirectory(prefix="pitstop-openssh-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def _namespace(name: str) -> Iterator[str]:
    _do("ip", "netns", "add", name)
    try:
        _do("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        _do("ip", "netns", "delete", name)


def _joined(left: str | None, left_address: str, right: str, right_address: str, name: str) -> None:
    """A cable between two namespaces; None is the one that we are in."""
    here = ["-n", left] if left else []
    _do("ip", *here, "link", "add", f"{name}l", "type", "veth", "peer", "name", f"{name}r")
    _do("ip", *here, "link", "set", f"{name}r", "netns", right)
    for where, end, address in ((here, "l", left_address), (["-n", right], "r", right_address)):
        _do("ip", *where, "address", "add", f"{address}/24", "dev", f"{name}{end}")
        _do("ip", *where, "link", "set", f"{name}{end}", "up")


@contextmanager
def _server(namespace: str, address: str, folder: Path) -> Iterator[Machine]:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    machine = Machine(address, folder / "key", make_key(folder / "host"), folder / "sshd.log")
    public = make_key(machine.key)
    for file in ("authorized", "key.pub"):
        (folder / file).write_text(f"{public}\n")
    (folder / "settings").write_text(_settings(folder, address))
    _make_accounts(folder)
    with (folder / "start.log").open("wb") as said:
        server = subprocess.Popen(
            ["ip", "netns", "exec", namespace, "unshare", "--mount", "/bin/sh", "-c", _START, "sh", folder],
            stdout=said,
            stderr=said,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SSHD": str(SSHD)},
            start_new_session=True,
        )
    try:
        _await(namespace, address, folder)
        yield machine
    finally:
        server.terminate()
        server.wait()
        _end_all_in(namespace)


def _settings(folder: Path, address: str) -> str:
    return f"""\
ListenAddress {address}:{PORT}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel VERBOSE
"""


_START = """
for file in passwd group shadow sudoers; do mount --bind "$1/$file" "/etc/$file" || exit 1; done
mkdir -p /run/sshd
exec "$SSHD" -D -f "$1/settings" -E "$1/sshd.log"
"""


def _make_accounts(folder: Path) -> None:
    """The machine's own accounts with two more; in its mount namespace they lie over the machine's."""
    for file, lines in {
        "passwd": ["operator:x:2001:2001::/tmp:/bin/bash", "guest:x:2002:2002::/tmp:/bin/bash"],
        "group": ["operator:x:2001:", "guest:x:2002:"],
        "shadow": ["operator:*:19000:0:99999:7:::", "guest:*:19000:0:99999:7:::"],
    }.items():
        present = Path("/etc", file).read_text().splitlines()
        (folder / file).write_text("".join(f"{line}\n" for line in [*present, *lines]))
    (folder / "passwd").chmod(0o644)
    (folder / "group").chmod(0o644)
    (folder / "shadow").chmod(0o600)
    (folder / "sudoers").write_text(
        "Defaults env_reset,use_pty\nDefaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\n"
        "root ALL=(ALL) ALL\noperator ALL=(root) NOPASSWD: ALL\n"
    )
    (folder / "sudoers").chmod(0o440)


def _await(namespace: str, address: str, folder: Path) -> None:
    """Until the server says that it listens."""
    limit = time.monotonic() + _PATIENCE_SECONDS
    while "Server listening" not in (_text(folder / "sshd.log")):
        if time.monotonic() > limit:
            said = _text(folder / "sshd.log") + _text(folder / "start.log")
            raise AssertionError(f"sshd in {namespace} does not listen at {address}: {said}")
        time.sleep(0.02)


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _end_all_in(namespace: str) -> None:
    """What sessions have left running there."""
    left = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=True)
    for pid in left.stdout.split():
        subprocess.run(["kill", "-9", pid], capture_output=True, check=False)


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
