"""Faults of nodes. Each ends in the right state, with the right alert; its remedy to the letter mends it."""

from __future__ import annotations

import pytest

from faults.room import Room

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faultsofnodes")]

CHECK_THE_OTHER_SIDE = "Check the address, the network and that the other side runs"
SEE_WHAT_IT_DID = "See the step's output for what it was doing; mend the cause"
MEND_THE_CAUSE = "Mend the cause that the output names"


def test_a_node_is_dead_while_its_step_is_done(room: Room) -> None:
    update = room.next_update()
    room.hold("n1", "set-up")
    run = room.install(update)
    room.until_at("n1", "set-up")
    room.power_off("n1")
    alert = room.failed(update, run, "unreachable", "failed")
    assert "n1" in alert.finding.subject
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: lambda: room.power_on("n1")})
    room.came_right(update)


def test_a_node_is_dead_while_it_is_verified(room: Room) -> None:
    update = room.next_update()
    room.hold("n2", "verify")
    run = room.install(update)
    room.until_at("n2", "verify")
    room.power_off("n2")
    alert = room.failed(update, run, "unreachable", "failed")
    assert "n2" in alert.finding.subject
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: lambda: room.power_on("n2")})
    room.came_right(update)


def test_a_node_is_dead_before_anything_is_done(room: Room) -> None:
    update = room.next_update()
    room.power_off("n2")
    run = room.install(update)
    alert = room.failed(update, run, "unreachable", "failed")
    assert room.state_of(update) == "HealthCheckFailed"
    assert room.done(update) == {"n1": [], "n2": []}
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: lambda: room.power_on("n2")})
    room.came_right(update)


def test_a_node_cannot_be_emptied(room: Room) -> None:
    update = room.next_update()
    room.write("n1", "run/busy", "waits for volume pvc-7: its last replica is on this node\n")
    run = room.install(update)
    alert = room.failed(update, run, "step-failed")
    assert "pvc-7" in alert.finding.what
    assert room.out_of_service() == []
    room.follow(alert.steps, {SEE_WHAT_IT_DID: lambda: room.remove("n1", "run/busy")})
    room.came_right(update)


def test_a_step_fails(room: Room) -> None:
    update = room.next_update()
    room.write("n1", "etc/broken", "the key store is locked\n")
    run = room.install(update)
    alert = room.failed(update, run, "step-failed")
    assert "the key store is locked" in alert.finding.what
    room.follow(alert.steps, {MEND_THE_CAUSE: lambda: room.remove("n1", "etc/broken")})
    room.came_right(update)
