"""``images``: real podman, docker and skopeo, with stores of their own; no container is ever run."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from crash.disks import Disk, can_mount, small_disk
from pitstop.model.errors import InvalidPlan, NodeFull, StepFailed
from pitstop.steps.images import ImageTool
from pitstop.steps.table import KINDS
from simulators.image_stores import Store, lacks, store_in

from .conftest import Bench, Play

pytestmark = pytest.mark.slow
NAME = "localhost/lantern:now"


def image(says: str) -> tuple[str, bytes]:
    """Its id, and an archive as ``docker save`` makes it."""
    layer = _tar({"says": says.encode()})
    diff = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    root = {"type": "layers", "diff_ids": [diff]}
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": root}).encode()
    digest = hashlib.sha256(config).hexdigest()
    manifest = [{"Config": f"{digest}.json", "RepoTags": ["example/made:1"], "Layers": ["layer.tar"]}]
    files = {f"{digest}.json": config, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()}
    return digest, _tar(files)


def _tar(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def bring(bench: Bench, says: str, tool: str, name: str = NAME) -> dict[str, object]:
    """The arguments of a step that loads this image."""
    digest, archive = image(says)
    bench.content.add("images/lantern.tar", archive)
    return {"tool": tool, "images": [{"archive": "images/lantern.tar", "id": digest, "names": [name]}]}


@pytest.fixture(params=[ImageTool.PODMAN, ImageTool.DOCKER])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A small disk for the store where one can be made, else a folder."""
    if lack := lacks(request.param):
        pytest.skip(f"it needs {lack}")
    folder = tmp_path / "store"
    folder.mkdir()
    with small_disk(folder, 64) if can_mount() else nullcontext(Disk(folder)) as made:
        yield made


@pytest.fixture
def store(request: pytest.FixtureRequest, disk: Disk) -> Iterator[Store]:
    with store_in(disk.folder, request.node.callspec.params["disk"]) as made:
        yield made


async def act(bench: Bench, store: Store, says: str, index: str = "1.1") -> str:
    return (await bench.act("images", bring(bench, says, store.tool), index=index)).output


def test_an_image_is_loaded_named_and_its_name_given_back(play: Play, store: Store) -> None:
    async def scene(bench: Bench) -> None:
        bench.server.environment.update(store.environment)
        first = bring(bench, "first", store.tool)
        assert await bench.probe("images", first) is None
        said = await act(bench, store, "first")
        assert said.splitlines()[-1] == f"{NAME} is {image('first')[0]}"
        assert await bench.probe("images", first) is not None
        assert await bench.probe("images", bring(bench, "second", store.tool)) is None
        await act(bench, store, "second", index="1.2")
        assert store.id_of(NAME) == image("second")[0]
        back = KINDS["restore-images"]
        for index, undone, stands_for in (("2.1", "1.2", image("first")[0]), ("2.2", "1.1", "")):
            context = bench.context(back.name, index=index, undoes=undone)
            await back.act(context, back.read(first, "here"))
            assert store.id_of(NAME) == stands_for

    play(scene)


def test_an_archive_that_holds_another_image_is_refused(play: Play, store: Store) -> None:
    async def scene(bench: Bench) -> None:
        bench.server.environment.update(store.environment)
        args = bring(bench, "first", store.tool)
        bench.content.add("images/lantern.tar", image("other")[1])
        with pytest.raises(StepFailed, match="the archive holds another image than"):
            await bench.act("images", args)
        assert store.id_of(NAME) == ""

    play(scene)


@pytest.mark.skipif(not can_mount(), reason="only root can make a disk that is soon full")
def test_a_disk_that_becomes_full_is_named_and_all_is_loaded_once_there_is_room(
    play: Play, store: Store, disk: Disk
) -> None:
    async def scene(bench: Bench) -> None:
        bench.server.environment.update(store.environment)
        large = "much " * 1_000_000
        disk.fill()
        with pytest.raises(NodeFull, match="the disk became full while an image was loaded"):
            await act(bench, store, large)
        disk.clear()
        assert store.id_of(NAME) == ""
        await act(bench, store, large, index="1.2")
        assert store.id_of(NAME) == image(large)[0]

    play(scene)


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is needed: apt-get install skopeo")
def test_skopeo_brings_an_image_to_wherever_a_name_says(play: Play, tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        args = bring(bench, "first", "skopeo", f"dir:{tmp_path}/there")
        assert await bench.probe("images", args) is None
        await bench.act("images", args)
        assert await bench.probe("images", args) is not None
        assert (tmp_path / "there" / image("first")[0]).exists()
        assert KINDS["images"].undone_by(KINDS["images"].read(args, "here")) is None

    play(scene)


@pytest.mark.parametrize("bad", [{"names": []}, {"id": "latest"}, {"names": ["a b"]}, {"names": ["-x"]}])
def test_a_plan_that_says_something_else_is_refused(bad: dict[str, object]) -> None:
    right = {"archive": "x.tar", "id": "0" * 64, "names": ["localhost/x:1"]}
    with pytest.raises(InvalidPlan):
        KINDS["images"].read({"tool": "podman", "images": [{**right, **bad}]}, "item 1")
