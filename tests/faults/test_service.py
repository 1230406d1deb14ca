"""Faults of the service, its disk, its database and its source; each ends right, and its remedy mends it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from faults import releases
from faults.nodes import NAMES
from faults.room import Room
from lantern import build as lantern_build
from pitstop.model.errors import NoSpace, StateUnusable
from pitstop.publish.keys import KeyFolder
from pitstop.publish.repository import Repository
from pitstop.wire.alert_views import AlertView

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faultsofservice")]

CHECK_THE_OTHER_SIDE = "Check the address, the network and that the other side runs"


def source_alert(room: Room, code: str) -> AlertView:
    """The one alert after a look at the sources, which is about the source."""
    room.pitstop("source", "check", status=None)
    (alert,) = room.alerts()
    assert (alert.source, alert.finding.code) == ("source northstar", code), alert.finding
    return alert


def source_is_well(room: Room) -> None:
    room.pitstop("source", "check")
    assert room.alerts() == []


def test_the_kernel_kills_the_service_in_the_middle_of_a_step(room: Room) -> None:
    update = room.next_update()
    room.nodes.hold("n1", "set-up")
    run = room.install(update)
    room.nodes.until_at("n1", "set-up")
    room.kill_service()
    room.nodes.let_on("n1", "set-up")
    room.start_service()
    room.came_right(update)
    with room.client() as client:
        events = [event.kind for event in client.events(run)]
    assert events.count("run-taken") == 2


def test_the_kernel_kills_the_service_on_the_way_back(room: Room) -> None:
    update = room.next_update()
    before = room.nodes.versions()
    room.nodes.write("n2", "etc/broken", "the key store is locked\n")
    run = room.install(update)
    room.failed(update, run, "step-failed")
    room.nodes.remove("n2", "etc/broken")
    room.pitstop("run", "abort", run, "--yes", status=None)
    room.kill_service()
    room.start_service()
    room.until(lambda: room.run(run).run.state == "aborted", "it goes on backwards by itself")
    assert (room.nodes.versions(), room.nodes.out_of_service()) == (before, [])
    assert room.nodes.done(update)["n1"] == ["set-up", "verified", "take-down"]
    room.until_quiet()


def test_the_database_is_locked_for_a_while(room: Room) -> None:
    update = room.next_update()
    room.nodes.hold("n1", "set-up")
    room.install(update)
    room.nodes.until_at("n1", "set-up")
    with closing(sqlite3.connect(room.state / "pitstop.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        room.nodes.let_on("n1", "set-up")
        time.sleep(4)
        other.execute("ROLLBACK")
    room.came_right(update)


def test_the_disk_of_the_service_is_full_before(room: Room) -> None:
    disk = room.disk("state")
    update = room.next_update()
    room.until_quiet()
    disk.fill()
    with pytest.raises((NoSpace, StateUnusable)) as refused:
        room.install(update)
    assert "space" in refused.value.hint.lower()
    disk.clear()
    room.ended(room.install(update))
    room.came_right(update)


def test_the_disk_of_the_service_becomes_full_in_the_middle(room: Room) -> None:
    disk = room.disk("state")
    update = room.next_update()
    room.nodes.hold("n1", "set-up")
    run = room.install(update)
    room.nodes.until_at("n1", "set-up")
    disk.fill()
    room.nodes.let_on("n1", "set-up")
    time.sleep(4)
    disk.clear()
    room.until(lambda: room.run(run).run.state == "succeeded", "it goes on by itself")
    room.pitstop("check", "run")  # one may have been asked while the disk was full
    room.came_right(update)


def test_the_source_is_gone(room: Room) -> None:
    update = room.next_update()
    room.site.stop()
    run = room.install(update)
    alert = room.failed(update, run, "unreachable")
    assert room.state_of(update) == "DownloadFailed"
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: room.site.start})
    room.came_right(update)


def test_the_name_of_the_source_is_not_known_any_more(room: Room) -> None:
    room.disk("state")
    room.site.name(known=False)
    alert = source_alert(room, "unreachable")
    room.follow(alert.steps, {CHECK_THE_OTHER_SIDE: room.site.name, "Try again": lambda: None})
    source_is_well(room)


def test_the_certificate_of_the_site_has_expired(room: Room) -> None:
    room.site.stop()
    room.site.start("expired")
    alert = source_alert(room, "unreachable")
    assert "certificate" in alert.finding.what

    def another_certificate() -> None:
        room.site.stop()
        room.site.start()

    room.follow(
        alert.steps, {"Check the clock of this machine and the site's certificate": another_certificate}
    )
    source_is_well(room)


def test_the_publishers_metadata_has_expired(room: Room) -> None:
    repository = Repository(lantern_build.northstar(room.folder))
    keys = KeyFolder(repository.settings.key_folder, releases.PASSPHRASE)
    repository.renew(keys, datetime.now(UTC) - timedelta(days=400))
    alert = source_alert(room, "metadata-expired")

    def renew() -> None:
        repository.renew(keys, datetime.now(UTC))

    hands = {
        "The publisher has not renewed": lambda: None,
        "Check this machine's clock": lambda: None,
        "Ask the publisher": renew,
    }
    room.follow(alert.steps, hands)
    source_is_well(room)


def volume(folder: Path, update: str) -> Path:
    """The largest file below the folder that has to do with this update."""
    files = [file for file in folder.rglob("*") if file.is_file() and update in str(file)]
    return max(files, key=lambda file: file.stat().st_size)


@contextmanager
def damaged(file: Path) -> Iterator[None]:
    """One byte of it is another one."""
    former = file.read_bytes()
    middle = len(former) // 2
    file.write_bytes(former[:middle] + bytes([former[middle] ^ 1]) + former[middle + 1 :])
    try:
        yield
    finally:
        file.write_bytes(former)


def test_a_payload_comes_damaged(room: Room) -> None:
    update = room.next_update()
    with damaged(volume(room.site.files, update)):
        run = room.install(update)
        alert = room.failed(update, run, "digest-mismatch")
        assert room.state_of(update) in ("DownloadFailed", "PreparationFailed")
        assert room.nodes.done(update) == {node: [] for node in NAMES}
    room.follow(alert.steps, {"The file is damaged": lambda: None, "Get it again": lambda: None})
    room.came_right(update)


def test_a_payload_is_damaged_on_the_systems_own_disk(room: Room) -> None:
    update = room.next_update()
    room.pitstop("update", "prepare", update, "--watch")
    number = update.split(".")[2]
    kept = (file for file in room.state.glob("content/*/*") if file.is_file())
    file = next(file for file in kept if file.read_text().startswith(f"{number} 0\n"))
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    run = room.install(update)
    alert = room.failed(update, run, "not-ready")
    assert "remove the files that are named below" in alert.finding.detail
    assert file.name in room.pitstop("check", "show", "payloads")
    assert room.nodes.done(update) == {node: [] for node in NAMES}
    room.follow(alert.steps, {"Mend what is listed below": file.unlink})
    room.came_right(update)
