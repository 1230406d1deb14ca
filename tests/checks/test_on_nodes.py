"""The built-in checks on real machines: nodes behind SSH, and this one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.certificates import certificate
from pitstop.checks.asking import ask_all
from pitstop.checks.kind import CheckHabits
from pitstop.checks.table import KINDS
from pitstop.daemon.clock import MachineClock
from pitstop.diagnostics.this_machine import LocalMachine
from pitstop.model.checks import CheckResult
from pitstop.model.system import Node, SystemDescription
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.checks import Need
from pitstop.service.check_surroundings import Around, SystemMemory
from simulators.checks import GivenIntegrity
from simulators.host_keys import FileHostKeys
from simulators.records import MemoryRuns
from simulators.ssh_server import SshServer, ssh_server

Results = dict[tuple[str, str], CheckResult]


class SkewedClock(MachineClock):
    """The service's clock, wrong by so much."""

    def __init__(self, wrong_by: timedelta) -> None:
        self._wrong_by = wrong_by

    def now(self) -> datetime:
        return super().now() + self._wrong_by


def of_nodes(
    tmp_path: Path,
    before: Callable[[SshServer, SshServer], Awaitable[None]] | None = None,
    names: Sequence[str] = (),
    *,
    habits: CheckHabits | None = None,
    wrong_by: timedelta = timedelta(0),
    room: Sequence[Need] = (),
    deadline: timedelta | None = None,
) -> Results:
    """Have checks asked of this machine and of two nodes, which ``before`` has put into a state."""

    async def scene() -> Results:
        async with ssh_server(tmp_path, "n1") as n1, ssh_server(tmp_path, "n2") as n2:
            nodes = [replace(server.node(), roles=("host",)) for server in (n1, n2)]
            for server in (n1, n2):
                (server.root / "star").write_text("1.2.3\n")
            if before is not None:
                await before(n1, n2)
            around = surroundings(tmp_path, nodes, habits or CheckHabits(), wrong_by, room)
            try:
                kinds = [kind for kind in KINDS if not names or kind.name in names]
                kinds = [replace(kind, deadline=deadline or kind.deadline) for kind in kinds]
                return {result.key: result for result in await ask_all(kinds, around)}
            finally:
                await around.close()

    return asyncio.run(scene())


def surroundings(
    tmp_path: Path, nodes: Sequence[Node], habits: CheckHabits, wrong_by: timedelta, room: Sequence[Need]
) -> Around:
    return Around(
        SystemDescription("Aurora", "aurora", "Lumen", "R4", tuple(nodes), {"star": ("cat", "star")}),
        habits,
        str(tmp_path),
        LocalMachine(),
        SshStreams(FileHostKeys(tmp_path / "host-keys")),
        SystemMemory(lambda: (), MemoryRuns(), lambda _run: {}, lambda _update: room, GivenIntegrity()),
        SkewedClock(wrong_by),
    )


def test_all_of_them_at_once_on_nodes_that_are_well(tmp_path: Path) -> None:
    found = of_nodes(tmp_path)
    mine = {check: result for (check, target), result in found.items() if target == "node n1"}
    assert set(mine) >= {"nodes", "clock", "node-space", "memory", "load", "services", "restart"}
    must_pass = ("nodes", "node-states", "clock", "restart")
    assert {check: mine[check].status.value for check in must_pass} == dict.fromkeys(must_pass, "pass")
    assert found["versions", "role host"].description == "all run star 1.2.3"
    for check in ("memory", "load", "node-space"):
        assert mine[check].measures, f"{check} has measured something: {mine[check]}"
    assert all(result.took > timedelta(0) for result in found.values())
    assert not (tmp_path / "n1" / "var").exists(), "nothing is left on a node"


def test_a_node_that_is_down_is_said_once_and_holds_nobody_up(tmp_path: Path) -> None:
    async def cut_off(_n1: SshServer, n2: SshServer) -> None:
        await n2.unplug()

    found = of_nodes(tmp_path, cut_off)
    assert found["nodes", "node n2"].status == "fail"
    others = [each for (check, target), each in found.items() if target == "node n2" and check != "nodes"]
    assert {(each.status, each.severity) for each in others if each.check not in ("node-states",)} == {
        ("unknown", "Informational")
    }
    assert found["clock", "node n1"].status == "pass"
    assert (found["versions", "role host"].status, found["versions", "role host"].severity) == (
        "unknown",
        "Warning",
    )


