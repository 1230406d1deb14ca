"""``copy``: only what differs is sent, and each file is there as a whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from pitstop.model.errors import DigestMismatch, InvalidPlan, StateUnusable, StepFailed
from pitstop.model.system import Node
from pitstop.ports.nodes import Answer, NodeDriver, Operation
from pitstop.steps.table import KINDS

from .conftest import Bench, Play

ALL = {"from": "lamp", "to": "/opt/lamp"}
ODD = ("a space", "it's", 'a "quote"', "new\nline", "ünï ☃", "-n", "$HOME", "back\\slash", "*", "a;b&c")


class Unreadable:
    """The nodes, as seen from a machine whose disk fails when the content to stage is read."""

    def __init__(self, driver: NodeDriver) -> None:
        self.ask = driver.ask

    async def operate(self, _node: Node, _operation: Operation, *, deadline: timedelta) -> Answer:
        raise StateUnusable(f"the content to stage cannot be read, with {deadline} left: Input/output error")


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mode & 0o777
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_maps_to_a_folder_with_modes(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/bin/on", b"#!/bin/sh\n", 0o755)
        bench.content.add("lamp/oil", b"", 0o600)
        bench.content.add("lamps/other", b"not asked for")
        assert (await bench.act("copy", ALL)).output.strip() == "2 copied, 0 unchanged"
        assert modes(bench.server.root / "opt") == {"lamp/bin/on": 0o755, "lamp/oil": 0o600}
        assert (bench.server.root / "opt/lamp/bin/on").read_bytes() == b"#!/bin/sh\n"
        await bench.act("copy", {"from": ".", "to": "/"}, index="1.2")
        assert (bench.server.root / "lamps/other").read_bytes() == b"not asked for"

    play(scene)


def test_a_file_goes_to_its_path_or_into_a_folder(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/oil", b"oil")
        await bench.act("copy", {"from": "lamp/oil", "to": "/etc/fuel"})
        await bench.act("copy", {"from": "lamp/oil", "to": "/etc/tank/"}, index="1.2")
        assert (bench.server.root / "etc/fuel").read_bytes() == b"oil"
        assert (bench.server.root / "etc/tank/oil").read_bytes() == b"oil"

    play(scene)


def test_done_again_it_copies_what_differs_alone(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        for name in ("same", "content", "size", "mode", "link", "gone"):
            bench.content.add(f"lamp/{name}", name.encode(), 0o644)
        assert await bench.probe("copy", ALL) is None
        await bench.act("copy", ALL)
        assert (await bench.probe("copy", ALL)) is not None
        folder = bench.server.root / "opt/lamp"
        (folder / "content").write_bytes(b"CONTENT")
        (folder / "size").write_bytes(b"size and more")
        (folder / "mode").chmod(0o640)
        (folder / "link").unlink()
        (folder / "link").symlink_to("same")
        (folder / "gone").unlink()
        before = (folder / "same").stat()
        assert await bench.probe("copy", ALL) is None
        assert (await bench.act("copy", ALL, attempt=2)).output.strip() == "5 copied, 1 unchanged"
        after = (folder / "same").stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert not (folder / "link").is_symlink()
        assert (folder / "link").read_bytes() == b"link"
        assert (await bench.act("copy", ALL, attempt=3)).output == "0 copied, 6 unchanged"
        assert await bench.reattach("copy", attempt=3) is None, "nothing was done on the node"

    play(scene)


def test_names_are_safe_whatever_is_in_them(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        for name in ODD:
            bench.content.add(f"lamp/{name}/{name}", name.encode())
        assert (await bench.act("copy", ALL)).output.strip() == f"{len(ODD)} copied, 0 unchanged"
        for name in ODD:
            assert (bench.server.root / "opt/lamp" / name / name).read_bytes() == name.encode()
        assert len(modes(bench.server.root / "opt")) == len(ODD)
        assert await bench.probe("copy", ALL) is not None

    play(scene)


def test_a_file_in_use_is_replaced_and_not_written_into(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        target = bench.server.root / "opt/lamp/oil"
        target.parent.mkdir(parents=True)
        target.write_bytes(b"old")
        bench.content.add("lamp/oil", b"new")
        with target.open("rb") as reader:
            await bench.act("copy", ALL)
            assert reader.read() == b"old"
        assert target.read_bytes() == b"new"

    play(scene)


def test_what_a_cut_left_behind_is_cleared_away(play: Play) -> None:
    """A file half-written under its temporary name: done again, nothing of it stays."""

    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/oil", b"oil" * 1000)
        folder = bench.server.root / "opt/lamp"
        folder.mkdir(parents=True)
        (folder / "oil").mkdir()  # stands in the way of the last move
        (folder / "oil/x").touch()
        with pytest.raises(StepFailed):
            await bench.act("copy", ALL)
        script = next(bench.server.root.glob("var/lib/pitstop-node/operations/*-1.1-1/script")).read_text()
        name = script.splitlines()[-2].split()[3]
        (folder / f".pitstop-{name}").write_bytes(b"oi")
        (folder / "oil/x").unlink()
        (folder / "oil").rmdir()
        await bench.act("copy", ALL, attempt=2)
        assert {path.name for path in folder.iterdir()} == {"oil"}
        assert (folder / "oil").read_bytes() == b"oil" * 1000

    play(scene)


def test_a_target_that_cannot_be_put_is_a_failure_that_names_it(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/a", b"a")
        bench.content.add("lamp/b", b"b")
        (bench.server.root / "opt/lamp/b").mkdir(parents=True)
        with pytest.raises(StepFailed, match=r"cannot put .*opt/lamp/b in place"):
            await bench.act("copy", ALL)
        assert {path.name for path in (bench.server.root / "opt/lamp").iterdir()} == {"a", "b"}
        (bench.server.root / "opt/lamp/b").rmdir()
        assert (await bench.act("copy", ALL, attempt=2)).output.strip() == "1 copied, 1 unchanged"

    play(scene)


def test_content_that_was_changed_after_it_was_unpacked_reaches_no_node(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/oil", b"oil")
        bench.content.add("lamp/wick", b"wick")
        kept = bench.content.folder / bench.content.files[0].sha256
        kept.write_bytes(b"OIL")
        with pytest.raises(DigestMismatch, match=r"^lamp/oil in this service's store") as refused:
            await bench.act("copy", ALL)
        assert "resume the run" in refused.value.hint
        assert modes(bench.server.root / "opt") == {}, "not even what is right beside it"
        assert not kept.exists()
        assert (await bench.act("copy", ALL, attempt=2)).output.strip() == "2 copied, 0 unchanged"
        assert (bench.server.root / "opt/lamp/oil").read_bytes() == b"oil"
        assert bench.content.unpacked == 1

    play(scene)


def test_a_refusal_of_damaged_content_is_found_again_after_the_service_was_away(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/oil", b"oil")
        kept = bench.content.folder / bench.content.files[0].sha256
        kept.write_bytes(b"OIL")
        with pytest.raises(DigestMismatch):
            await bench.act("copy", ALL)
        kept.write_bytes(b"oil")
        with pytest.raises(DigestMismatch, match="did not arrive on node n1 as it was sent"):
            await bench.reattach("copy")
        assert kept.exists(), "what is whole is not dropped"

    play(scene)


def test_content_that_cannot_be_read_here_is_brought_again_too(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/oil", b"oil")
        kept = bench.content.folder / bench.content.files[0].sha256
        kept.write_bytes(b"oi")
        driver = bench.driver
        bench.driver = cast(NodeDriver, Unreadable(driver))
        with pytest.raises(DigestMismatch, match=r"lamp/oil in this service's store"):
            await bench.act("copy", ALL)
        bench.driver = driver
        await bench.act("copy", ALL, attempt=2)
        assert (bench.server.root / "opt/lamp/oil").read_bytes() == b"oil"

    play(scene)


def test_more_files_than_one_question_takes(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        for number in range(2_100):
            bench.content.add(f"lamp/{number % 7}/{number}", b"%d" % (number % 3))
        assert await bench.probe("copy", ALL) is None
        done = await bench.act("copy", {"from": "lamp/3", "to": "/opt/lamp/3"})
        assert done.output.strip() == "300 copied, 0 unchanged"

    play(scene)


def test_content_that_the_package_does_not_have_is_an_error_of_the_plan(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/oil", b"")
        with pytest.raises(InvalidPlan, match=r"'lam' is no file or folder"):
            await bench.act("copy", {"from": "lam", "to": "/opt"})

    play(scene)


@pytest.mark.parametrize("to", ["opt/lamp", "", "/opt/../etc", "/.."])
def test_a_target_must_be_absolute_and_stay_below_the_root(to: str) -> None:
    with pytest.raises(InvalidPlan, match="to"):
        KINDS["copy"].read({"from": "lamp", "to": to}, "item 3")
