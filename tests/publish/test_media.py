"""The media timestamp: accepted by a TUF client long after the wire's has expired, and never in its place."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tuf.api.exceptions import BadVersionNumberError, ExpiredMetadataError
from tuf.api.metadata import Metadata, Root, Timestamp  # type: ignore[attr-defined] # documented, no __all__
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from pitstop.model.errors import NotAllowed, TrustError
from pitstop.package.media_timestamp import (
    made_field,
    media_keyids,
    require_media_timestamp,
    require_wire_timestamp,
    wire_keyids,
)
from pitstop.publish.keys import KeyFolder
from pitstop.publish.media import sign_for_media
from pitstop.publish.serving import serving
from pitstop.publish.settings import ExpiryDays
from publish.press import PASSPHRASE, Press, a_moment_ago


def medium(press: Press, folder: Path) -> Path:
    """A copy of the site in which the media timestamp has the timestamp's place."""
    copy = folder / "medium"
    shutil.copytree(press.settings.site_folder, copy)
    (copy / "metadata" / "media-timestamp.json").replace(copy / "metadata" / "timestamp.json")
    return copy


def refreshed(press: Press, site: Path, cache: Path) -> Updater:
    cache.mkdir(exist_ok=True)
    with serving(site) as server:
        updater = Updater(
            str(cache),
            f"{server.url}metadata/",
            config=UpdaterConfig(prefix_targets_with_hash=False),
            bootstrap=press.settings.root_file.read_bytes(),
        )
        updater.refresh()
    return updater


def timestamp_at(path: Path) -> Metadata[Timestamp]:
    return Metadata[Timestamp].from_bytes(path.read_bytes())


def test_the_two_uses_have_keys_of_their_own(press: Press) -> None:
    root = press.repository.root()
    assert len(wire_keyids(root)) == len(media_keyids(root)) == 1
    assert not wire_keyids(root) & media_keyids(root)


def test_a_medium_is_read_when_the_wires_timestamp_is_long_over(press: Press, tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=200)
    press.publish("1.1.0.1")
    press.repository.renew(press.keys, long_ago)
    stamp = sign_for_media(press.repository, press.keys, long_ago)
    assert stamp.expires == (long_ago + timedelta(days=365)).replace(microsecond=0)
    with pytest.raises(ExpiredMetadataError):
        refreshed(press, press.settings.site_folder, tmp_path / "wire")
    found = refreshed(press, medium(press, tmp_path), tmp_path / "cache")
    assert found.get_targetinfo("notes/Northstar1.1.0.1.md") is not None


def test_a_medium_says_when_it_was_made(press: Press) -> None:
    stamp = sign_for_media(press.repository, press.keys, a_moment_ago())
    assert press.repository.media_stamp(press.repository.root()) == stamp


def test_each_use_is_refused_in_the_others_place(press: Press) -> None:
    sign_for_media(press.repository, press.keys, a_moment_ago())
    root, metadata = press.repository.root(), press.repository.metadata_folder
    wire, media = timestamp_at(metadata / "timestamp.json"), timestamp_at(metadata / "media-timestamp.json")
    require_wire_timestamp(root, wire)
    require_media_timestamp(root, media)
    with pytest.raises(TrustError, match="signed for media"):
        require_wire_timestamp(root, media)
    with pytest.raises(TrustError, match="not signed by a key that the publisher keeps for media"):
        require_media_timestamp(root, wire)


def test_a_hostile_online_key_makes_no_media_timestamp(press: Press) -> None:
    root = press.repository.root()
    forged = timestamp_at(press.repository.metadata_folder / "timestamp.json")
    forged.signed.expires += timedelta(days=3650)
    forged.signed.unrecognized_fields |= made_field(datetime.now(UTC))
    forged.sign(press.keys.signer("timestamp"))
    with pytest.raises(TrustError, match="keeps for media"):
        require_media_timestamp(root, forged)


def test_a_root_cannot_be_talked_into_keys_that_are_not_the_timestamps(press: Press) -> None:
    root = press.repository.root()
    root.unrecognized_fields["x-pitstop-media"] = {"keyids": [*root.roles["targets"].keyids, 7]}
    assert not media_keyids(root)
    root.unrecognized_fields["x-pitstop-media"] = "all"
    assert not media_keyids(root)


def test_a_medium_does_not_lead_back_a_system_that_has_seen_newer(press: Press, tmp_path: Path) -> None:
    sign_for_media(press.repository, press.keys, a_moment_ago())
    old = medium(press, tmp_path)
    press.publish("1.1.0.1")
    refreshed(press, press.settings.site_folder, tmp_path / "cache")
    with pytest.raises(BadVersionNumberError):
        refreshed(press, old, tmp_path / "cache")


def test_the_publisher_refuses_a_media_timestamp_in_the_wires_place(press: Press) -> None:
    sign_for_media(press.repository, press.keys, a_moment_ago())
    metadata = press.settings.site_folder / "metadata"
    (metadata / "media-timestamp.json").replace(metadata / "timestamp.json")
    with pytest.raises(TrustError, match="signed for media"):
        press.repository.read()


def test_a_medium_that_would_not_last_is_not_made(press: Press) -> None:
    later = datetime.now(UTC) + timedelta(days=500)
    with pytest.raises(NotAllowed, match="snapshot, targets expire sooner") as refused:
        sign_for_media(press.repository, press.keys, later)
    assert "renew --role targets" in refused.value.hint
    press.repository.renew(press.keys, later, "targets")
    assert sign_for_media(press.repository, press.keys, later).made == later.replace(microsecond=0)


def test_shorter_holds_are_told_too(press: Press) -> None:
    settings = replace(press.settings, expiry=ExpiryDays(snapshot=90))
    short = Press(settings, press.work)
    short.repository.renew(short.keys, a_moment_ago(), "snapshot")
    with pytest.raises(NotAllowed, match="snapshot expire sooner"):
        sign_for_media(short.repository, short.keys, a_moment_ago())


def test_a_strangers_media_key_is_refused(press: Press, tmp_path: Path) -> None:
    stranger = KeyFolder(tmp_path / "stranger", PASSPHRASE)
    stranger.generate("media")
    with pytest.raises(TrustError, match="not this publisher's key for media"):
        sign_for_media(press.repository, stranger, a_moment_ago())
    assert not (press.settings.site_folder / "metadata" / "media-timestamp.json").exists()


def test_roots_without_media_keys_have_the_wires_alone(press: Press) -> None:
    root = Root()
    assert not media_keyids(root)
    with pytest.raises(TrustError, match="signed for media"):
        require_wire_timestamp(root, timestamp_at(press.repository.metadata_folder / "timestamp.json"))
