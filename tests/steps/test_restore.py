"""``restore-files`` and ``restore-service``: a node is as it was before the step that is taken back."""

from __future__ import annotations

import pytest

from pitstop.model.errors import StepFailed

from .conftest import Bench, Play
from .test_copy import ALL, modes
from .test_service import lay

BACK = "2.1"
"""The place in the tree of what takes the step 1.1 back."""

ODD = ("a space", "it's", "new\nline", "line at the end\n", "ünï ☃", "-n", "$HOME", "*")


async def copied(bench: Bench) -> None:
    for name, content in (("same", b"same"), ("other", b"new"), ("missing", b"new"), ("linked", b"new")):
        bench.content.add(f"lamp/{name}", content, 0o755)
    folder = bench.server.root / "opt/lamp"
    folder.mkdir(parents=True)
    for name, before, mode in (("same", "same", 0o755), ("other", "old", 0o640)):
        (folder / name).write_text(before)
        (folder / name).chmod(mode)
    (folder / "linked").symlink_to("same")
    await bench.act("copy", ALL)
    assert (folder / "other").read_text() == (folder / "missing").read_text() == "new"


def is_as_before(bench: Bench) -> bool:
    folder = bench.server.root / "opt/lamp"
    return (
        (folder / "other").read_text() == "old"
        and modes(folder) == {"same": 0o755, "other": 0o640, "linked": 0o755}
        and (folder / "linked").is_symlink()
        and not (folder / "missing").exists()
    )


def kept(bench: Bench) -> list[str]:
    """What the node still keeps for a way back."""
    return [file.name for file in (bench.server.root / "var/lib/pitstop-node/notes").glob("*")]


def test_what_was_replaced_is_put_back_and_what_was_new_is_removed(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await copied(bench)
        assert kept(bench)
        done = await bench.act("restore-files", ALL, index=BACK, undoes="1.1")
        assert done.output == "3 put back\n"
        assert is_as_before(bench)
        assert kept(bench) == [], "nothing is left behind"

    play(scene)


def test_done_again_it_does_what_is_left(play: Play) -> None:
    """As after a kill: some of it was put back, and what was kept of that is gone."""

    async def scene(bench: Bench) -> None:
        await copied(bench)
        (bench.server.root / "opt/lamp/missing").unlink()
        await bench.act("restore-files", ALL, index=BACK, undoes="1.1")
        again = await bench.act("restore-files", ALL, index=BACK, attempt=2, undoes="1.1")
        assert again.output == "0 put back\n"
        assert is_as_before(bench)

    play(scene)


def test_a_copy_that_was_done_twice_goes_back_to_what_was_before_the_first(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await copied(bench)
        bench.content.add("lamp/other", b"newer", 0o755)
        await bench.act("copy", ALL, attempt=2)
        assert (bench.server.root / "opt/lamp/other").read_bytes() == b"newer"
        await bench.act("restore-files", ALL, index=BACK, undoes="1.1")
        assert is_as_before(bench)

    play(scene)


def test_names_are_safe_whatever_is_in_them_on_the_way_back_too(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        folder = bench.server.root / "opt/lamp"
        folder.mkdir(parents=True)
        for name in ODD:
            bench.content.add(f"lamp/{name}", b"new")
            (folder / name).write_text("old")
        await bench.act("copy", ALL)
        assert {(folder / name).read_text() for name in ODD} == {"new"}
        await bench.act("restore-files", ALL, index=BACK, undoes="1.1")
        assert {(folder / name).read_text() for name in ODD} == {"old"}
        assert sorted(file.name for file in folder.iterdir()) == sorted(ODD)

    play(scene)


def test_where_nothing_was_kept_there_is_nothing_to_put_back(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        bench.content.add("lamp/oil", b"new")
        (bench.server.root / "opt/lamp").mkdir(parents=True)
        (bench.server.root / "opt/lamp/oil").write_text("mine")
        done = await bench.act("restore-files", ALL, index=BACK, undoes="1.1")
        assert done.output == "0 put back\n"
        assert (bench.server.root / "opt/lamp/oil").read_text() == "mine"

    play(scene)


def test_what_cannot_be_put_back_is_named_and_kept_for_another_try(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await copied(bench)
        other = bench.server.root / "opt/lamp/other"
        other.unlink()
        other.mkdir()
        with pytest.raises(StepFailed, match="opt/lamp/other"):
            await bench.act("restore-files", ALL, index=BACK, undoes="1.1")
        assert kept(bench)
        other.rmdir()
        await bench.act("restore-files", ALL, index=BACK, attempt=2, undoes="1.1")
        assert is_as_before(bench)

    play(scene)


@pytest.mark.parametrize("ran", [True, False])
@pytest.mark.parametrize("state", ["started", "stopped"])
def test_a_service_runs_again_as_it_did(play: Play, state: str, *, ran: bool) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        runs = bench.server.root / "runs"
        if ran:
            runs.touch()
        args = {"name": "lamp", "state": state}
        await bench.act("service", args)
        await bench.act("service", args, attempt=2)  # cut short and done again: what was before is known
        assert runs.exists() is (state == "started")
        done = await bench.act("restore-service", args, index=BACK, undoes="1.1")
        assert runs.exists() is ran
        assert done.output == f"{'started' if ran else 'stopped'}, as before\n"
        assert kept(bench) == []

    play(scene)


def test_a_service_of_which_nothing_is_known_from_before_is_left_as_it_is(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        (bench.server.root / "runs").touch()
        args = {"name": "lamp", "state": "stopped"}
        done = await bench.act("restore-service", args, index=BACK, undoes="1.1")
        assert "left as it is" in done.output
        assert (bench.server.root / "runs").exists()
        (bench.server.root / "unknown").touch()
        await bench.act("service", args)
        done = await bench.act("restore-service", args, index=BACK, undoes="1.1", attempt=2)
        assert "left as it is" in done.output

    play(scene)


def test_a_service_that_does_not_come_back_fails_and_is_tried_again(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        (bench.server.root / "runs").touch()
        args = {"name": "lamp", "state": "stopped"}
        await bench.act("service", args)
        script = bench.server.root / "etc/init.d/lamp"
        good = script.read_text()
        script.write_text("#!/bin/sh\necho 'no oil' >&2\nexit 1\n")
        with pytest.raises(StepFailed, match="status 1: no oil"):
            await bench.act("restore-service", args, index=BACK, undoes="1.1")
        script.write_text(good)
        await bench.act("restore-service", args, index=BACK, undoes="1.1", attempt=2)
        assert (bench.server.root / "runs").exists()

    play(scene)
