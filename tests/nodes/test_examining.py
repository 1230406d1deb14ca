"""The test of a node: each thing that it needs is passed or failed by itself, with what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.model.errors import Unreachable
from pitstop.model.node_rules import fingerprint
from pitstop.model.system import Node
from pitstop.nodes.examining import SshExaminer
from pitstop.ports.node_tests import NodeCheck, NodeExamined, ShownKey
from simulators.declared_nodes import MemoryHostKeys
from simulators.ssh_server import RunningServer, make_key, running_server

PROBES = {"lantern": ("cat", "VERSION")}


class Bench:
    """A node on a machine of its own, and what is remembered of it."""

    def __init__(self, machine: RunningServer) -> None:
        self.machine = machine
        self.server = machine.server
        (self.server.root / "VERSION").write_text("1.2305.0.10\n")
        self.keys = MemoryHostKeys()
        self.examiner = SshExaminer(self.keys)

    @property
    def node(self) -> Node:
        return self.server.node(pinned=False)

    def examined(self, node: Node | None = None, *, fresh: bool = False) -> NodeExamined:
        return self.examiner.examine(node or self.node, PROBES, fresh=fresh)


def checks(examined: NodeExamined) -> dict[str, NodeCheck]:
    return {check.name: check for check in examined.checks}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Stands before the machine's own programs on the node."""
    (tmp_path / "tools").mkdir()
    return tmp_path / "tools"


@pytest.fixture
def bench(tmp_path: Path, tools: Path) -> Iterator[Bench]:
    path = f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin"
    with running_server(tmp_path / "rack", {"PATH": path}) as machine:
        yield Bench(machine)


def stand_in(tools: Path, program: str, script: str) -> None:
    (tools / program).write_text(f"#!/bin/sh\n{script}\n")
    (tools / program).chmod(0o755)


def test_a_sound_node_passes_and_its_key_is_pinned_and_shown(bench: Bench) -> None:
    examined = bench.examined()
    assert examined.passed, examined.checks
    assert list(checks(examined)) == [
        "connects",
        "programs",
        "root folder",
        "clock",
        "locale",
        "free space",
        "version of lantern",
    ]
    assert all(check.passed and not check.remedy for check in examined.checks)
    assert bench.keys.pinned("n1") == bench.server.host_line == examined.host_key
    assert fingerprint(bench.server.host_line) in checks(examined)["connects"].what
    assert examined.versions == {"lantern": "1.2305.0.10"}
    assert list(bench.server.root.iterdir()) == [bench.server.root / "VERSION"], "nothing was changed there"


def test_a_machine_that_is_to_be_new_here_is_pinned_by_whoever_declares_it(bench: Bench) -> None:
    bench.keys.pin("n1", make_key(bench.server.root.parent / "other"))
    before = dict(bench.keys.keys)
    examined = bench.examined(fresh=True)
    assert examined.passed
    assert examined.host_key == bench.server.host_line
    assert bench.keys.keys == before


def test_a_changed_key_is_refused_named_and_can_be_looked_at(bench: Bench) -> None:
    assert bench.examiner.other_key(bench.node) is None
    pinned = bench.keys.pinned("n1")
    bench.machine.install_anew()
    (check,) = bench.examined().checks
    assert (check.name, check.passed) == ("connects", False)
    assert "shows another host key than the pinned one" in check.what
    assert "pitstop node trust" in check.remedy
    shown = bench.examiner.other_key(bench.node)
    assert isinstance(shown, ShownKey)
    assert (shown.name, bench.keys.pinned("n1")) == ("n1", pinned)
    bench.keys.trust("n1", shown.key)
    assert bench.examined().passed


def test_a_node_that_is_away_fails_to_connect_and_nothing_else_is_said(bench: Bench) -> None:
    away = replace(bench.node, port=1)
    examined = bench.examined(away)
    assert [check.name for check in examined.checks] == ["connects"]
    assert "cannot be reached" in examined.checks[0].what
    assert (examined.host_key, examined.versions) == (None, {})
    with pytest.raises(Unreachable):
        bench.examiner.other_key(away)


@pytest.mark.parametrize("ahead", [600, -600])
def test_a_clock_that_is_wrong_is_said_with_the_difference(bench: Bench, ahead: int) -> None:
    bench.examiner = SshExaminer(bench.keys, now=lambda: time.time() - ahead)
    check = checks(bench.examined())["clock"]
    assert not check.passed
    assert check.what in {f"{seconds} seconds {'ahead of' if ahead > 0 else 'behind'} this machine's"
                          for seconds in (599, 600, 601)}  # fmt: skip
    assert "NTP" in check.remedy


def test_a_locale_that_is_not_utf_8_is_failed_and_none_at_all_is_not_known(bench: Bench, tools: Path) -> None:
    stand_in(tools, "locale", "echo ANSI_X3.4-1968")
    check = checks(bench.examined())["locale"]
    assert (check.passed, check.what) == (False, "C.UTF-8 gives ANSI_X3.4-1968")
    stand_in(tools, "locale", "exit 1")
    examined = bench.examined()
    assert checks(examined)["locale"].passed is None
    assert examined.passed, "what cannot be found out keeps nobody out"


def test_a_full_disk_is_failed_with_what_is_free(bench: Bench, tools: Path) -> None:
    stand_in(tools, "df", "echo head; echo /dev/sda1 100000 90000 10000 90% /")
    check = checks(bench.examined())["free space"]
    assert not check.passed
    assert check.what.startswith("10.2 MB free") or check.what.startswith("10 MB free"), check.what


def test_a_root_folder_and_a_probe_that_are_not_there_are_said(bench: Bench) -> None:
    (bench.server.root / "VERSION").unlink()
    probe = checks(bench.examined())["version of lantern"]
    assert not probe.passed
    assert "the version probe ended with status 1" in probe.what
    assert "VERSION" in probe.what, "what the program complains of"
    root = checks(bench.examined(replace(bench.node, root=f"{bench.server.root}/none")))["root folder"]
    assert not root.passed


def test_programs_that_are_missing_are_named_all_at_once(tmp_path: Path, tools: Path) -> None:
    for program in (
        "sh",
        "id",
        "date",
        "df",
        "cat",
        "locale",
        "find",
        "sync",
        "tail",
        "mkdir",
        "mv",
        "timeout",
    ):
        (tools / program).symlink_to(f"/usr/bin/{program}")
    with running_server(tmp_path / "rack", {"PATH": str(tools)}) as machine:
        check = checks(Bench(machine).examined())["programs"]
    assert not check.passed
    assert check.what == "missing: flock, setsid, tar"
    assert "Install on the node: flock, setsid, tar" in check.remedy
