"""A bench for step kinds: one real node over SSH, a content store, and a clock that does not wait."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import NotFound
from pitstop.model.inner_steps import InnerStep
from pitstop.model.packages import (
    ContentFile,
    Manifest,
    PackageMetadata,
    PackageType,
    Volume,
)
from pitstop.model.plans import Plan
from pitstop.model.releases import ReleaseId
from pitstop.model.runs import Run, RunPurpose, RunState, Step
from pitstop.model.system import Node, SystemDescription
from pitstop.model.versions import Version
from pitstop.nodes.ssh import SshNodes
from pitstop.package.delta_route import Delta, Route
from pitstop.ports.checks import Readiness
from pitstop.ports.feeds import Feed
from pitstop.ports.nodes import NodeDriver
from pitstop.ports.payloads import Progress
from pitstop.steps.kind import Done, StepContext, World
from pitstop.steps.table import KINDS
from simulators.clock import SimulatedClock
from simulators.host_keys import FileHostKeys
from simulators.http import SimulatedHttp
from simulators.ssh_server import SshServer, ssh_server

RUN = "7b0c4a1e-0000-4000-8000-000000000001"
PACKAGE = "Northstar1.2402.0.8"
DEADLINE = timedelta(seconds=20)
REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements/ansible.txt"


class Content:
    """A package's content and volumes in a folder, as the payload store keeps them, unpacked from nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.files: list[ContentFile] = []
        self._packed: dict[str, bytes] = {}
        self.volumes: list[Volume] = []
        self.unpacked = 0

    def add(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Into the manifest, in place of what has this path."""
        digest = hashlib.sha256(content).hexdigest()
        self._packed[digest] = content
        (self.folder / digest).write_bytes(content)
        kept = [file for file in self.files if file.path != path]
        self.files = [*kept, ContentFile(path, mode, len(content), digest)]

    def put_documents(self, package: str, documents: dict[str, bytes]) -> None:
        raise NotImplementedError

    def document(self, package: str, name: str) -> bytes:
        raise NotImplementedError

    def plan(self, package: str) -> Plan:
        raise NotImplementedError

    def discard(self, package: str) -> None:
        raise NotImplementedError

    def metadata(self, package: str) -> PackageMetadata:
        version = Version.parse("1.2402.0.8")
        links = ("", "", "")
        return PackageMetadata(
            *(package, "Northstar", "lantern", PackageType.FULL, version, package, "", (), None, None, False),
            *((), *links, 0, "", "", tuple(self.volumes)),
        )

    def manifest(self, package: str) -> Manifest:
        assert package == PACKAGE
        return Manifest(tuple(sorted(self.files, key=lambda file: file.path)))

    def volume(self, package: str, name: str) -> Path:
        assert package == PACKAGE
        return self.folder / name

    def missing_content(self, package: str) -> Sequence[ContentFile]:
        assert package == PACKAGE
        return [file for file in self.files if not (self.folder / file.sha256).exists()]

    def delta(self, package: str, delta: Delta) -> Path:
        return self.folder / delta.name

    def deltas(self, package: str) -> Sequence[Delta]:
        return ()

    def rebuild(self, package: str, route: Route, progress: Progress) -> None:
        raise NotImplementedError

    def unpack(self, package: str, progress: Progress) -> None:
        self.unpacked += 1
        for file in self.missing_content(package):
            (self.folder / file.sha256).write_bytes(self._packed.get(file.sha256, b""))
        progress(1, 1)

    def drop_damaged(self, files: Sequence[ContentFile]) -> Sequence[ContentFile]:
        damaged = [file for file in files if self._sha256(file) != file.sha256]
        for file in damaged:
            (self.folder / file.sha256).unlink(missing_ok=True)
        return damaged

    def _sha256(self, file: ContentFile) -> str:
        return hashlib.sha256((self.folder / file.sha256).read_bytes()).hexdigest()

    def content(self, file: ContentFile) -> Path:
        path = self.folder / file.sha256
        if not path.exists():
            raise NotFound(f"content {file.path} is not here")
        return path


def no_feed(update: str) -> Feed:
    raise AssertionError(f"nobody asked for a feed of {update}")


@dataclass
class NodeBench:
    """A node, and steps to do on it."""

    driver: NodeDriver
    content: Content
    node: Node
    http: SimulatedHttp = field(default_factory=SimulatedHttp)
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    feed: Callable[[str], Feed] = no_feed
    probes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reports: list[tuple[int, int]] = field(default_factory=list)
    records: dict[str, Mapping[str, str]] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)
    inner: list[InnerStep] = field(default_factory=list)
    seen: list[InnerStep] = field(default_factory=list)
    on_wait: Callable[[], Awaitable[None]] | None = None
    epoch: int = 1
    readiness: Readiness | None = None
    deadline: timedelta = DEADLINE

    async def wait(self, reason: str, until: datetime) -> None:
        assert until > self.clock.now()
        self.waits.append(reason)
        if self.on_wait is not None:
            await self.on_wait()

    async def tell(self, first: int, inner: Sequence[InnerStep]) -> None:
        self.inner[first:] = inner
        self.seen += inner

    def context(
        self,
        kind: str,
        *,
        index: str = "1.1",
        attempt: int = 1,
        on_node: bool = True,
        undoes: str | None = None,
    ) -> StepContext:
        system = SystemDescription("rack", "north", "Lumen", "R4", (self.node,), self.probes)
        release = ReleaseId("Northstar", "lantern", Version.parse("1.2402.0.8"))
        at = datetime(2026, 11, 20, tzinfo=UTC)
        run = Run(RUN, PACKAGE, release, RunPurpose.APPLY, RunState.IN_PROGRESS, at, "me", epoch=self.epoch)
        step = Step(
            index,
            kind,
            kind=kind,
            node=self.node.name,
            attempt=attempt,
            deadline=self.deadline,
            undoes=undoes,
        )
        return StepContext(
            World(
                system,
                self.driver,
                self.http,
                self.content,
                self.feed,
                self.clock,
                readiness=self.readiness,
            ),
            run,
            step,
            self.node if on_node else None,
            self._earlier,
            lambda done, of: self.reports.append((done, of)),
            self.wait,
            self.tell,
        )

    def _earlier(self, kind: str) -> Step | None:
        record = self.records.get(kind)
        return None if record is None else Step("1.0", kind, kind=kind, record=record)

    async def act(
        self,
        name: str,
        args: Mapping[str, object],
        index: str = "1.1",
        attempt: int = 1,
        undoes: str | None = None,
    ) -> Done:
        kind = KINDS[name]
        context = self.context(name, index=index, attempt=attempt, on_node=kind.on_node, undoes=undoes)
        return await kind.act(context, kind.read(args, "here"))

    async def probe(self, name: str, args: Mapping[str, object]) -> Done | None:
        kind = KINDS[name]
        return await kind.probe(self.context(name, on_node=kind.on_node), kind.read(args, "here"))

    async def reattach(self, name: str, index: str = "1.1", attempt: int = 1) -> Done | None:
        return await KINDS[name].reattach(self.context(name, index=index, attempt=attempt))

    def facts(self, **facts: str) -> None:
        self.node = replace(self.node, facts=facts)


@dataclass
class Bench(NodeBench):
    """One node that is an SSH server of this very process, and steps to do on it."""

    server: SshServer = field(kw_only=True)


Play = Callable[[Callable[[Bench], Awaitable[None]]], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs a scene on a bench."""

    def plays(scene: Callable[[Bench], Awaitable[None]]) -> None:
        async def run() -> None:
            async with ssh_server(tmp_path / "rack") as server:
                driver = SshNodes(FileHostKeys(tmp_path / "host-keys"))
                try:
                    content = Content(tmp_path / "content")
                    await scene(Bench(driver, content, server.node(), server=server))
                finally:
                    await driver.close()

        asyncio.run(run())

    return plays


@pytest.fixture(scope="session")
def ansible_wheels() -> Path:
    """As a publisher would carry them, fetched once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pitstop/ansible-wheels"
    folder = cache / f"{sys.version_info.major}.{sys.version_info.minor}-{REQUIREMENTS.stat().st_size}"
    if not (folder / "requirements.txt").exists():
        words = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        words += ["--only-binary", ":all:", "--require-hashes", "-r", str(REQUIREMENTS), "-d", str(folder)]
        if subprocess.run(words, capture_output=True, check=False).returncode != 0:
            pytest.skip("Ansible's wheels cannot be fetched here")
        (folder / "requirements.txt").write_bytes(REQUIREMENTS.read_bytes())
    return folder
