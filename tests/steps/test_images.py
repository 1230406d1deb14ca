"""``images``: real podman and skopeo, with a store of their own; no container is ever run."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.steps.table import KINDS

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


def own_store(bench: Bench) -> dict[str, str]:
    """podman keeps what it has below the node's root."""
    root = bench.server.root
    settings = root / "storage.conf"
    settings.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{root}/containers"\nrunroot = "{root}/running"\n'
    )
    bench.server.environment["CONTAINERS_STORAGE_CONF"] = str(settings)
    return dict(bench.server.environment)


def podman(environment: dict[str, str], *words: str) -> str:
    ended = subprocess.run(["podman", *words], env=environment, capture_output=True, text=True, check=False)
    return ended.stdout.strip()


@pytest.mark.skipif(shutil.which("podman") is None, reason="podman is needed: apt-get install podman")
def test_an_image_is_loaded_named_and_its_name_given_back(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        environment = own_store(bench)
        first = bring(bench, "first", "podman")
        assert await bench.probe("images", first) is None
        done = await bench.act("images", first)
        assert done.output.splitlines()[-1] == f"{NAME} is {image('first')[0]}"
        assert await bench.probe("images", first) is not None
        second = bring(bench, "second", "podman")
        assert await bench.probe("images", second) is None
        await bench.act("images", second, index="1.2")
        ask = ("image", "inspect", "--format", "{{.Id}}", NAME)
        assert podman(environment, *ask) == image("second")[0]
        back = KINDS["restore-images"]
        for index, undone, stands_for in (("2.1", "1.2", image("first")[0]), ("2.2", "1.1", "")):
            context = bench.context(back.name, index=index, undoes=undone)
            await back.act(context, back.read(first, "here"))
            assert podman(environment, *ask) == stands_for

    play(scene)


@pytest.mark.skipif(shutil.which("podman") is None, reason="podman is needed: apt-get install podman")
def test_an_archive_that_holds_another_image_is_refused(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        environment = own_store(bench)
        args = bring(bench, "first", "podman")
        bench.content.add("images/lantern.tar", image("other")[1])
        with pytest.raises(StepFailed, match="the archive holds another image than"):
            await bench.act("images", args)
        assert podman(environment, "image", "inspect", "--format", "{{.Id}}", NAME) == ""

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
