"""A site is read by a TUF client over HTTP; what was changed, or is not this publisher's, is refused."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.ngclient.updater import Updater

from pitstop.model.errors import Conflict, InvalidInput, NotFound, TrustError
from pitstop.model.releases import ReleaseStatus
from pitstop.model.versions import Version
from pitstop.package.catalogue_format import read_catalogue
from pitstop.package.manifest_format import read_manifest
from pitstop.package.metadata_xml import read_metadata
from pitstop.package.plan_format import read_plan
from pitstop.package.site_layout import newest_catalogue, notes_target, package_target
from pitstop.publish.durable import put
from pitstop.publish.keys import KeyFolder
from pitstop.publish.releasing import read_built, release
from pitstop.publish.repository import Repository
from pitstop.publish.revising import withdraw
from publish.press import PASSPHRASE, Press, a_moment_ago

Client = Callable[[], Updater]
HOTFIX = 'type = "Hotfix"\nfamilies = ["1"]'


def fetch(updater: Updater, target: str) -> bytes:
    found = updater.get_targetinfo(target)
    assert found is not None, target
    return Path(updater.download_target(found)).read_bytes()


def test_what_is_released_is_read_by_a_client(press: Press, client: Client) -> None:
    entry = press.publish("1.1.0.1")
    updater = client()
    metadata = read_metadata(fetch(updater, package_target(entry.name, "Metadata.xml")))
    assert (metadata.name, metadata.version) == ("Northstar1.1.0.1", entry.version)
    plan = read_plan(fetch(updater, package_target(entry.name, "plan.json")))
    assert plan.name == "Install Northstar1.1.0.1"
    manifest = read_manifest(fetch(updater, package_target(entry.name, "manifest.json")))
    assert [(file.path, file.mode) for file in manifest.files] == [
        ("opt/greeting.txt", 0o644),
        ("opt/run.sh", 0o755),
    ]
    for volume in metadata.volumes:
        assert len(fetch(updater, package_target(entry.name, volume.name))) == volume.size
    assert fetch(updater, notes_target(entry.name)) == b"# Northstar1.1.0.1\n"


def test_one_catalogue_is_signed_and_its_number_rises(press: Press, client: Client) -> None:
    for number, (version, more) in enumerate(
        (("1.1.0.1", 'type = "Full"\nfamily = "1"'), ("1.1.1.2", HOTFIX)), start=2
    ):
        press.publish(version, more)
        published = press.repository.read()
        catalogues = [path for path in published.targets if path.startswith("catalogue/")]
        assert catalogues == [newest_catalogue(published.targets)] == [f"catalogue/{number}.json"]
        seen = read_catalogue(fetch(client(), catalogues[0]))
        assert seen == published.catalogue
        assert seen.releases[-1].version == Version.parse(version)


@pytest.mark.parametrize("file", ["Northstar1.1.0.1-1.zip", "Metadata.xml", "plan.json", "manifest.json"])
def test_a_changed_byte_is_refused(press: Press, client: Client, file: str) -> None:
    entry = press.publish("1.1.0.1")
    path = press.settings.site_folder / "targets" / package_target(entry.name, file)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(RepositoryError):
        fetch(client(), package_target(entry.name, file))


def test_a_client_that_trusts_another_publisher_refuses_this_site(press: Press, client: Client) -> None:
    root = json.loads(press.settings.root_file.read_bytes())
    root["signed"]["version"] = 7
    press.settings.root_file.write_text(json.dumps(root), encoding="utf-8")
    with pytest.raises(RepositoryError):
        client().refresh()


def test_the_same_build_again_changes_nothing(press: Press) -> None:
    entry = press.publish("1.1.0.1")
    again = press.build(press.source("1.1.0.1"), "again")
    number = press.repository.read().number
    assert press.release(again) == entry
    assert press.repository.read().number == number


def test_the_same_build_with_other_bytes_is_refused(press: Press) -> None:
    press.publish("1.1.0.1")
    other = press.build(press.source("1.1.0.1", text="other"), "other")
    before = files_of(press.settings.site_folder)
    with pytest.raises(Conflict, match="published already, with other bytes"):
        press.release(other)
    assert files_of(press.settings.site_folder) == before


def test_a_signed_file_never_changes_under_its_name(press: Press) -> None:
    entry = press.publish("1.1.0.1")
    published = press.repository.read()
    with pytest.raises(Conflict, match=r"notes/.* is published already"):
        press.repository.publish(
            press.keys,
            a_moment_ago(),
            {notes_target(entry.name): b"other"},
            published.catalogue,
            over=published.number,
        )


def test_a_withdrawn_release_says_why_under_a_higher_revision(press: Press, client: Client) -> None:
    press.publish("1.1.0.1")
    version = Version.parse("1.1.0.1")
    entry = withdraw(press.repository, press.keys, version, " It forgets. ", a_moment_ago())
    assert (entry.status, entry.status_reason, entry.revision) == (
        ReleaseStatus.WITHDRAWN,
        "It forgets.",
        2,
    )
    updater = client()
    number = press.repository.read().number
    assert read_catalogue(fetch(updater, f"catalogue/{number}.json")).releases == (entry,)
    assert fetch(updater, package_target(entry.name, "plan.json"))
    with pytest.raises(Conflict, match="withdrawn already"):
        withdraw(press.repository, press.keys, version, "again", a_moment_ago())
    with pytest.raises(Conflict, match="was withdrawn: It forgets"):
        press.release(read_built(press.work / "built" / entry.name))


def test_a_withdrawal_names_a_release_and_a_reason(press: Press) -> None:
    with pytest.raises(NotFound, match=r"no release 9\.9"):
        withdraw(press.repository, press.keys, Version.parse("9.9"), "why", a_moment_ago())
    with pytest.raises(InvalidInput, match="with a reason"):
        withdraw(press.repository, press.keys, Version.parse("9.9"), " ", a_moment_ago())


def test_renewing_moves_the_expiry_and_nothing_else(press: Press, client: Client) -> None:
    press.publish("1.1.0.1")
    before = press.repository.read()
    later = datetime.now(UTC) + timedelta(days=20)
    after = press.repository.renew(press.keys, later)
    assert after.expires["timestamp"] > before.expires["timestamp"] + timedelta(days=19)
    assert (after.catalogue, after.number, after.targets) == (before.catalogue, before.number, before.targets)
    assert fetch(client(), f"catalogue/{after.number}.json")


class Fuse:
    """Writes as the site does, until it burns through: before or after the given write."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left, self.after = at, after

    def __call__(self, path: Path, content: IO[bytes]) -> None:
        if self.left == 0 and not self.after:
            raise OSError("the power is gone")
        put(path, content)
        if self.left == 0:
            raise OSError("the power is gone")
        self.left -= 1