def test_another_host_key_is_a_fail_with_the_words_of_trust(tmp_path: Path) -> None:
    async def install_anew(n1: SshServer, _n2: SshServer) -> None:
        await n1.unplug()
        n1.change_host_key()
        await n1.plug()

    found = of_nodes(tmp_path, install_anew, ["nodes"])["nodes", "node n1"]
    assert found.status == "fail"
    assert "host key" in found.description


@pytest.mark.parametrize(("seconds", "wanted"), [(12, "warning"), (-12, "warning"), (120, "fail")])
def test_a_clock_that_is_off(tmp_path: Path, seconds: int, wanted: str) -> None:
    found = of_nodes(tmp_path, names=["clock"], wrong_by=timedelta(seconds=seconds))
    assert {result.status.value for result in found.values()} == {wanted}


def test_a_node_whose_disk_is_too_small_for_the_update(tmp_path: Path) -> None:
    huge = Need("next", 1 << 50, 1 << 50, 1 << 50)
    found = of_nodes(tmp_path, names=["space", "node-space"], room=[huge])
    assert {(result.status, result.severity) for result in found.values()} == {("fail", "Critical")}


def test_services_restart_and_certificates_as_a_node_has_them(tmp_path: Path) -> None:
    now = datetime.now(UTC)

    async def spoil(n1: SshServer, n2: SshServer) -> None:
        for server, failed in ((n1, "star.service loaded failed failed Star"), (n2, "")):
            (server.root / "run/systemd/system").mkdir(parents=True)
            program = server.root / "usr/bin/systemctl"
            program.parent.mkdir(parents=True)
            program.write_text(f"#!/bin/sh\n[ -z '{failed}' ] || echo '{failed}'\n")
            program.chmod(0o755)
            (server.root / "etc/tls").mkdir(parents=True)
        (n1.root / "run/reboot-required").touch()
        (n1.root / "run/reboot-required.pkgs").write_text("linux-image-6.12\n")
        (n1.root / "etc/tls/old one.pem").write_text("secret\n" + certificate(now - timedelta(days=2)))
        (n2.root / "etc/tls/soon.pem").write_text(certificate(now + timedelta(days=9)))

    habits = CheckHabits(node_certificates=("/etc/tls/*.pem",))
    found = of_nodes(tmp_path, spoil, ["services", "restart", "certificates"], habits=habits)
    said = {key: result.status.value for key, result in found.items() if key[1].startswith("node")}
    assert said == {
        ("services", "node n1"): "fail",
        ("services", "node n2"): "pass",
        ("restart", "node n1"): "warning",
        ("restart", "node n2"): "pass",
        ("certificates", "node n1"): "fail",
        ("certificates", "node n2"): "warning",
    }
    assert "linux-image-6.12" in found["restart", "node n1"].description
    assert "secret" not in str(found["certificates", "node n1"])


def test_versions_that_differ(tmp_path: Path) -> None:
    async def change(_n1: SshServer, n2: SshServer) -> None:
        (n2.root / "star").write_text("1.2.4\n")

    assert of_nodes(tmp_path, change, ["versions"])["versions", "role host"].status == "fail"


def test_a_node_whose_shell_hangs_is_given_up(tmp_path: Path) -> None:
    async def hang(n1: SshServer, _n2: SshServer) -> None:
        program = n1.root / "usr/bin/systemctl"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\nexec sleep 60\n")
        program.chmod(0o755)
        (n1.root / "run/systemd/system").mkdir(parents=True)

    found = of_nodes(tmp_path, hang, ["services"], deadline=timedelta(seconds=2))
    assert found["services", "node n1"].status == "unknown"
    assert "within 2 s" in found["services", "node n1"].description
    assert "skipped" in found["services", "node n2"].description


def test_the_newest_backup_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "backups/deep").mkdir(parents=True)
    (tmp_path / "backups/deep/one").touch()
    habits = CheckHabits(backup=str(tmp_path / "backups"))
    assert [each.status.value for each in of_nodes(tmp_path, names=["backup"], habits=habits).values()] == [
        "pass"
    ]
