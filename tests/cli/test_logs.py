"""``pitstop logs``: saving through breaks, what is asked before it is removed, ids that are cut short."""

from __future__ import annotations

import json

import msgspec

from simulators.logs import FILE, FOR_RUN, READY

from .conftest import Pitstop

NAME = "pitstop-logs-20240514-093000-5e1c0de0.zip"


def test_a_bundle_is_saved_under_its_name_or_another(pitstop: Pitstop) -> None:
    saved = pitstop("logs", "save", READY, "--to", str(pitstop.folder))
    assert (saved.status, saved.out) == (0, f"{pitstop.folder}/{NAME}\n")
    assert (pitstop.folder / NAME).read_bytes() == FILE
    assert pitstop("logs", "save", READY, "--to", str(pitstop.folder / "x.zip")).status == 0
    assert (pitstop.folder / "x.zip").read_bytes() == FILE


def test_what_was_saved_in_part_is_gone_on_with(pitstop: Pitstop) -> None:
    (pitstop.folder / f"{NAME}.part").write_bytes(FILE[:7])
    assert pitstop("logs", "save", READY, "--to", str(pitstop.folder)).status == 0
    assert (pitstop.folder / NAME).read_bytes() == FILE
    assert not (pitstop.folder / f"{NAME}.part").exists()


def test_a_file_that_is_not_what_the_service_has_is_not_kept(pitstop: Pitstop) -> None:
    (pitstop.folder / f"{NAME}.part").write_bytes(b"another")
    saved = pitstop("logs", "save", READY, "--to", str(pitstop.folder))
    assert (saved.status, "is not what the service has" in saved.err) == (6, True)
    assert list(pitstop.folder.glob("*.zip*")) == []


def test_an_id_may_be_cut_short_while_it_means_one(pitstop: Pitstop) -> None:
    assert json.loads(pitstop("logs", "show", "7a2f", "--json").out)["id"] == FOR_RUN
    other = msgspec.structs.replace(pitstop.scene.logs.bundles[READY], id="5e1cffff-1")
    pitstop.scene.logs.bundles[other.id] = other
    refused = pitstop("logs", "show", "5e1c")
    assert (refused.status, "2 bundles begin with 5e1c" in refused.err) == (2, True)
    assert pitstop("logs", "show", "ffff").status == 3


def test_nothing_is_removed_unasked(pitstop: Pitstop) -> None:
    assert pitstop("logs", "remove", READY).status == 2
    assert READY in pitstop.scene.logs.bundles
    assert pitstop("logs", "remove", READY, "--yes").status == 0
    assert READY not in pitstop.scene.logs.bundles
    pinned = pitstop("logs", "remove", FOR_RUN, "--yes")
    assert (pinned.status, "Unpin it first." in pinned.err) == (4, True)


def test_pinning_and_unpinning_say_what_it_means(pitstop: Pitstop) -> None:
    assert pitstop("logs", "pin", READY).err == f"Logs {READY} stay.\n"
    assert "stay until 2024-08-12" in pitstop("logs", "unpin", READY).err


def test_one_that_has_ended_is_not_cancelled(pitstop: Pitstop) -> None:
    assert pitstop("logs", "cancel", READY).status == 4


def test_a_target_that_nobody_named_is_said(pitstop: Pitstop) -> None:
    refused = pitstop("logs", "send", READY, "--to", "nobody")
    assert (refused.status, "The settings name vendor." in refused.err) == (3, True)


def test_a_span_may_be_said_by_its_ends(pitstop: Pitstop) -> None:
    told = pitstop(
        "logs", "collect", "--since", "2024-05-14T01:00:00Z", "--until", "2024-05-14T02:00:00Z", "--json"
    )
    bundle = json.loads(told.out)
    assert (bundle["since"], bundle["until"]) == ("2024-05-14T01:00:00Z", "2024-05-14T02:00:00Z")
