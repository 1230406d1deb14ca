"""Nodes with real SSH servers and logs, and what collects from them."""

from __future__ import annotations

import asyncio
import json
import lzma
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pitstop.diagnostics.collecting import LogCollector
from pitstop.model.logs import Bundle, BundleState, Collected, Wanted, Why
from pitstop.model.system import SystemDescription
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.logs import FILE, Gathered
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import SshServer, ssh_server

SINCE, UNTIL = datetime(2026, 11, 20, 8, 5, tzinfo=UTC), datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
JOURNAL = Path(__file__).parent / "node.journal.xz"
"""Made from ``node.export`` with ``systemd-journal-remote``."""


@dataclass
class NoRuns:
    """Evidence about runs, as a test sets it."""

    texts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def runs(self, wanted: Wanted) -> Sequence[str]:
        return list(self.texts)

    def of(self, run_id: str) -> Iterable[tuple[str, str]]:
        return self.texts[run_id]


@dataclass
class Rack:
    """Nodes that are up, and a collector for them; a test may put others of its parts in place."""

    servers: list[SshServer]
    collector: LogCollector
    evidence: NoRuns
    folder: Path

    def __getitem__(self, name: str) -> SshServer:
        return next(server for server in self.servers if server.name == name)

    def change(self, **parts: Any) -> None:
        self.collector = replace(self.collector, **parts)

    async def collect(self, wanted: Wanted | None = None) -> Opened:
        bundle = Bundle(
            "0a1b2c3d-0000", "ada", Why.ASKED, wanted or Wanted(SINCE, UNTIL), BundleState.COLLECTING, UNTIL
        )
        folder = self.folder / "work"
        folder.mkdir()
        reports: list[tuple[int, int]] = []
        gathered = await self.collector.collect(bundle, folder, lambda done, of: reports.append((done, of)))
        assert [path.name for path in folder.iterdir()] == [FILE]
        return Opened(gathered, folder / FILE, reports)


@dataclass
class Opened:
    """A bundle that was collected, and its file."""

    gathered: Gathered
    file: Path
    reports: list[tuple[int, int]]

    def text(self, member: str) -> str:
        with zipfile.ZipFile(self.file) as archive:
            return archive.read(member).decode()

    @property
    def members(self) -> list[str]:
        with zipfile.ZipFile(self.file) as archive:
            assert archive.testzip() is None
            return archive.namelist()

    @property
    def everything(self) -> str:
        return "\n".join(self.text(member) for member in self.members)

    @property
    def result(self) -> Any:
        return json.loads(self.text("bundle.json"))

    def of(self, origin: str, name: str) -> Collected:
        found = [thing for thing in self.gathered.collected if (thing.origin, thing.name) == (origin, name)]
        assert len(found) == 1, self.gathered.collected
        return found[0]


def lay_logs(root: Path) -> None:
    """What a node has: a journal, logs as text, packed, of long ago, and no text at all."""
    (root / "var/log/journal/aaaaaaaabbbbccccddddeeeeeeeeeeee").mkdir(parents=True)
    (root / "var/log/journal/aaaaaaaabbbbccccddddeeeeeeeeeeee/system.journal").write_bytes(
        lzma.decompress(JOURNAL.read_bytes())
    )
    (root / "var/log/app").mkdir()
    (root / "var/log/app/app.log").write_text("one\npassword=file7Secret\ntwo\n")
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("NAME=Lantern\n")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nclara:x:1000:1000::/home/clara:/bin/sh\n")


Scene = Callable[[Rack], Awaitable[None]]
Play = Callable[..., None]


@asynccontextmanager
async def racked(folder: Path, names: Sequence[str]) -> AsyncIterator[Rack]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(ssh_server(folder / "rack", name)) for name in names]
        for server in servers:
            lay_logs(server.root)
        streams = SshStreams(FileHostKeys(folder / "host-keys"))
        stack.push_async_callback(streams.close)
        nodes = tuple(replace(server.node(), roles=(f"role-{server.name}",)) for server in servers)
        system = SystemDescription("aurora", "north", "Lumen", "Lumen R4", nodes)
        evidence = NoRuns()
        collector = LogCollector(streams, evidence, lambda: system, folder / "service", spare=0)
        yield Rack(servers, collector, evidence, folder)


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs a scene with nodes that are up."""

    def plays(scene: Scene, *names: str) -> None:
        async def run() -> None:
            async with racked(tmp_path, names or ("n1",)) as rack:
                await scene(rack)

        asyncio.run(run())

    return plays
