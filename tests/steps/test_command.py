"""``command``: arguments are words, and the end decides."""

from __future__ import annotations

import pytest

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.steps.kind import OUTPUT_LIMIT
from pitstop.steps.table import KINDS

from .conftest import Bench, Play


def test_words_reach_the_program_as_they_are(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        odd = "a b 'c' \"d\" $HOME `x` * \n ü"
        assert (await bench.act("command", {"run": ["printf", "%s|", odd, ""]})).output == f"{odd}||"

    play(scene)


@pytest.mark.parametrize("word", ["LAMP=on", "if", "exit", "eval", "no-such-program", "-x", "a b"])
def test_the_first_word_is_a_program_and_nothing_that_a_shell_knows(play: Play, word: str) -> None:
    async def scene(bench: Bench) -> None:
        with pytest.raises(StepFailed, match="status 127"):
            await bench.act("command", {"run": [word, "touch lamp"]})
        assert await bench.probe("command", {"run": ["true"], "done_when": [word, "true"]}) is None
        assert not (bench.server.root / "lamp").exists()

    play(scene)


def test_a_program_may_have_any_name(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        for name in ("LAMP=on", "if", "echo", "a b"):
            program = bench.server.root / name
            program.write_text('#!/bin/sh\necho "this one: $1"\n')
            program.chmod(0o755)
            done = await bench.act("command", {"run": [f"./{name}", "$HOME"]}, index=f"1.{len(name)}")
            assert done.output == "this one: $HOME\n"

    play(scene)


def test_a_probe_keeps_no_more_output_than_a_step_does(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        much = ["sh", "-c", "head -c 60000 /dev/zero | tr '\\0' x"]
        done = await bench.probe("command", {"run": ["true"], "done_when": much})
        assert done is not None
        assert len(done.output) == OUTPUT_LIMIT

    play(scene)


def test_a_shell_text_is_run_in_the_root_with_its_variables(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        args = {"shell": 'pwd\necho "$GREETING" >&2', "environment": {"GREETING": "it's"}}
        assert (await bench.act("command", args)).output == f"{bench.server.root}\nit's\n"

    play(scene)


def test_another_end_than_zero_is_a_failure_that_shows_the_last_line(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        with pytest.raises(StepFailed, match="status 7: no lamp") as failed:
            await bench.act("command", {"shell": "echo looking; echo no lamp; exit 7"})
        assert failed.value.__notes__ == ["looking\nno lamp\n"]
        with pytest.raises(StepFailed, match="status 7"):
            await bench.reattach("command")

    play(scene)


def test_what_has_ended_is_found_again(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        assert await bench.reattach("command") is None
        done = await bench.act("command", {"shell": 'echo x >>"$PITSTOP_ROOT/count"; echo done'})
        assert await bench.reattach("command") == done
        assert (bench.server.root / "count").read_text() == "x\n"

    play(scene)


def test_done_when_is_asked_and_changes_nothing(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        args = {"run": ["touch", "lamp"], "done_when": ["test", "-e", "lamp"]}
        assert await bench.probe("command", {"run": ["touch", "lamp"]}) is None
        assert await bench.probe("command", args) is None
        assert not (bench.server.root / "lamp").exists()
        await bench.act("command", args)
        assert await bench.probe("command", args) is not None

    play(scene)


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"run": ["true"], "shell": "true"},
        {"run": []},
        {"run": "true"},
        {"run": ["a\0b"]},
        {"shell": "true", "until": 3},
        {"shell": "true", "environment": {"not a name": "x"}},
    ],
)
def test_other_arguments_are_refused_with_their_place(args: dict[str, object]) -> None:
    with pytest.raises(InvalidPlan, match=r"^item 3: "):
        KINDS["command"].read(args, "item 3")
