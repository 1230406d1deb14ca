"""What large packages cost in memory: nothing of their size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pitstop.model.packages import Manifest
from pitstop.package.delta_format import Listed
from pitstop.package.delta_patches import STRETCH
from pitstop.publish.delta_base import Base
from pitstop.publish.delta_making import Hop, write_delta
from pitstop.store.payloads import FilePayloads
from scenarios.heavy import MIB, SIZE, content, hand_over, know

PROGRAM = 96 * MIB
"""What the program itself takes, and what it reads at once."""


@pytest.mark.slow
def test_a_prepare_does_not_die_of_the_size_of_what_it_prepares(tmp_path: Path) -> None:
    """A cap on the memory of the update service ended it in the middle of every prepare
    (Azure/AzureLocal-Supportability, an update service that is terminated again and again)."""
    state, first, second = (tmp_path / name for name in ("state", "first", "second"))
    first.mkdir()
    second.mkdir()
    old_path, old = content(first, b"old")
    new_path, new = content(second, b"new")
    base = hand_over(first, "1.0", old_path, old)
    assert peak("bring", state, first, base) < PROGRAM < SIZE
    name = hand_over(second, "2.0", new_path, new)
    payloads = know(state, second, name)
    hop = Hop(
        Base(listed(payloads, base), lambda _file: old_path),
        listed(payloads, name),
        lambda _file: new_path.open("rb"),
    )
    delta = write_delta(tmp_path / "deltas", hop, threads=2)
    assert delta.stat().st_size < MIB
    assert peak("rebuild", state, delta, name, base) < PROGRAM + 5 * STRETCH < 2 * SIZE
    assert payloads.missing_content(name) == []
    assert payloads.content(new).read_bytes()[SIZE // 2 :].startswith(b"new")


def listed(payloads: FilePayloads, name: str) -> Listed:
    manifest: Manifest = payloads.manifest(name)
    return Listed(name, manifest, payloads.metadata(name).manifest_sha256)


def peak(act: str, *arguments: Path | str) -> int:
    """The most bytes that this has held, in a process of its own."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    words = [sys.executable, "-m", "scenarios.heavy", act, *map(str, arguments)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
