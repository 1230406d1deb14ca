"""Faults of nodes. Each ends in the right state, with the right alert; its remedy to the letter mends it."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from faults.room import Room
from rack import layout, power
from rack import rack as making

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faultsofnodes")]

VERSION = "opt/lantern/VERSION"
CHECK_THE_OTHER_SIDE = "Check the address, the network and that the other side runs"
SEE_WHAT_IT_DID = "See the step's output for what it was doing; mend the cause"
MEND_THE_CAUSE = "Mend the cause that the output names"


def test_a_node_answers_and_never_restarts(room: Room) -> None:
    update = room.next_update(restarts=True)
    restart = (room.nodes.root("n1") / "sbin/restart").read_text()
    room.nodes.write("n1", "sbin/restart", "#!/bin/sh\nexit 0\n")
    run = room.install(update)
    alert = room.failed(update, run, "node-not-restarted")
    hands = {
        "See on the node what holds the restart up": lambda: room.nodes.write("n1", "sbin/restart", restart),
        "Mend it": lambda: None,
    }
    room.follow(alert.steps, hands)
    room.came_right(update)


def test_a_node_does_not_come_back_from_its_restart(room: Room) -> None:
    update = room.next_update(restarts=True)
    restart = (room.nodes.root("n1") / "sbin/restart").read_text()
    room.nodes.write("n1", "sbin/restart", restart.replace("-HUP", "-KILL"))
    run = room.install(update)
    alert = room.failed(update, run, "node-not-back", "failed")
    room.nodes.write("n1", "sbin/restart", restart)

    def look_at_its_console() -> None:
        room.nodes.write("n1", "run/boot_id", "another start")
        room.nodes.power_on("n1")

    room.follow(
        alert.steps, {"Look at the node's console": look_at_its_console, "Once it is up": lambda: None}
    )
    room.came_right(update)


def dies_at(room: Room, node: str, gate: str, code: str) -> None:
    """The node loses its power there, and the run fails with this code; with power again, it goes on."""
    update = room.next_update()
    room.nodes.hold(node, gate)
    run = room.install(update)
    room.nodes.until_at(node, gate)
    room.nodes.power_off(node)
    alert = room.failed(update, run, code, "failed")
    assert node in alert.finding.subject
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: lambda: room.nodes.power_on(node)})
    room.came_right(update)


def test_a_node_is_dead_while_its_step_is_done(room: Room) -> None:
    dies_at(room, "n1", "set-up", "unreachable")


def test_a_node_is_dead_while_it_is_verified(room: Room) -> None:
    dies_at(room, "n2", "verify", "unreachable")


def test_a_node_is_dead_before_anything_is_done(room: Room) -> None:
    update = room.next_update()
    room.nodes.power_off("n2")
    run = room.install(update)
    alert = room.failed(update, run, "unreachable", "failed")
    assert room.state_of(update) == "HealthCheckFailed"
    assert room.nodes.done(update) == {"n1": [], "n2": []}
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: lambda: room.nodes.power_on("n2")})
    room.came_right(update)


def test_a_node_cannot_be_emptied(room: Room) -> None:
    update = room.next_update()
    room.nodes.write("n1", "run/busy", "waits for volume pvc-7: its last replica is on this node\n")
    run = room.install(update)
    alert = room.failed(update, run, "step-failed")
    assert "pvc-7" in alert.finding.what
    assert room.nodes.out_of_service() == []
    room.follow(alert.steps, {SEE_WHAT_IT_DID: lambda: room.nodes.remove("n1", "run/busy")})
    room.came_right(update)


def test_a_step_fails(room: Room) -> None:
    update = room.next_update()
    room.nodes.write("n1", "etc/broken", "the key store is locked\n")
    run = room.install(update)
    alert = room.failed(update, run, "step-failed")
    assert "the key store is locked" in alert.finding.what
    room.follow(alert.steps, {MEND_THE_CAUSE: lambda: room.nodes.remove("n1", "etc/broken")})
    room.came_right(update)


def test_a_node_does_not_work_any_more_afterwards(room: Room) -> None:
    update = room.next_update()
    room.nodes.write("n1", "etc/unwell", "it does not answer its peers\n")
    run = room.install(update)
    alert = room.failed(update, run, "step-failed")
    assert "it does not answer its peers" in alert.finding.what
    assert room.nodes.done(update)["n2"] == [], "no further node was touched"
    room.follow(alert.steps, {MEND_THE_CAUSE: lambda: room.nodes.remove("n1", "etc/unwell")})
    room.came_right(update)


def test_a_step_does_not_come_to_its_end(room: Room) -> None:
    update = room.next_update()
    room.nodes.hold("n1", "set-up")
    run = room.install(update)
    alert = room.failed(update, run, "step-failed")
    assert "not done within its deadline" in alert.finding.what
    room.follow(alert.steps, {SEE_WHAT_IT_DID: lambda: room.nodes.let_on("n1", "set-up")})
    room.came_right(update)


def test_the_links_of_a_node_hang(room: Room) -> None:
    """It takes no power away and closes no connection: nothing comes any more."""
    update = room.next_update()
    room.nodes.hold("n1", "set-up")
    run = room.install(update)
    room.nodes.until_at("n1", "set-up")
    power.signal_server(room.nodes.root("n1"), signal.SIGSTOP)
    try:
        room.ended(run)
    finally:
        power.signal_server(room.nodes.root("n1"), signal.SIGCONT)
    room.nodes.let_on("n1", "set-up")
    alert = room.failed(update, run, "unreachable")
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: lambda: None})
    room.came_right(update)


def test_the_disks_of_nodes_are_full_before(room: Room) -> None:
    disk = room.disk("nodes")
    update = room.next_update()
    disk.fill()
    run = room.install(update)
    alert = room.failed(update, run, "not-ready", "failed")
    assert room.nodes.done(update) == {"n1": [], "n2": []}
    room.follow(alert.steps, {"Mend what is listed below": disk.clear})
    room.came_right(update)


def test_the_disks_of_nodes_become_full_in_the_middle(room: Room) -> None:
    disk = room.disk("nodes")
    update = room.next_update()
    room.nodes.hold("n1", "verify")
    run = room.install(update)
    room.nodes.until_at("n1", "verify")
    disk.fill()
    room.nodes.let_on("n1", "verify")
    alert = room.failed(update, run, "node-full", "failed")
    room.follow(alert.steps, {"Free the space that the message names on the node": disk.clear})
    room.came_right(update)


def test_the_clock_of_a_node_is_an_hour_off(room: Room) -> None:
    update = room.next_update()
    room.nodes.write(
        "n2", "sbin/date", '#!/bin/sh\n[ "$1" = +%s ] || exec /bin/date "$@"\n/bin/date -d "1 hour" +%s\n'
    )
    (room.nodes.root("n2") / "sbin/date").chmod(0o755)
    run = room.install(update)
    alert = room.failed(update, run, "not-ready", "failed")
    assert "clock" in alert.finding.detail
    room.follow(alert.steps, {"Mend what is listed below": lambda: room.nodes.remove("n2", "sbin/date")})
    room.came_right(update)


def test_the_host_key_of_a_node_is_another_one(room: Room) -> None:
    update = room.next_update()
    key = room.nodes.root("n2") / layout.HOST_KEY
    former = key.read_bytes()
    room.nodes.power_off("n2")
    making.write_key(key)
    room.nodes.power_on("n2")
    run = room.install(update)
    alert = room.failed(update, run, "host-key-changed", "failed")

    def find_out_why() -> None:
        room.nodes.power_off("n2")
        key.write_bytes(former)
        room.nodes.power_on("n2")

    hands = {
        "If the machine was replaced or installed anew on purpose": lambda: None,
        "If not, somebody may stand in between": find_out_why,
    }
    room.follow(alert.steps, hands)
    room.came_right(update)


def test_a_node_does_not_accept_the_key(room: Room, tmp_path: Path) -> None:
    update = room.next_update()
    accepted = (room.nodes.root("n2") / layout.AUTHORIZED_KEYS).read_text()
    room.nodes.write("n2", layout.AUTHORIZED_KEYS, making.write_key(tmp_path / "another"))
    room.nodes.power_off("n2")
    room.nodes.power_on("n2")
    run = room.install(update)
    alert = room.failed(update, run, "unreachable", "failed")

    def accept_it() -> None:
        room.nodes.write("n2", layout.AUTHORIZED_KEYS, accepted)
        room.nodes.power_off("n2")
        room.nodes.power_on("n2")

    room.follow(alert.steps, {"Check `user` and `key` of the node": accept_it})
    room.came_right(update)


def test_the_packages_own_check_finds_what_keeps_it_off(room: Room) -> None:
    update = room.next_update()
    room.nodes.write("n2", "etc/occupied", "somebody is in the room\n")
    room.nodes.write("n1", "etc/door", "it stands open\n")
    run = room.install(update)
    alert = room.failed(update, run, "step-failed")
    said = room.pitstop("check", "ready", update, status=None)
    assert "somebody is in the room" in said
    assert "it stands open" in said, "one that does not pass hides no other"
    assert room.state_of(update) == "HealthCheckFailed"

    def mend_both() -> None:
        room.nodes.remove("n2", "etc/occupied")
        room.nodes.remove("n1", "etc/door")

    room.follow(alert.steps, {MEND_THE_CAUSE: mend_both})
    room.came_right(update)


def test_a_node_falls_back_to_its_old_version(room: Room) -> None:
    update = room.next_update()
    room.nodes.hold("n2", "verify")
    old = room.nodes.versions()
    run = room.install(update)
    room.nodes.until_at("n2", "verify")
    new = (room.nodes.root("n2") / VERSION).read_text()
    room.nodes.write("n2", VERSION, "\n".join(old))
    room.nodes.let_on("n2", "verify")
    alert = room.failed(update, run, "step-failed")
    assert "n2 says" in alert.finding.what
    hands = {"Look at the named nodes": lambda: None, "Mend it": lambda: room.nodes.write("n2", VERSION, new)}
    room.follow(alert.steps, hands)
    room.came_right(update)


def test_a_node_dies_on_the_way_back(room: Room) -> None:
    update = room.next_update()
    before = room.nodes.versions()
    room.nodes.write("n2", "etc/broken", "the key store is locked\n")
    run = room.install(update)
    room.failed(update, run, "step-failed")
    room.nodes.remove("n2", "etc/broken")
    room.nodes.power_off("n1")
    room.pitstop("run", "abort", run, "--yes", status=None)
    room.until(lambda: room.run(run).run.state == "undo-failed", "the way back stops")
    alert = next(alert for alert in room.alerts() if alert.run == run)
    assert alert.finding.code == "unreachable"
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: lambda: room.nodes.power_on("n1")})
    room.until(lambda: room.run(run).run.state == "aborted", "the way back ends")
    assert room.nodes.versions() == before
    assert room.nodes.out_of_service() == []
    assert room.nodes.done(update) == {"n1": ["set-up", "verified", "take-down"], "n2": ["take-down"]}
    room.until_quiet()


def test_a_node_is_dead_when_it_is_to_be_put_back(room: Room) -> None:
    update = room.next_update()
    room.nodes.write("n1", "etc/broken", "the key store is locked\n")
    run = room.install(update)
    room.failed(update, run, "step-failed")
    room.nodes.remove("n1", "etc/broken")
    room.nodes.power_off("n1")
    room.pitstop("run", "cancel", run, "--yes", status=None)
    room.until(lambda: room.run(run).run.state == "cancelled", "it is cancelled")
    alert = next(alert for alert in room.alerts() if alert.run == run)
    assert alert.finding.code == "run-cancelled"
    assert "n1" in alert.finding.what

    def put_it_back() -> None:
        said = room.pitstop("check", "show", "node-states")
        assert "on the node: `sbin/ctl back`" in said
        subprocess.run(["sh", "sbin/ctl", "back"], cwd=room.nodes.root("n1"), check=True)
        room.pitstop("check", "run")

    hands = {
        CHECK_THE_OTHER_SIDE: lambda: room.nodes.power_on("n1"),
        "See how it is put back": put_it_back,
    }
    room.follow(alert.steps, hands)
    room.came_right(update)
