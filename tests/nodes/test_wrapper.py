"""The node's side by itself: each call is a process here, so that the moments between can be chosen."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pitstop.model.system import Node
from pitstop.nodes import wrapper
from pitstop.nodes.parcel import parcel
from pitstop.nodes.wrapper import Complaints, Reply, Transcript
from pitstop.ports.nodes import Operation, StagedFile

RUN = "7b0c4a1e-0000-4000-8000-000000000001"
ID = f"{RUN}-1-1"
MARK = "mark-1"
PROGRAMS = ("cat", "find", "flock", "mkdir", "mv", "rm", "setsid", "sync", "tail", "tar", "timeout", "true")
"""All that the texts may start."""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    root = tmp_path / "it's a root"
    root.mkdir()
    return Node("n1", "192.0.2.1", root=f"{root}/")


@pytest.fixture
def sent(tmp_path: Path) -> bytes:
    """What goes over for an operation with a stage."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * 50_000)
    script = 'echo x >>"$PITSTOP_ROOT/starts"; echo done'

    async def collected() -> bytes:
        operation = Operation(ID, 1, script, files=(StagedFile(file, "file"),))
        return b"".join([chunk async for chunk in parcel(operation, MARK)])

    return asyncio.run(collected())


def calls(
    node: Node, verb: str, epoch: int = 1, operation: str = ID, path: str = os.environ["PATH"]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/bash", "-c", wrapper.call(verb, MARK, node, operation, epoch)],  # as sshd does
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": path},
    )


def heard(process: subprocess.Popen[bytes], sent: bytes = b"") -> tuple[Reply | None, str]:
    output, errors = process.communicate(sent, timeout=20)
    transcript, complaints = Transcript(MARK), Complaints()
    transcript.take(output)
    complaints.take(errors)
    return transcript.reply(), complaints.said()


def starts(node: Node) -> int:
    file = Path(node.root) / "starts"
    return len(file.read_text().splitlines()) if file.exists() else 0


def boundaries(stream: bytes) -> Iterator[int]:
    """Where one entry of the stream ends and the next begins."""
    position = 0
    while stream[position : position + tarfile.BLOCKSIZE].strip(b"\0"):
        head = tarfile.TarInfo.frombuf(stream[position : position + tarfile.BLOCKSIZE], "utf-8", "strict")
        position += tarfile.BLOCKSIZE + -(-head.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
        yield position


def test_an_operation_is_begun_waited_for_and_told_in_one_call(node: Node, sent: bytes) -> None:
    assert heard(calls(node, "operate"), sent) == (Reply("exit", 0, "done\n"), "it gave no reason")
    assert starts(node) == 1


def counting(folder: Path, log: Path) -> str:
    """A ``PATH`` on which each program of the node's side notes its name before it runs."""
    folder.mkdir()
    for name in PROGRAMS:
        real = shutil.which(name)
        assert real is not None
        (folder / name).write_text(f'#!/bin/sh\necho {name} >>"{log}"\nexec {real} "$@"\n')
        (folder / name).chmod(0o755)
    return str(folder)


def test_few_programs_are_started_for_an_operation(node: Node, tmp_path: Path) -> None:
    async def small(operation: str) -> bytes:
        return b"".join([chunk async for chunk in parcel(Operation(operation, 1, "echo done"), MARK)])

    log = tmp_path / "programs"
    path = counting(tmp_path / "bin", log)
    for number in (1, 2):  # the first one makes the node's folders and keeps the epoch
        log.write_text("")
        operation = f"{RUN}-{number}-1"
        process = calls(node, "operate", operation=operation, path=path)
        assert heard(process, asyncio.run(small(operation)))[0] == Reply("exit", 0, "done\n")
    assert log.read_text().split() == ["tar", "flock", "mv", "flock", "setsid", "tail"]


def test_a_worker_that_becomes_stale_while_it_sends_begins_nothing(node: Node, sent: bytes) -> None:
    stale = calls(node, "operate", epoch=1)
    assert stale.stdin is not None
    stale.stdin.write(sent[:40_000])
    stale.stdin.flush()
    folder = Path(node.root) / "var/lib/pitstop-node/operations"
    limit = time.monotonic() + 20
    while not list(folder.glob(".incoming-*")):
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert heard(calls(node, "attach", epoch=2))[0] == Reply("unknown", 0, "")
    assert heard(stale, sent[40_000:])[0] == Reply("stale", 2, "")
    assert starts(node) == 0
    assert list(folder.iterdir()) == []


def test_what_arrives_cut_off_begins_nothing(node: Node, sent: bytes) -> None:
    ends = [*boundaries(sent)]
    inside = [end - 300 for end in ends]
    for length in (0, 100, *ends[:-1], *inside):
        reply, said = heard(calls(node, "operate"), sent[:length])
        assert reply is None
        assert "operation" in said
        assert heard(calls(node, "attach"))[0] == Reply("unknown", 0, "")
    assert starts(node) == 0
    assert list((Path(node.root) / "var/lib/pitstop-node/operations").iterdir()) == []


def test_the_highest_epoch_is_kept(node: Node) -> None:
    for epoch in (3, 7, 7, 10):
        assert heard(calls(node, "attach", epoch))[0] == Reply("unknown", 0, "")
    assert (Path(node.root) / "var/lib/pitstop-node/epoch").read_text() == "10\n"
    assert heard(calls(node, "attach", 9))[0] == Reply("stale", 10, "")


@pytest.mark.parametrize("content", ["", "\n", "seven\n", "1 2\n"])
def test_a_damaged_epoch_is_no_epoch(node: Node, sent: bytes, content: str) -> None:
    assert heard(calls(node, "attach", 5))[0] == Reply("unknown", 0, "")
    (Path(node.root) / "var/lib/pitstop-node/epoch").write_text(content)
    reply, said = heard(calls(node, "operate", 5), sent)
    assert reply is None
    assert "epoch is damaged" in said
    assert starts(node) == 0


def test_what_is_kept_on_a_node_is_for_its_user_alone(node: Node, sent: bytes) -> None:
    heard(calls(node, "operate"), sent)
    assert (Path(node.root) / "var/lib/pitstop-node").stat().st_mode & 0o777 == 0o700


def test_the_line_is_found_in_whatever_pieces_it_comes() -> None:
    stream = b"Welcome\nmark-1\nmark-1 exit 17\nthe output"
    for size in range(1, len(stream)):
        transcript = Transcript(MARK)
        for start in range(0, len(stream), size):
            transcript.take(stream[start : start + size])
        assert transcript.reply() == Reply("exit", 17, "the output")


def test_no_line_is_no_reply() -> None:
    transcript = Transcript(MARK)
    transcript.take(b"bash: flock: command not found\nmark-1 exit")
    assert transcript.reply() is None


def test_the_texts_are_plain_posix_shell() -> None:
    for name in ("operation.sh", "runner.sh"):
        text = Path(wrapper.__file__).with_name(name)
        subprocess.run(["/bin/sh", "-n", text], check=True)
