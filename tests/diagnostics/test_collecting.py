"""Logs from real nodes: what is there comes, without secrets; what does not come is said, and why."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from diagnostics.conftest import SINCE, UNTIL, NoRuns, Play, Rack
from pitstop.diagnostics.budget import Bounds
from pitstop.diagnostics.node_reading import What
from pitstop.model.errors import InvalidInput, NoSpace
from pitstop.model.logs import Bundle, BundleState, Outcome, Wanted, Why

HAS_JOURNAL = pytest.mark.skipif(shutil.which("journalctl") is None, reason="there is no journalctl here")
FEW = What(
    commands={
        "greeting": "echo hello; echo password=command7Secret",
        "missing": "no-such-program",
        "half": "echo one; exit 3",
    }
)


@HAS_JOURNAL
def test_of_a_journal_the_lines_of_the_span_come(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        opened = await rack.collect()
        journal = opened.text("nodes/n1/journal.log")
        assert [line.partition(" n1 ")[2] for line in journal.splitlines()] == [
            "lantern: starting with DB_PASSWORD=[removed: key-value] in its environment",
            "lantern: lantern is up",
            "kernel: eth0: link down",
        ]
        assert opened.of("node n1", "journal").lines == 3

    play(scene)


def test_files_and_outputs_come_without_secrets(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=FEW)
        opened = await rack.collect()
        assert opened.text("nodes/n1/files/var/log/app/app.log") == "one\npassword=[removed: setting]\ntwo\n"
        assert opened.text("nodes/n1/commands/greeting.txt") == "hello\npassword=[removed: setting]\n"
        assert "7Secret" not in opened.everything
        assert opened.gathered.removed["setting"] == 2
        assert opened.of("node n1", "missing").outcome is Outcome.LEFT_OUT
        half = opened.of("node n1", "half")
        assert (half.outcome, half.lines, half.note) == (Outcome.COLLECTED, 1, "it ended with status 3")

    play(scene)


def test_a_node_that_does_not_answer_is_said_and_keeps_nothing_else_away(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=FEW)
        await rack["n2"].unplug()
        opened = await rack.collect()
        lost = opened.of("node n2", "everything")
        assert lost.outcome is Outcome.FAILED
        assert "node n2 at 127.0.0.1" in lost.note
        assert "cannot be reached" in lost.note
        assert opened.of("node n3", "greeting").lines == 2
        assert "✕ failed: node n2" in opened.text("index.html")
        assert opened.reports[-1] == (5, 5)

    play(scene, "n1", "n2", "n3")


def test_a_node_that_is_lost_midway_ends_soon_and_says_so(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=What(commands=dict.fromkeys(("a", "b", "c", "d"), "sleep 5")))
        task = asyncio.ensure_future(rack.collect())
        await rack["n1"].has_begun("sleep 5")
        await rack["n1"].unplug()
        opened = await asyncio.wait_for(task, 20)
        outcomes = {
            thing.name: thing.note for thing in opened.gathered.collected if thing.origin == "node n1"
        }
        assert "lost" in outcomes["a"]
        assert "cannot be reached" in outcomes["b"]
        assert outcomes["c"] == outcomes["d"] == "not tried: the node had not answered twice before"

    play(scene)


def test_an_empty_log_and_one_that_cannot_be_read_are_told_apart(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        root = rack["n1"].root
        (root / "var/log/empty.log").touch()
        (root / "var/log/cut.log.gz").write_bytes(gzip.compress(b"x" * 5_000)[:20])
        rack.change(what=What(commands={}))
        opened = await rack.collect()
        empty, broken = (
            opened.of("node n1", "/var/log/empty.log"),
            opened.of("node n1", "/var/log/cut.log.gz"),
        )
        assert (empty.outcome, empty.lines, empty.member) == (Outcome.COLLECTED, 0, "")
        assert broken.outcome is Outcome.FAILED
        assert "unexpected end of file" in broken.note
        page = opened.text("index.html")
        assert "✓ collected: 0 lines" in page
        assert "✕ failed: it ended with status 1" in page
        assert not any("empty.log" in member for member in opened.members)

    play(scene)


def test_nothing_that_changed_is_said_too(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        os.utime(rack["n1"].root / "var/log/app/app.log", (0, 0))
        rack.change(what=What(commands={}))
        opened = await rack.collect()
        assert opened.of("node n1", "files").note == "no file was changed in this span"
        assert "there was no run in this span" in opened.text("index.html")

    play(scene)


def test_packed_logs_are_unpacked_and_looked_through(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        packed = gzip.compress(b"old line\ntoken=packed7Secret\n")
        (rack["n1"].root / "var/log/app/app.log.1.gz").write_bytes(packed)
        rack.change(what=What(commands={}))
        opened = await rack.collect()
        text = opened.text("nodes/n1/files/var/log/app/app.log.1.gz.txt")
        assert text == "old line\ntoken=[removed: setting]\n"

    play(scene)


def test_of_a_packed_log_that_is_long_no_line_is_cut_in_two(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        lines = [f"line {number} password=pack{number}Secret" for number in range(20_000)]
        packed = gzip.compress("\n".join(lines).encode() + b"\n")
        (rack["n1"].root / "var/log/app/app.log.2.gz").write_bytes(packed)
        rack.change(what=What(commands={}), bounds=Bounds(thing=100_000))
        opened = await rack.collect()
        long = opened.of("node n1", "/var/log/app/app.log.2.gz")
        text = opened.text(long.member)
        assert (long.outcome, long.note) == (Outcome.CUT, "the newest 100 kB")
        assert {line.partition(" ")[0] for line in text.splitlines()} == {"line"}
        assert "Secret" not in text
        assert text.endswith("line 19999 password=[removed: key-value]\n")

    play(scene)


@HAS_JOURNAL
def test_of_a_journal_that_is_long_no_line_is_cut_in_two(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=What(commands={}), bounds=Bounds(thing=150))
        opened = await rack.collect()
        journal = opened.of("node n1", "journal")
        assert (journal.outcome, journal.note) == (Outcome.CUT, "the newest 150 B")
        assert opened.text(journal.member).startswith("2026-11-20T")

    play(scene)


def test_what_is_no_text_is_left_out(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        (rack["n1"].root / "var/log/wtmp").write_bytes(b"\x07\0\0\0ts/0password=abc" + bytes(4_000))
        rack.change(what=What(commands={}))
        opened = await rack.collect()
        wtmp = opened.of("node n1", "/var/log/wtmp")
        assert (wtmp.outcome, wtmp.member) == (Outcome.LEFT_OUT, "")
        assert "no text" in wtmp.note

    play(scene)


def test_of_a_long_file_the_newest_whole_lines_come(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        lines = [f"line {number} password=long{number}Secret" for number in range(50_000)]
        (rack["n1"].root / "var/log/long.log").write_text("\n".join(lines) + "\n")
        rack.change(what=What(commands={}), bounds=Bounds(thing=100_000))
        opened = await rack.collect()
        long = opened.of("node n1", "/var/log/long.log")
        text = opened.text(long.member)
        assert long.outcome is Outcome.CUT
        assert long.note == "the newest 100 kB of 1.8 MB"
        assert text.endswith("line 49999 password=[removed: key-value]\n")
        assert text.startswith("line 4")
        assert "Secret" not in text

    play(scene)


def test_the_bounds_of_a_node_and_of_the_whole_hold_and_are_said(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        for number in range(5):
            (rack["n1"].root / f"var/log/{number}.log").write_text("0123456789abcde\n" * 5_000)
        rack.change(what=What(commands={}), bounds=Bounds(node=200_000))
        opened = await rack.collect()
        things = [thing for thing in opened.gathered.collected if thing.name.startswith("/var/log/")]
        assert sum(thing.size for thing in things) <= 200_000
        assert [thing.outcome for thing in things if "limit" in thing.note] != []

    play(scene)


def test_the_time_of_the_whole_holds(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(
            what=What(commands={"slow": "sleep 30", "next": "echo x"}),
            bounds=Bounds(long=timedelta(seconds=2)),
        )
        opened = await asyncio.wait_for(rack.collect(), 15)
        assert "has not brought it within" in opened.of("node n1", "slow").note
        assert opened.of("node n1", "next").note == "not tried: the time for the bundle was used up"

    play(scene)


def test_names_of_files_stay_below_the_folder_that_a_bundle_is_unpacked_to(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        folder = rack["n1"].root / "var/log"
        for name in ("a\nb.log", "c:d*e?.log", "...", "p w d=x.log", "f\\..\\g.log", "token=name7Secret"):
            (folder / name).write_text("x\n")
        rack.change(what=What(commands={}))
        opened = await rack.collect()
        for member in opened.members:
            assert not member.startswith("/")
            assert not {"", ".", ".."} & set(member.split("/"))
            assert not set(member) & set('\n\\:*?"<>|')
        assert "name7Secret" not in "\n".join(opened.members)
        assert sum(thing.size == 2 for thing in opened.gathered.collected) == 6

    play(scene)


def test_a_name_that_is_no_text_is_said_and_breaks_nothing(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        latin = os.fsencode(rack["n1"].root / "var/log") + b"/gr\xfc\xdfe.log"
        os.close(os.open(latin, os.O_CREAT | os.O_WRONLY))
        (rack["n1"].root / "var/log/grüße.log").write_text("x\n")
        rack.change(what=What(commands={}))
        opened = await rack.collect()
        assert opened.of("node n1", "/var/log/gr��e.log").note == "its name is no UTF-8"
        assert opened.of("node n1", "/var/log/grüße.log").lines == 1

    play(scene)


def test_only_the_nodes_and_roles_that_are_asked_for_are_read(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=FEW)
        opened = await rack.collect(Wanted(SINCE, UNTIL, nodes=("n1",), roles=("role-n3",)))
        origins = {thing.origin for thing in opened.gathered.collected}
        assert origins == {"service", "runs", "node n1", "node n3"}
        assert rack["n2"].commands == []
        with pytest.raises(InvalidInput, match="no node n9"):
            await rack.collector.collect(_asking(nodes=("n9",)), rack.folder, lambda _done, _of: None)

    play(scene, "n1", "n2", "n3")


def _asking(nodes: tuple[str, ...]) -> Bundle:
    return Bundle("0a1b2c3d-1", "ada", Why.ASKED, Wanted(SINCE, UNTIL, nodes), BundleState.COLLECTING, UNTIL)


def test_pseudonyms_are_consistent_and_say_nothing(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        for name in ("n1", "n2"):
            (rack[name].root / "var/log/net.log").write_text(
                "from 10.9.8.7 to 10.9.8.7 via fd00::1:2 mac 52:54:00:ab:cd:ef\n"
                "n1 and n2 talk, session opened for user clara, at 12:34:56, on 127.0.0.1\n"
                "mail from clara@hosts.example to https://portal.hosts.example/x\n"
            )
        rack.change(what=What(commands={}))
        opened = await rack.collect(Wanted(SINCE, UNTIL, pseudonyms=True))
        everything = opened.everything + "\n".join(opened.members)
        for name in (
            "10.9.8.7",
            "fd00::1:2",
            "52:54:00",
            "clara",
            "portal.hosts",
            "node n1",
            "nodes/n1",
            "ada",
        ):
            assert name not in everything
        assert "12:34:56, on 127.0.0.1" in everything
        first, second = (opened.text(member) for member in sorted(opened.members) if "net.log" in member)
        assert first == second
        words = first.split()
        assert words[1] == words[3]
        assert words[1].startswith("ipv4-")
        assert f"{words[8]} and" in first
        assert any(words[8] in member for member in opened.members)

    play(scene, "n1", "n2")


def test_two_bundles_have_other_pseudonyms(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=What(commands={"who": "echo 10.9.8.7"}))
        one = await rack.collect(Wanted(SINCE, UNTIL, pseudonyms=True))
        first = {member.split("/")[1] for member in one.members if member.startswith("nodes/")}
        shutil.rmtree(rack.folder / "work")
        two = await rack.collect(Wanted(SINCE, UNTIL, pseudonyms=True))
        assert not any(name in two.everything for name in first)

    play(scene)


def test_the_services_log_and_what_the_journal_has_of_runs_come_without_secrets(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=What(commands={}))
        (rack.folder / "service").mkdir()
        (rack.folder / "service/service.log").write_text("started\ntoken=service7Secret\n")
        rack.evidence.texts = {
            "r-1": [("run.json", '{"a": 1}'), ("output-1.2-n1.txt", "password=run7Secret\n")]
        }
        opened = await rack.collect()
        assert opened.text("service/service.log") == "started\ntoken=[removed: setting]\n"
        assert opened.text("runs/r-1/output-1.2-n1.txt") == "password=[removed: setting]\n"
        assert "7Secret" not in opened.everything

    play(scene)


SOS = """#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = --tmp-dir ] && place=$2; shift; done
mkdir -p "$place/sosreport-n1/etc" && echo "password=sos7Secret" >"$place/sosreport-n1/etc/app.conf"
"""


def test_a_report_of_sos_is_looked_through_and_removed_from_the_node(play: Play, tmp_path: Path) -> None:
    async def scene(rack: Rack) -> None:
        program = tmp_path / "bin/sos"
        program.parent.mkdir()
        program.write_text(SOS)
        program.chmod(0o755)
        rack["n1"].environment["PATH"] = f"{program.parent}:{os.environ['PATH']}"
        rack.change(what=What(commands={}))
        opened = await rack.collect(Wanted(SINCE, UNTIL, sos=True))
        member = next(member for member in opened.members if member.endswith("app.conf.txt"))
        assert opened.text(member) == "password=[removed: setting]\n"
        assert list((rack["n1"].root / "var/tmp").iterdir()) == []

    play(scene)


@pytest.mark.skipif(shutil.which("sos") is not None, reason="sos is installed here")
def test_where_there_is_no_sos_that_is_said(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=What(commands={}))
        opened = await rack.collect(Wanted(SINCE, UNTIL, sos=True))
        assert opened.of("node n1", "sos report").note == "there is no sos here"

    play(scene)


def test_a_disk_that_is_nearly_full_is_left_alone(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(spare=1 << 60)
        with pytest.raises(NoSpace, match="must stay free"):
            await rack.collect()

    play(scene)


def test_a_disk_that_fills_up_midway_ends_all_of_it_with_that_reason(play: Play) -> None:
    class Full(NoRuns):
        def of(self, run_id: str) -> Iterable[tuple[str, str]]:
            raise NoSpace(f"no room for {run_id}")

    async def scene(rack: Rack) -> None:
        rack.change(evidence=Full({"r-1": []}), what=What(commands={"slow": "sleep 30"}))
        with pytest.raises(NoSpace, match="no room for r-1"):
            await asyncio.wait_for(rack.collect(), 15)

    play(scene)


def test_a_folder_that_cannot_be_looked_into_is_said(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack["n1"].environment["PATH"] = f"{rack.folder / 'bin'}:{os.environ['PATH']}"
        find = rack.folder / "bin/find"
        find.parent.mkdir()
        find.write_text(
            f"#!/bin/sh\necho 'find: private: Permission denied' >&2\n{shutil.which('find')} \"$@\"\n"
        )
        find.chmod(0o755)
        rack.change(what=What(commands={}))
        opened = await rack.collect()
        assert opened.of("node n1", "some files").note == "find: private: Permission denied"
        assert opened.of("node n1", "/var/log/app/app.log").lines == 3

    play(scene)


def test_nodes_are_read_as_the_least_of_all(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=What(commands={"nice": "nice", "idle": "ionice || true"}))
        opened = await rack.collect()
        assert opened.text("nodes/n1/commands/nice.txt") == "19\n"

    play(scene)


def test_a_collection_that_is_cancelled_leaves_nothing_running(play: Play) -> None:
    async def scene(rack: Rack) -> None:
        rack.change(what=What(commands={"long": "echo begun; sleep 30"}))
        task = asyncio.ensure_future(rack.collect())
        await rack["n1"].has_begun("sleep 30")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)

    play(scene)
