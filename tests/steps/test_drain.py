"""``drain`` and ``undrain``: what this run took out is put back, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from pitstop.model.errors import InvalidPlan, StepFailed

from .conftest import Bench, Play

ARGS: dict[str, object] = {
    "out": ["sh", "-c", "echo out >>log; touch is-out"],
    "back": ["sh", "-c", "echo back >>log; rm -f is-out"],
    "is_out": ["test", "-e", "is-out"],
}


def log(bench: Bench) -> list[str]:
    file = bench.server.root / "log"
    return file.read_text().split() if file.exists() else []


async def drained(bench: Bench, attempt: int = 1) -> None:
    """The drain of place 1.1, recorded as the engine does."""
    bench.records["drain"] = (await bench.act("drain", ARGS, index="1.1", attempt=attempt)).record


def test_a_node_in_service_is_taken_out_and_put_back(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await drained(bench)
        assert bench.records["drain"] == {"was_out": "no"}
        assert (bench.server.root / "is-out").exists()
        assert await bench.probe("undrain", ARGS) is None
        await bench.act("undrain", ARGS, index="1.3")
        assert log(bench) == ["out", "back"]
        assert await bench.probe("undrain", ARGS) is not None

    play(scene)


def test_a_node_that_the_operator_had_taken_out_is_left_out(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        (bench.server.root / "is-out").touch()
        await drained(bench)
        assert bench.records["drain"] == {"was_out": "yes"}
        assert await bench.probe("undrain", ARGS) is not None
        done = await bench.act("undrain", ARGS, index="1.3")
        assert "left so" in done.output
        assert log(bench) == []
        assert (bench.server.root / "is-out").exists()

    play(scene)


def test_a_drain_that_was_cut_short_does_not_take_its_own_work_for_the_operators(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        hangs = {**ARGS, "out": ["sh", "-c", "echo out >>log; touch is-out; sleep 60"]}
        first = asyncio.create_task(bench.act("drain", hangs))
        async with asyncio.timeout(20):
            while not (bench.server.root / "is-out").exists():  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.01)
        bench.server.end_operations()
        with pytest.raises(StepFailed, match="cut short"):
            await first
        assert await bench.reattach("drain") is None
        assert await bench.probe("drain", ARGS) is None, "work may still be in flight"
        await drained(bench, attempt=2)
        assert bench.records["drain"] == {"was_out": "no"}
        await bench.act("undrain", ARGS, index="1.3")
        assert log(bench) == ["out", "out", "back"]

    play(scene)


def test_the_record_is_found_again_after_the_service_was_away(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        done = await bench.act("drain", ARGS)
        assert await bench.reattach("drain") == done
        assert done.record == {"was_out": "no"}

    play(scene)


def test_another_drain_of_the_same_run_looks_for_itself(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await drained(bench)
        again = await bench.act("drain", ARGS, index="2.1")
        assert again.record == {"was_out": "yes"}

    play(scene)


def test_a_drain_that_does_not_drain_has_failed_and_is_remembered(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        with pytest.raises(StepFailed, match="not out of service, though"):
            await bench.act("drain", {**ARGS, "out": ["true"]})
        with pytest.raises(StepFailed, match="status 5"):
            await bench.act("drain", {**ARGS, "out": ["sh", "-c", "exit 5"]}, attempt=2)
        with pytest.raises(StepFailed, match="cannot be asked"):
            await bench.act("drain", {**ARGS, "is_out": ["no-such-program"]}, index="2.1")

    play(scene)


def test_a_node_that_does_not_come_back_has_failed(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await drained(bench)
        with pytest.raises(StepFailed, match="still out of service, though"):
            await bench.act("undrain", {**ARGS, "back": ["true"]}, index="1.3")
        await bench.act("undrain", ARGS, index="1.3", attempt=2)
        assert not (bench.server.root / "is-out").exists()

    play(scene)


def test_what_nobody_took_out_is_not_put_back(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        with pytest.raises(InvalidPlan, match="no earlier step"):
            await bench.act("undrain", ARGS)
        with pytest.raises(InvalidPlan, match="no earlier step"):
            await bench.probe("undrain", ARGS)

    play(scene)


def test_a_question_that_breaks_is_no_sign_of_service(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await drained(bench)
        assert await bench.probe("undrain", {**ARGS, "is_out": ["sh", "-c", "exit 3"]}) is None

    play(scene)


@pytest.mark.parametrize("status", [2, 7, 126, 255])
def test_a_drain_that_cannot_tell_notes_nothing_and_fails(play: Play, status: int) -> None:
    """As curl does where nothing listens. The operator had the node out: it must not be put back."""

    async def scene(bench: Bench) -> None:
        (bench.server.root / "is-out").touch()
        cannot_tell = ["sh", "-c", f"test -e seen && test -e is-out || exit {status}"]
        with pytest.raises(StepFailed, match=f"cannot be asked: is_out ended with status {status}"):
            await bench.act("drain", {**ARGS, "is_out": cannot_tell})
        (bench.server.root / "seen").touch()
        done = await bench.act("drain", {**ARGS, "is_out": cannot_tell}, attempt=2)
        assert done.record == {"was_out": "yes"}
        assert log(bench) == []

    play(scene)


def test_an_undrain_that_cannot_tell_has_not_put_the_node_back(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await drained(bench)
        with pytest.raises(StepFailed, match="cannot be asked"):
            await bench.act("undrain", {**ARGS, "is_out": ["sh", "-c", "exit 7"]}, index="1.3")
        await bench.act("undrain", ARGS, index="1.3", attempt=2)

    play(scene)


@pytest.mark.parametrize("name", ["out", "back", "is_out", "told_out", "note"])
def test_the_commands_of_a_drain_may_have_any_name(play: Play, name: str) -> None:
    async def scene(bench: Bench) -> None:
        program = bench.server.root / name
        program.write_text("#!/bin/sh\ntest -e is-out\n")
        program.chmod(0o755)
        by_path = {**ARGS, "is_out": ["env", f"PATH={bench.server.root}:/usr/bin:/bin", name]}
        assert (await bench.act("drain", by_path)).record == {"was_out": "no"}
        with pytest.raises(StepFailed, match="cannot be asked: is_out ended with status 127"):
            await bench.act("drain", {**ARGS, "is_out": [name]}, index="2.1")

    play(scene)


def test_the_note_is_taken_away_at_the_end(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        notes = bench.server.root / "var/lib/pitstop-node/notes"
        await drained(bench)
        assert [note.read_text() for note in notes.iterdir()] == ["no\n"]
        await bench.act("undrain", ARGS, index="1.3")
        assert list(notes.iterdir()) == []

    play(scene)
