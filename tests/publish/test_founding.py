"""A publisher is made as a whole or not at all; its settings are read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.model.errors import Conflict, InvalidInput, NotFound
from pitstop.publish.founding import found
from pitstop.publish.settings import ExpiryDays, RootKeys, read_settings
from publish.press import PASSPHRASE, Press, a_moment_ago


def test_what_was_made_is_read_back(press: Press) -> None:
    assert read_settings(press.settings.folder) == press.settings
    published = press.repository.read()
    assert published.root.roles["root"].threshold == 2
    assert len(published.root.roles["root"].keyids) == 3
    assert published.catalogue.releases == ()
    assert not list(press.work.glob(".northstar*"))


def test_the_site_has_no_secret_and_can_be_read_by_a_web_server(press: Press) -> None:
    for path in press.settings.site_folder.rglob("*"):
        assert path.suffix != ".pem"
        assert path.stat().st_mode & 0o044 == 0o044


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"publisher": "North Star"}, "no short name"),
        ({"product": ""}, "no short name"),
        ({"prefix": "9"}, "prefix"),
        ({"root": RootKeys(keys=1, threshold=2)}, "2 of 1 root keys"),
    ],
)
def test_settings_that_cannot_be_make_nothing(press: Press, change: dict[str, object], says: str) -> None:
    wanted = replace(press.settings, **{"folder": press.work / "new", **change})  # type: ignore[arg-type] # a table of several fields
    with pytest.raises(InvalidInput, match=says):
        found(wanted, PASSPHRASE, a_moment_ago())
    assert not (press.work / "new").exists()


def test_a_short_passphrase_leaves_nothing(press: Press) -> None:
    before = sorted(press.work.iterdir())
    with pytest.raises(InvalidInput, match="too short"):
        found(replace(press.settings, folder=press.work / "new"), "short", a_moment_ago())
    assert sorted(press.work.iterdir()) == before


def test_a_folder_in_use_is_left_alone(press: Press) -> None:
    root = press.settings.root_file.read_bytes()
    with pytest.raises(Conflict, match="not empty"):
        found(press.settings, PASSPHRASE, a_moment_ago())
    assert press.settings.root_file.read_bytes() == root


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format = 1", "format = 2", "format 2 is not known"),
        ('kind = "platform"', 'kind = "friend"', "friend"),
        ("timestamp = 30", "timestamp = 0", "timestamp"),
        ("timestamp = 30", "timestmp = 30", "timestmp"),
        ('publisher = "northstar"', "", "publisher"),
        ("threshold = 2", "threshold = 4", "4 of 3"),
        ("[root]", "[root", "publisher.toml"),
    ],
)
def test_settings_that_are_wrong_are_refused(press: Press, old: str, new: str, says: str) -> None:
    path = press.settings.folder / "publisher.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match=says):
        read_settings(press.settings.folder)


def test_no_publisher_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no publisher"):
        read_settings(tmp_path)


def test_expiry_is_by_role() -> None:
    assert ExpiryDays().after("root") > ExpiryDays().after("timestamp")
