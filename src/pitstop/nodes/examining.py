"""Testing a node: whether it can be signed in to and has what operations need. Nothing is changed there."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import asyncssh

from pitstop.model.errors import HostKeyChanged, PitstopError, Unreachable
from pitstop.model.node_rules import fingerprint, jump_text
from pitstop.model.system import Become, Node
from pitstop.nodes.links import Links
from pitstop.nodes.signing_in import line_of
from pitstop.nodes.ssh import SUDO_HINT, UNFIT_HINT
from pitstop.nodes.wrapper import as_root, root_of
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.node_tests import NodeCheck, NodeExamined, ShownKey
from pitstop.wire.formats import size

_DEADLINE = timedelta(seconds=45)
_MOST_SKEW_SECONDS = 30.0
_LEAST_FREE_BYTES = 512 << 20
_SAID = 300

_PROGRAMS = ("flock", "setsid", "tar", "timeout", "find", "sync", "tail", "mkdir", "mv", "cat")
_SCRIPT = f"""
root=$1
for tool in {" ".join(_PROGRAMS)}; do
    command -v "$tool" >/dev/null 2>&1 || echo "lacks $tool"
done
echo "user $(id -u)"
echo "time $(date +%s)"
echo "charmap $(LC_ALL=C.UTF-8 locale charmap 2>/dev/null)"
[ ! -d "$root/" ] || echo "root is there"
place=$root/var/lib
[ -d "$place" ] || place=$root/
df -Pk "$place" 2>/dev/null | {{ read -r _; read -r _ _ _ free _; echo "free $free"; }}
echo "end"
"""


@dataclass
class _FreshKeys:
    """The pinned host keys as if one name had none; what it shows is noted here, and pinned nowhere."""

    inner: HostKeys
    name: str
    shown: dict[str, str] = field(default_factory=dict)

    def pinned(self, name: str) -> str | None:
        return self.shown.get(name) if name == self.name else self.inner.pinned(name)

    def all_pinned(self) -> Mapping[str, str]:
        return {**self.inner.all_pinned(), **self.shown}

    def pin(self, name: str, key: str) -> str:
        return self.shown.setdefault(name, key) if name == self.name else self.inner.pin(name, key)

    def trust(self, name: str, key: str) -> None:
        self.inner.trust(name, key)

    def forget(self, name: str) -> None:
        self.inner.forget(name)


@dataclass(frozen=True, slots=True)
class SshExaminer:
    """Implements :class:`pitstop.ports.node_tests.NodeExaminer`, in a loop of its own for each call."""

    host_keys: HostKeys
    now: Callable[[], float] = time.time

    def examine(
        self, node: Node, probes: Mapping[str, tuple[str, ...]], *, fresh: bool = False
    ) -> NodeExamined:
        keys = _FreshKeys(self.host_keys, node.name) if fresh else self.host_keys
        return asyncio.run(_Examination(node, probes, Links(keys), self.now).whole())

    def other_key(self, node: Node) -> ShownKey | None:
        async def look() -> ShownKey | None:
            links = Links(self.host_keys)
            try:
                async with asyncio.timeout(_DEADLINE.total_seconds()), links.session(node):
                    return None
            except HostKeyChanged as error:
                if error.shown is None:
                    raise Unreachable(error.message, hint=_TYPE_HINT) from error
                return ShownKey(error.name, error.shown)
            except TimeoutError as error:
                raise Unreachable(f"node {node.name} has not answered within {_DEADLINE}") from error
            finally:
                await links.close()

        return asyncio.run(look())


_TYPE_HINT = (
    "Its key of the pinned type is gone. If that was on purpose, `pitstop node replace` pins the other one."
)


@dataclass
class _Examination:
    """One test of one node."""

    node: Node
    probes: Mapping[str, tuple[str, ...]]
    links: Links
    now: Callable[[], float]
    checks: list[NodeCheck] = field(default_factory=list)
    host_key: str | None = None
    versions: dict[str, str] = field(default_factory=dict)

    async def whole(self) -> NodeExamined:
        try:
            async with asyncio.timeout(_DEADLINE.total_seconds()):
                await self._connect()
        except PitstopError as error:
            self._note("connects", False, error.message, error.hint)
        except TimeoutError:
            self._note("connects", False, f"no answer within {_DEADLINE}", Unreachable.default_hint)
        finally:
            await self.links.close()
        return NodeExamined(tuple(self.checks), self.host_key, self.versions)

    async def _connect(self) -> None:
        async with self.links.session(self.node) as connection:
            key = connection.get_server_host_key()
            self.host_key = line_of(key) if key is not None else None
            self._note("connects", True, self._way())
            if self.node.become is Become.SUDO and not await self._may_become_root(connection):
                return
            await self._look_around(connection)
            for product, command in self.probes.items():
                await self._ask_version(connection, product, command)

    def _way(self) -> str:
        node = self.node
        through = "".join(f" through {jump_text(jump)}" for jump in node.jump)
        shown = f", host key {fingerprint(self.host_key)}" if self.host_key else ""
        return f"signed in as {node.user} at {node.address}:{node.port}{through}{shown}"

    async def _may_become_root(self, connection: asyncssh.SSHClientConnection) -> bool:
        status, said = await self._run(connection, "id -u")
        is_root = status == 0 and said.splitlines()[-1:] == ["0"]
        self._note("sudo", is_root, "sudo -n gives root" if is_root else _shown(said), SUDO_HINT)
        return is_root

    async def _look_around(self, connection: asyncssh.SSHClientConnection) -> None:
        before = self.now()
        _, said = await self._run(connection, _SCRIPT, root_of(self.node))
        facts = dict(_pairs(said))
        lacking = [name for key, name in _pairs(said) if key == "lacks"]
        if "end" not in said.splitlines():
            self._note("shell", False, f"the node's shell does not do as asked: {_shown(said)}", UNFIT_HINT)
            return
        self._note(
            "programs",
            not lacking,
            f"missing: {', '.join(lacking)}" if lacking else "all that operations need are there",
            f"Install on the node: {', '.join(lacking)} (Debian: coreutils, util-linux, tar, findutils).",
        )
        self._note(
            "root folder",
            "root" in facts,
            f"{self.node.root} is {'there' if 'root' in facts else 'not there'}",
            "Make it, or correct `root` of the node.",
        )
        self._note_clock(facts.get("time", ""), (before + self.now()) / 2)
        self._note_locale(facts.get("charmap", ""))
        self._note_space(facts.get("free", ""))

    def _note_clock(self, said: str, here: float) -> None:
        if not said.isdigit():
            self._note("clock", None, "the node does not say its time")
            return
        skew = int(said) - here
        fast = "ahead of" if skew > 0 else "behind"
        self._note(
            "clock",
            abs(skew) <= _MOST_SKEW_SECONDS,
            f"{abs(skew):.0f} seconds {fast} this machine's",
            "Set the clock, and have it kept by NTP on both machines.",
        )

    def _note_locale(self, charmap: str) -> None:
        if charmap:
            self._note(
                "locale",
                charmap == "UTF-8",
                f"C.UTF-8 gives {charmap}",
                "Install the locale C.UTF-8 on the node: names of files would be read wrongly.",
            )
        else:
            self._note("locale", None, "the node has no program `locale` that would say it")

    def _note_space(self, free: str) -> None:
        if not free.isdigit():
            self._note("free space", None, "the node does not say how much is free")
            return
        there = int(free) * 1024
        self._note(
            "free space",
            there >= _LEAST_FREE_BYTES,
            f"{size(there)} free below {self.node.root}",
            f"Free at least {size(_LEAST_FREE_BYTES)}; an update may need more, and says so.",
        )

    async def _ask_version(
        self, connection: asyncssh.SSHClientConnection, product: str, command: tuple[str, ...]
    ) -> None:
        asked = shlex.join(command)
        there = 'cd "$1/" && export LC_ALL=C.UTF-8 PITSTOP_ROOT="$1"'
        script = f"{there} && {{ {asked} 2>/dev/null || {asked}; }}"
        status, said = await self._run(connection, script, root_of(self.node))
        if status == 0 and said.strip():
            self.versions[product] = said.strip()[-_SAID:]
        self._note(
            f"version of {product}",
            product in self.versions,
            self.versions.get(product) or f"the version probe ended with status {status}: {_shown(said)}",
            "Install what the other nodes run, or correct the version probe in the nodes file.",
        )

    async def _run(
        self, connection: asyncssh.SSHClientConnection, script: str, *arguments: str
    ) -> tuple[int | None, str]:
        """A shell text as operations run: as root, where that is so. Where it fails, also what it
        complains."""
        command = shlex.join([*as_root(self.node), "/bin/sh", "-c", script, "pitstop", *arguments])
        ended = await connection.run(command, input="", errors="replace")
        said = str(ended.stdout or "")
        if ended.exit_status != 0:
            said += str(ended.stderr or "")
        return ended.exit_status, said.replace("\0", "")

    def _note(self, name: str, passed: bool | None, what: str, remedy: str = "") -> None:
        self.checks.append(NodeCheck(name, passed, what, "" if passed else remedy))


def _pairs(said: str) -> Iterator[tuple[str, str]]:
    for line in said.splitlines():
        key, _, value = line.partition(" ")
        yield key, value.strip()


def _shown(said: str) -> str:
    return " ".join(said.split())[-_SAID:] or "it said nothing"
