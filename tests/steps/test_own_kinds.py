"""Pitstop's own parts of a run: download, unpack, reach, confirm the version; and the table."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from pitstop.model.errors import InvalidInput, StepFailed, Unreachable
from pitstop.model.expansion import SERVICE_KINDS
from pitstop.model.packages import Volume
from pitstop.model.releases import Catalogue
from pitstop.package.delta_route import Delta
from pitstop.ports.payloads import Progress
from pitstop.steps.table import KINDS

from .conftest import PACKAGE, Bench, Play

VOLUMES = {"a.zip": b"a" * 700, "b.bin": b"b" * 300}


class Site:
    """A feed that hands out volumes and counts."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def poll(self) -> Catalogue:
        raise NotImplementedError

    def document(self, package: str, name: str) -> bytes:
        raise NotImplementedError

    def notes(self, package: str) -> bytes:
        raise NotImplementedError

    def known_issues(self) -> bytes | None:
        return None

    def deltas(self) -> Sequence[Delta]:
        return ()

    def fetch_volume(self, package: str, name: str, to: Path, progress: Progress) -> None:
        assert package == PACKAGE
        self.fetched.append(name)
        progress(100, len(VOLUMES[name]))
        to.write_bytes(VOLUMES[name])


def lay(bench: Bench) -> Site:
    bench.content.add("lamp", b"")
    (bench.content.folder / hashlib.sha256(b"").hexdigest()).unlink()
    bench.content.volumes = [
        Volume(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in VOLUMES.items()
    ]
    site = Site()
    bench.feed = lambda _update: site
    return site


def test_a_download_fetches_what_lacks_and_tells_its_progress(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        site = lay(bench)
        (bench.content.folder / "a.zip").write_bytes(b"A" * 700)
        assert await bench.probe("download", {}) is None
        done = await bench.act("download", {})
        assert done.output == "2 fetched, 0 here already, 1000 bytes in all"
        assert site.fetched == ["a.zip", "b.bin"]
        assert bench.reports == [(100, 1000), (700, 1000), (800, 1000), (1000, 1000)]

    play(scene)


def test_a_download_keeps_what_is_here_and_right(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        site = lay(bench)
        (bench.content.folder / "a.zip").write_bytes(VOLUMES["a.zip"])
        (bench.content.folder / "b.bin").write_bytes(VOLUMES["b.bin"][:-1])
        done = await bench.act("download", {})
        assert done.output == "1 fetched, 1 here already, 1000 bytes in all"
        assert site.fetched == ["b.bin"]

    play(scene)


def test_where_all_content_is_here_nothing_is_fetched(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp", b"oil")
        assert await bench.probe("download", {}) is not None
        assert (await bench.act("download", {})).output == "all content is here already"

    play(scene)


def test_unpack_brings_the_content(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        assert await bench.probe("unpack", {}) is None
        done = await bench.act("unpack", {})
        assert done.output == "1 files, 0 bytes, as they were signed"
        assert await bench.probe("unpack", {}) == done
        assert bench.content.unpacked == 1

    play(scene)


def test_reach_signs_in(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        assert (await bench.act("reach", {})).output == "answers"
        await bench.server.unplug()
        with pytest.raises(Unreachable, match="n1"):
            await bench.act("reach", {})

    play(scene)


def confirming(scene: Callable[[Bench], Awaitable[None]]) -> Callable[[Bench], Awaitable[None]]:
    """A scene on a node whose version probe is ``sh version``."""

    async def laid(bench: Bench) -> None:
        bench.probes = {"lantern": ("sh", "version")}
        await scene(bench)

    return laid


CONFIRM = {"product": "lantern", "version": "1.2402.0.8"}


def test_the_version_that_nodes_say_is_confirmed(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        (bench.server.root / "version").write_text("echo old news >&2; echo 1.2402.0.8")
        assert (await bench.act("confirm-version", CONFIRM)).output == "all 1 nodes say 1.2402.0.8"

    play(confirming(scene))


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("echo 1.2402.0.80", r"n1 says 1\.2402\.0\.80"),
        ("echo no version >&2; exit 3", r"n1: the version probe ended with status 3: no version"),
        ("true", r"n1 says $"),
    ],
)
def test_another_version_fails_and_names_the_node(play: Play, version: str, says: str) -> None:
    async def scene(bench: Bench) -> None:
        (bench.server.root / "version").write_text(version)
        with pytest.raises(StepFailed, match=rf"not every node runs lantern 1\.2402\.0\.8: {says}"):
            await bench.act("confirm-version", CONFIRM)

    play(confirming(scene))


def test_a_silent_node_is_named(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await bench.server.unplug()
        with pytest.raises(StepFailed, match=r"n1: node n1 at .* cannot be reached"):
            await bench.act("confirm-version", CONFIRM)

    play(confirming(scene))


def test_without_a_version_probe_the_nodes_file_is_named(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        with pytest.raises(InvalidInput, match="version of lantern") as refused:
            await bench.act("confirm-version", CONFIRM)
        assert "version_probes" in refused.value.hint

    play(scene)


def test_plans_may_ask_for_the_public_kinds_alone() -> None:
    on_nodes = {
        "command",
        "copy",
        "service",
        "restart",
        "probe",
        "check",
        "packages",
        "rpm-packages",
        "images",
    }
    others = {"ansible", "firmware", "pitstop"}
    assert {name for name, kind in KINDS.items() if kind.in_plans} == on_nodes | others


@pytest.mark.parametrize("name", KINDS)
def test_every_argument_is_described_for_the_reference(name: str) -> None:
    schema = msgspec.json.schema(KINDS[name].args)
    described = schema["$defs"][KINDS[name].args.__name__]
    assert described["description"]
    if KINDS[name].in_plans:
        assert all(field.get("description") for field in described["properties"].values())


@pytest.mark.parametrize("name", KINDS)
def test_no_kind_takes_what_it_does_not_know(name: str) -> None:
    with pytest.raises(InvalidInput, match="unknown field"):
        KINDS[name].read({"surprise": 1}, "item 3")


def test_the_kinds_that_the_service_does_by_itself_are_known_to_the_expansion() -> None:
    assert {kind.name for kind in KINDS.values() if kind.in_plans and not kind.on_node} == SERVICE_KINDS
