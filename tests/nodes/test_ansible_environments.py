"""An environment of Ansible's is made once, by however many event loops it is asked for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.nodes import ansible_environments
from pitstop.nodes.ansible_environments import AnsibleEnvironments

DEADLINE = timedelta(seconds=10)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Those that were made; making one takes a moment."""
    all_made: list[Path] = []

    def make(folder: Path, _wheels: Mapping[str, Path], **_told: Any) -> None:
        time.sleep(0.1)
        (folder / "venv").mkdir(parents=True)
        all_made.append(folder)

    monkeypatch.setattr(ansible_environments, "make_environment", make)
    return all_made


def wheels(folder: Path, text: str) -> Mapping[str, Path]:
    (folder / text).write_text(text)
    return {"requirements.txt": folder / text}


def test_runs_and_rehearsals_ask_at_once_in_loops_of_their_own(tmp_path: Path, made: list[Path]) -> None:
    environments = AnsibleEnvironments(tmp_path / "kept")
    failed: list[BaseException] = []

    async def ask(given: Mapping[str, Path]) -> None:
        places = await asyncio.gather(*(environments.of(given, DEADLINE) for _ in range(4)))
        assert len(set(places)) == 1

    def loop(given: Mapping[str, Path]) -> None:
        try:
            asyncio.run(ask(given))
        except BaseException as error:
            failed.append(error)

    for given in (wheels(tmp_path, "one"), wheels(tmp_path, "two")):
        threads = [threading.Thread(target=loop, args=(given,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(made) == 2


def test_where_there_is_none_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="this machine has none") as refused:
        asyncio.run(AnsibleEnvironments(tmp_path).of(None, DEADLINE))
    assert "ansible_wheels" in refused.value.hint
    with pytest.raises(InvalidPlan, match=r"no requirements\.txt beside the wheels"):
        asyncio.run(AnsibleEnvironments(tmp_path, tmp_path).of(None, DEADLINE))