WRITES = 10
"""Three documents, a volume, notes, article and the catalogue, then targets, snapshot and timestamp."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_write_leaves_a_complete_release(press: Press, client: Client, *, after: bool) -> None:
    press.publish("1.1.0.1")
    built = press.build(press.source("1.1.1.2", HOTFIX))
    for at in range(WRITES):
        with pytest.raises(OSError, match="the power is gone"):
            release(Repository(press.settings, Fuse(at, after=after)), press.keys, built, a_moment_ago())
        made_known = after and at == WRITES - 1
        assert len(press.repository.read().catalogue.releases) == (2 if made_known else 1)
        updater = client()
        updater.refresh()
        number = press.repository.read().number
        assert len(read_catalogue(fetch(updater, f"catalogue/{number}.json")).releases) == (
            2 if made_known else 1
        )
    assert press.release(built) == press.repository.read().catalogue.releases[1]
    assert fetch(client(), package_target(built.metadata.name, "plan.json"))


def test_a_release_makes_just_these_writes(press: Press) -> None:
    press.publish("1.1.0.1")
    built = press.build(press.source("1.1.1.2", HOTFIX))
    fuse = Fuse(WRITES, after=False)
    release(Repository(press.settings, fuse), press.keys, built, a_moment_ago())
    assert fuse.left == 0


@pytest.mark.parametrize(
    "file", ["metadata/2.targets.json", "metadata/2.snapshot.json", "metadata/timestamp.json"]
)
def test_the_publisher_signs_nothing_over_metadata_that_was_changed(press: Press, file: str) -> None:
    press.publish("1.1.0.1")
    path = press.settings.site_folder / file
    changed = json.loads(path.read_bytes())
    changed["signed"]["expires"] = "2099-01-01T00:00:00Z"
    path.write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(TrustError, match=f"{path.name} on the site is not signed by this publisher"):
        press.publish("1.1.1.2", HOTFIX)


def test_the_publisher_signs_no_catalogue_that_was_changed(press: Press) -> None:
    press.publish("1.1.0.1")
    path = press.settings.site_folder / "targets" / "catalogue" / "2.json"
    path.write_bytes(path.read_bytes().replace(b"Release", b"release"))
    with pytest.raises(TrustError, match=r"catalogue/2.json on the site is not what was signed"):
        press.publish("1.1.1.2", HOTFIX)


def test_one_process_publishes_at_a_time(press: Press) -> None:
    with (press.settings.folder / ".publishing").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="another process publishes"):
            press.publish("1.1.0.1")
    assert press.publish("1.1.0.2").name == "Northstar1.1.0.2"


def test_keys_of_another_publisher_are_refused(press: Press, tmp_path: Path) -> None:
    press.publish("1.1.0.1")
    stranger = KeyFolder(tmp_path / "stranger", PASSPHRASE)
    for name in ("targets", "snapshot", "timestamp"):
        stranger.generate(name)
    with pytest.raises(TrustError, match=r"targets.pem .* is not a targets key"):
        press.repository.renew(stranger, a_moment_ago(), "targets")


def test_a_missing_site_is_told(press: Press) -> None:
    shutil.rmtree(press.settings.site_folder)
    with pytest.raises(NotFound, match=r"timestamp.json is missing"):
        press.repository.read()


def test_what_was_published_meanwhile_is_not_lost(press: Press) -> None:
    published = press.repository.read()
    press.publish("1.1.0.1")
    with pytest.raises(Conflict, match="published meanwhile"):
        press.repository.publish(press.keys, a_moment_ago(), {}, published.catalogue, over=published.number)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
