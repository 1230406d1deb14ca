"""Making machines, and what can be done to one from outside: look into it, break it, mend it, end it."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import asyncssh

from machines.base import NoMachines, base_root

HERE = Path(__file__).resolve().parent
USER = "root"
PORT = 22
MEGABYTES = 1024
"""Room on a machine beyond its base; in memory, so that nothing waits for a disk."""

_NETWORK = IPv4Network("198.18.0.0/15")
"""Set apart for trials of network devices (RFC 2544): nobody's real addresses."""

_PATIENCE_SECONDS = 30.0
_APART = ("unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child")
_SSHD = """\
Port {port}
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin prohibit-password
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""
_REBOOT = "#!/bin/sh\nexec kill -USR1 1\n"


@dataclass(frozen=True)
class Role:
    """What a machine is asked to be."""

    name: str
    roles: tuple[str, ...] = ("host",)
    fault_domain: str = ""


@dataclass
class Machine:
    """One that runs.

    Attributes:
        outside: the address of this machine's end of the cable.
        process: ``unshare``; its one child is the machine's init.
        init: the number of its process 1, as seen from outside.
    """

    asked: Role
    address: str
    outside: str
    host_key: str
    storage: Path
    process: subprocess.Popen[bytes]
    init: int

    @property
    def name(self) -> str:
        return self.asked.name

    @property
    def root(self) -> Path:
        """Its file system, to look into and to break from outside."""
        return Path(f"/proc/{self.init}/root")

    def run(self, *words: str, given: str | None = None) -> str:
        """What a command says that is run on it, as if at its console.

        Raises:
            subprocess.CalledProcessError: it ends with another status than 0.
        """
        ended = subprocess.run(
            [*self._inside, *words], input=given, capture_output=True, text=True, check=False
        )
        if ended.returncode != 0:
            raise subprocess.CalledProcessError(ended.returncode, words, ended.stdout, ended.stderr)
        return ended.stdout

    @property
    def _inside(self) -> list[str]:
        return ["nsenter", "--target", str(self.init), "--all", "--root", "--wd"]

    @property
    def console(self) -> str:
        """The command that is a shell on it."""
        return " ".join([*self._inside, "bash"])

    def boot_id(self) -> str:
        return self.run("cat", "/proc/sys/kernel/random/boot_id").strip()

    def packages(self) -> str:
        """``dpkg -l``, whole."""
        return self.run("dpkg", "-l")

    def mark(self, name: str, *, on: bool = True) -> None:
        """``no-restart`` or ``no-return``: how it comes to grief, as :file:`init.sh` says."""
        file = self.root / "etc/machine" / name
        file.touch() if on else file.unlink(missing_ok=True)


@contextmanager
def running(folder: Path, asked: Sequence[Role], *, megabytes: int = MEGABYTES) -> Iterator[list[Machine]]:
    """Machines, up until the block ends; ``folder/operator`` is the key that opens them.

    Raises:
        NoMachines: there can be none here, or one does not come up.
    """
    base = base_root()
    folder.mkdir(parents=True, exist_ok=True)
    operator = _new_key(folder / "operator")
    addresses = _addresses(len(asked))
    with ExitStack() as all_of_it:
        made = []
        for role, (outside, address) in zip(asked, addresses, strict=True):
            storage = folder / role.name
            host_key = _lay(storage.with_name(f"{role.name}.laid"), operator)
            process = _start(storage, base, role, megabytes)
            all_of_it.callback(_end, process)
            machine = Machine(role, address, outside, host_key, storage, process, _init_of(process))
            _connect(machine)
            made.append(machine)
        for machine in made:
            await_up(machine)
        yield made


def _lay(laid: Path, operator: str) -> str:
    """What a machine has beyond its base, in a folder to be copied onto it; its host key."""
    for path in ("etc/ssh", "root/.ssh", "etc/machine", "usr/sbin"):
        (laid / path).mkdir(parents=True)
    (laid / "root").chmod(0o700)
    host_key = _new_key(laid / "etc/ssh/ssh_host_ed25519_key")
    (laid / "etc/ssh/sshd_config").write_text(_SSHD.format(port=PORT))
    (laid / "root/.ssh/authorized_keys").write_text(f"{operator}\n")
    _executable(laid / "usr/sbin/reboot", _REBOOT)
    _executable(laid / "usr/sbin/machine-init", (HERE / "init.sh").read_text())
    return host_key


def _executable(path: Path, content: str) -> None:
    path.write_text(content)
    path.chmod(0o755)


def _start(storage: Path, base: Path, role: Role, megabytes: int) -> subprocess.Popen[bytes]:
    storage.mkdir()
    words = [*_APART, "sh", str(HERE / "start.sh"), role.name, str(base), str(storage), str(megabytes)]
    with storage.with_name(f"{role.name}.log").open("wb") as log:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Take its power: what runs on it ends with it."""
    process.kill()
    process.wait()


def _init_of(process: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    end = time.monotonic() + _PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if numbers := children.read_text().split():
            return int(numbers[0])
        time.sleep(0.01)
    raise NoMachines("a machine's namespaces cannot be made")


def _connect(machine: Machine) -> None:
    """A cable from here to the machine. It goes with the machine's network namespace."""
    ours, theirs = (f"ps{secrets.token_hex(4)}{end}" for end in "oi")
    _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", str(machine.init))
    _ip("addr", "add", f"{machine.outside}/31", "dev", ours)
    _ip("link", "set", ours, "up")
    inside = ("nsenter", "--target", str(machine.init), "--net", "ip")
    for words in (("addr", "add", f"{machine.address}/31", "dev", theirs), ("link", "set", theirs, "up")):
        subprocess.run([*inside, *words], check=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _addresses(count: int) -> list[tuple[str, str]]:
    """Pairs: this end's address and the machine's."""
    pairs = _NETWORK.num_addresses // 2
    first = secrets.randbelow(pairs - count)
    start = int(_NETWORK.network_address)
    return [
        (str(IPv4Address(start + 2 * number)), str(IPv4Address(start + 2 * number + 1)))
        for number in range(first, first + count)
    ]


def await_up(machine: Machine) -> None:
    """Wait until its SSH server answers.

    Raises:
        NoMachines: it does not.
    """
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            with socket.create_connection((machine.address, PORT), 1) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            time.sleep(0.05)
    log = machine.storage.with_name(f"{machine.name}.log")
    raise NoMachines(f"{machine.name} does not come up: {log.read_text().strip()}")


def _new_key(path: Path) -> str:
    """A new private key in ``path``; its public half as a line."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.touch(mode=0o600)
    key.write_private_key(str(path))
    return " ".join(key.export_public_key().decode("ascii").split()[:2])
