"""A root is replaced in steps, with both roots' thresholds, and clients follow at any moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
from tuf.ngclient.updater import Updater

from pitstop.model.errors import Conflict, InvalidInput, NotAllowed, NotFound, TrustError
from pitstop.publish.durable import put
from pitstop.publish.keys import KeyFolder, named
from pitstop.publish.media import sign_for_media
from pitstop.publish.repository import Repository
from pitstop.publish.root_ceremony import RootChange, finish, prepare, read_draft_root, sign, standing
from publish.press import PASSPHRASE, Press, a_moment_ago

Client = Callable[[], Updater]


def signed_by(press: Press, draft: bytes, *names: str) -> bytes:
    for name in names:
        draft = sign(draft, press.keys.signer(name))
    return draft


def new_key(press: Press, role: str, name: str) -> RootChange:
    """The change that adds a key which is made now."""
    return RootChange(add=[(role, named(press.keys.generate(name).public_key, name))])


def test_a_renewed_root_is_signed_one_key_at_a_time(press: Press, client: Client) -> None:
    draft = prepare(press.repository, RootChange(), a_moment_ago())
    told = standing(draft, press.repository.root())
    assert (told.version, told.old.threshold, told.changes, told.ready) == (2, 2, (), False)
    assert sorted(told.new.missing.values()) == ["root-1", "root-2", "root-3"]
    draft = signed_by(press, draft, "root-1")
    with pytest.raises(NotAllowed, match=r"1 of 2 of the present root keys \(not yet: root-2, root-3\)"):
        finish(press.repository, press.keys, draft, a_moment_ago())
    draft = signed_by(press, draft, "root-3")
    assert list(standing(draft, press.repository.root()).old.signed.values()) == ["root-1", "root-3"]
    published = finish(press.repository, press.keys, draft, a_moment_ago())
    assert published.root.version == 2
    client().refresh()


def test_a_root_key_is_replaced_only_by_both_roots_keys(press: Press, client: Client) -> None:
    made = press.keys.generate("root-4")
    change = RootChange(add=[("root", named(made.public_key, "root-4"))], remove=[("root", "root-1")])
    draft = prepare(press.repository, change, a_moment_ago())
    told = standing(draft, press.repository.root())
    assert [line.split(" (")[0] for line in told.changes] == ["root: adds root-4", "root: removes root-1"]
    half = signed_by(press, draft, "root-1", "root-2")
    with pytest.raises(NotAllowed, match="1 of 2 of its own root keys"):
        finish(press.repository, press.keys, half, a_moment_ago())
    other_half = signed_by(press, draft, "root-4", "root-2")
    with pytest.raises(NotAllowed, match="1 of 2 of the present root keys"):
        finish(press.repository, press.keys, other_half, a_moment_ago())
    finish(press.repository, press.keys, signed_by(press, half, "root-4"), a_moment_ago())
    client().refresh()
    press.publish("1.1.0.1")
    client().refresh()


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_the_keys_of_every_role_are_replaced(press: Press, client: Client, role: str) -> None:
    press.publish("1.1.0.1")
    client().refresh()
    made = press.keys.generate(f"{role}-2")
    change = RootChange(add=[(role, named(made.public_key, f"{role}-2"))], remove=[(role, role)])
    draft = signed_by(press, prepare(press.repository, change, a_moment_ago()), "root-1", "root-2")
    finish(press.repository, press.keys, draft, a_moment_ago())
    (press.settings.key_folder / f"{role}.pem").unlink()
    press.publish("1.1.1.2", 'type = "Hotfix"\nfamilies = ["1"]')
    client().refresh()


def test_a_lost_online_key_is_replaced_without_it(press: Press, client: Client) -> None:
    client().refresh()
    (press.settings.key_folder / "timestamp.pem").unlink()
    made = press.keys.generate("timestamp-2")
    change = RootChange(add=[("timestamp", made.public_key)], remove=[("timestamp", "timestamp")])
    draft = signed_by(press, prepare(press.repository, change, a_moment_ago()), "root-1", "root-2")
    finish(press.repository, press.keys, draft, a_moment_ago())
    client().refresh()


def test_clients_can_follow_at_every_moment_of_a_rotation(press: Press, client: Client) -> None:
    made = press.keys.generate("timestamp-2")
    change = RootChange(add=[("timestamp", made.public_key)], remove=[("timestamp", "timestamp")])
    draft = signed_by(press, prepare(press.repository, change, a_moment_ago()), "root-1", "root-2")

    def watched(path: Path, content: IO[bytes]) -> None:
        put(path, content)
        client().refresh()

    finish(Repository(press.settings, watched), press.keys, draft, a_moment_ago())


def test_a_rotation_that_was_cut_off_is_finished_by_doing_it_again(press: Press, client: Client) -> None:
    (press.settings.key_folder / "timestamp.pem").unlink()
    made = press.keys.generate("timestamp-2")
    change = RootChange(add=[("timestamp", made.public_key)], remove=[("timestamp", "timestamp")])
    draft = signed_by(press, prepare(press.repository, change, a_moment_ago()), "root-1", "root-2")

    def without_root(path: Path, content: IO[bytes]) -> None:
        if path.name == "2.root.json":
            raise OSError("the power is gone")
        put(path, content)

    with pytest.raises(OSError, match="the power is gone"):
        finish(Repository(press.settings, without_root), press.keys, draft, a_moment_ago())
    assert finish(press.repository, press.keys, draft, a_moment_ago()).root.version == 2
    client().refresh()


def test_the_key_for_media_is_replaced(press: Press) -> None:
    made = press.keys.generate("media-2")
    change = RootChange(add=[("media", named(made.public_key, "media-2"))], remove=[("media", "media")])
    draft = signed_by(press, prepare(press.repository, change, a_moment_ago()), "root-1", "root-2")
    finish(press.repository, press.keys, draft, a_moment_ago())
    (press.settings.key_folder / "media.pem").unlink()
    sign_for_media(press.repository, press.keys, a_moment_ago())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (RootChange(remove=[("targets", "targets")]), "1 of 0 targets keys cannot sign"),
        (RootChange(remove=[("timestamp", "timestamp")]), "1 of 0 timestamp keys cannot sign"),
        (RootChange(remove=[("root", "root-9")]), "'root-9' is not one key of the role root"),
        (RootChange(remove=[("friends", "x")]), "no role 'friends'"),
        (RootChange(thresholds={"root": 4}), "4 of 3 root keys cannot sign"),
        (RootChange(thresholds={"timestamp": 0}), "0 of 1 timestamp keys"),
    ],
)
def test_a_root_that_could_not_sign_is_not_prepared(press: Press, change: RootChange, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        prepare(press.repository, change, a_moment_ago())


def test_two_wire_keys_and_one_for_media_keep_the_threshold_at_one(press: Press) -> None:
    change = new_key(press, "timestamp", "timestamp-2")
    both = RootChange(change.add, thresholds={"timestamp": 2})
    with pytest.raises(InvalidInput, match="threshold of the timestamp is 1"):
        prepare(press.repository, both, a_moment_ago())


def test_a_key_is_added_once(press: Press) -> None:
    key = press.keys.signer("targets").public_key
    with pytest.raises(InvalidInput, match="targets key already"):
        prepare(press.repository, RootChange(add=[("targets", key)]), a_moment_ago())  # type: ignore[list-item] # a key in a file


def test_a_threshold_of_targets_keys_must_all_sign(press: Press, client: Client) -> None:
    change = new_key(press, "targets", "targets-2")
    both = RootChange(change.add, thresholds={"targets": 2})
    draft = signed_by(press, prepare(press.repository, both, a_moment_ago()), "root-1", "root-2")
    finish(press.repository, press.keys, draft, a_moment_ago())
    press.publish("1.1.0.1")
    client().refresh()
    (press.settings.key_folder / "targets.pem").rename(press.work / "away.pem")
    with pytest.raises(NotFound, match="1 of the 2 keys that must sign targets are here"):
        press.publish("1.1.1.2", 'type = "Hotfix"\nfamilies = ["1"]')


def test_a_draft_is_signed_by_each_key_once(press: Press) -> None:
    draft = signed_by(press, prepare(press.repository, RootChange(), a_moment_ago()), "root-1")
    with pytest.raises(Conflict, match="has signed this root already"):
        signed_by(press, draft, "root-1")


def test_strangers_signatures_do_not_count(press: Press, tmp_path: Path) -> None:
    stranger = KeyFolder(tmp_path / "stranger", PASSPHRASE)
    draft = prepare(press.repository, RootChange(), a_moment_ago())
    for name in ("root-1", "root-2"):
        draft = sign(draft, stranger.generate(name))
    with pytest.raises(NotAllowed, match="0 of 2"):
        finish(press.repository, press.keys, draft, a_moment_ago())


def test_a_draft_that_was_changed_after_signing_is_refused(press: Press) -> None:
    draft = signed_by(press, prepare(press.repository, RootChange(), a_moment_ago()), "root-1", "root-2")
    changed = read_draft_root(draft)
    changed.signed.expires += timedelta(days=1)
    with pytest.raises(NotAllowed, match="0 of 2"):
        finish(press.repository, press.keys, changed.to_bytes(), a_moment_ago())


def test_an_old_draft_is_refused(press: Press) -> None:
    draft = signed_by(press, prepare(press.repository, RootChange(), a_moment_ago()), "root-1", "root-2")
    finish(press.repository, press.keys, draft, a_moment_ago())
    with pytest.raises(InvalidInput, match="the draft is root 2, and root 2 is published"):
        finish(press.repository, press.keys, draft, a_moment_ago())
    late = signed_by(press, prepare(press.repository, RootChange(), a_moment_ago()), "root-1", "root-2")
    with pytest.raises(InvalidInput, match="root 3 expired"):
        finish(press.repository, press.keys, late, datetime.now(UTC) + timedelta(days=2000))


@pytest.mark.parametrize("raw", [b"", b"{}", b"x" * 600_000])
def test_what_is_no_root_is_refused(press: Press, raw: bytes) -> None:
    with pytest.raises(InvalidInput, match="the draft"):
        sign(raw, press.keys.signer("root-1"))


def test_another_roles_metadata_is_no_root(press: Press) -> None:
    raw = (press.settings.site_folder / "metadata" / "timestamp.json").read_bytes()
    with pytest.raises(InvalidInput, match="another role"):
        sign(raw, press.keys.signer("root-1"))


def test_new_keys_that_are_not_here_stop_before_anything_is_written(press: Press) -> None:
    stranger = KeyFolder(press.work / "elsewhere", PASSPHRASE)
    change = RootChange(
        add=[("targets", named(stranger.generate("targets-2").public_key, "targets-2"))],
        remove=[("targets", "targets")],
    )
    draft = signed_by(press, prepare(press.repository, change, a_moment_ago()), "root-1", "root-2")
    with pytest.raises(TrustError, match="not a targets key"):
        finish(press.repository, press.keys, draft, a_moment_ago())
    assert press.repository.read().versions["targets"] == 1
