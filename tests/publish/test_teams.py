"""A team signs the files of its own packages; a TUF client believes it for those, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Targets  # type: ignore[attr-defined] # documented, without __all__
from tuf.ngclient.updater import Updater

from pitstop.model.errors import Conflict, InvalidInput, NotFound, TrustError
from pitstop.package.site_layout import notes_target, package_target
from pitstop.publish.building import BuiltPackage
from pitstop.publish.keys import KeyFolder
from pitstop.publish.releasing import files_of
from pitstop.publish.teams import Team, delegate, dissolve, hand_in
from publish.press import PASSPHRASE, Press, a_moment_ago

Client = Callable[[], Updater]
MINE = "Northstar1.1.1.*"
HOTFIX = 'type = "Hotfix"\nfamilies = ["1"]'


@pytest.fixture
def team(press: Press, tmp_path: Path) -> KeyFolder:
    """The keys of team ``fixes``, which signs the hotfixes of family 1; the desk has not got them."""
    keys = KeyFolder(tmp_path / "fixes", PASSPHRASE)
    keys.generate("team-fixes")
    delegate(press.repository, press.keys, Team("fixes", [keys.public("team-fixes")], [MINE]), a_moment_ago())
    press.publish("1.1.0.1")
    return keys


def handed_in(press: Press, team: KeyFolder, version: str = "1.1.1.2") -> BuiltPackage:
    built = press.build(press.source(version, HOTFIX))
    hand_in(press.repository, team, "fixes", files_of(built), a_moment_ago())
    return built


def test_what_a_team_has_signed_is_believed_once_the_desk_releases_it(
    press: Press, team: KeyFolder, client: Client
) -> None:
    built = handed_in(press, team)
    plan, notes = package_target("Northstar1.1.1.2", "plan.json"), notes_target("Northstar1.1.1.2")
    assert plan not in press.repository.read().targets
    press.release(built)
    published = press.repository.read()
    assert plan in published.teams["fixes"].targets
    assert plan not in published.top.targets
    updater = client()
    for path in (plan, notes):
        found = updater.get_targetinfo(path)
        assert found is not None
        assert Path(updater.download_target(found)).stat().st_size == found.length


def test_a_second_hand_in_keeps_the_first(press: Press, team: KeyFolder, client: Client) -> None:
    press.release(handed_in(press, team))
    press.release(handed_in(press, team, "1.1.1.3"))
    updater = client()
    for name in ("Northstar1.1.1.2", "Northstar1.1.1.3"):
        assert updater.get_targetinfo(package_target(name, "Metadata.xml")) is not None


def test_the_desk_signs_by_itself_what_no_team_has_handed_in(press: Press, team: KeyFolder) -> None:
    press.publish("1.1.1.2", HOTFIX)
    assert package_target("Northstar1.1.1.2", "plan.json") in press.repository.read().top.targets
    assert team.names("team-fixes")


def test_a_team_signs_no_other_packages_files(press: Press, team: KeyFolder) -> None:
    built = press.build(press.source("1.2.0.3", 'type = "Full"\nfamily = "2"\npredecessor = "1"'))
    with pytest.raises(InvalidInput, match="not team fixes's to sign"):
        hand_in(press.repository, team, "fixes", files_of(built), a_moment_ago())
    with pytest.raises(InvalidInput, match=r"catalogue/9.json is not team"):
        hand_in(press.repository, team, "fixes", {"catalogue/9.json": b"{}"}, a_moment_ago())
    deep = package_target("Northstar1.1.1.2", "further/file")
    with pytest.raises(InvalidInput, match="not team"):
        hand_in(press.repository, team, "fixes", {deep: b""}, a_moment_ago())


def test_a_team_that_forges_its_reach_is_refused_by_the_desk(press: Press, team: KeyFolder) -> None:
    handed_in(press, team)
    path = press.settings.site_folder / "metadata" / "1.fixes.json"
    forged = Metadata[Targets].from_bytes(path.read_bytes())
    forged.signed.targets["catalogue/9.json"] = press.repository.read().top.targets["catalogue/2.json"]
    forged.sign(team.signer("team-fixes"))
    path.write_bytes(forged.to_bytes())
    with pytest.raises(TrustError, match="not team fixes's to sign"):
        press.publish("1.1.1.3", HOTFIX)


def test_a_hand_in_that_was_changed_is_refused(press: Press, team: KeyFolder) -> None:
    handed_in(press, team)
    path = press.settings.site_folder / "metadata" / "1.fixes.json"
    document = json.loads(path.read_bytes())
    document["signed"]["expires"] = "2099-01-01T00:00:00Z"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(TrustError, match=r"1\.fixes\.json on the site is not signed"):
        press.publish("1.1.1.3", HOTFIX)


def test_a_team_takes_nothing_back(press: Press, team: KeyFolder) -> None:
    press.release(handed_in(press, team))
    path = press.settings.site_folder / "metadata" / "1.fixes.json"
    less = Metadata[Targets].from_bytes(path.read_bytes())
    less.signed.version = 2
    del less.signed.targets[notes_target("Northstar1.1.1.2")]
    less.sign(team.signer("team-fixes"))
    path.with_name("2.fixes.json").write_bytes(less.to_bytes())
    with pytest.raises(Conflict, match="team fixes has signed a change of what is published"):
        press.publish("1.1.1.3", HOTFIX)


def test_a_stranger_hands_in_nothing(press: Press, team: KeyFolder, tmp_path: Path) -> None:
    stranger = KeyFolder(tmp_path / "stranger", PASSPHRASE)
    stranger.generate("team-fixes")
    built = press.build(press.source("1.1.1.2", HOTFIX))
    with pytest.raises(TrustError, match="0 of the 1 keys of team fixes"):
        hand_in(press.repository, stranger, "fixes", files_of(built), a_moment_ago())
    with pytest.raises(NotFound, match="no team friends"):
        hand_in(press.repository, team, "friends", {}, a_moment_ago())


def test_when_a_team_ends_the_publisher_vouches_for_what_it_has_published(
    press: Press, team: KeyFolder, client: Client
) -> None:
    press.release(handed_in(press, team))
    dissolve(press.repository, press.keys, "fixes", a_moment_ago())
    published = press.repository.read()
    assert published.top.delegations is None
    assert client().get_targetinfo(package_target("Northstar1.1.1.2", "plan.json")) is not None
    with pytest.raises(NotFound, match="no team fixes"):
        dissolve(press.repository, press.keys, "fixes", a_moment_ago())


def test_a_delegation_is_not_narrowed_below_what_is_published(press: Press, team: KeyFolder) -> None:
    press.release(handed_in(press, team))
    narrow = Team("fixes", [team.public("team-fixes")], ["Northstar1.1.9.*"])
    with pytest.raises(Conflict, match="would no longer be its own"):
        delegate(press.repository, press.keys, narrow, a_moment_ago())


@pytest.mark.parametrize(
    ("name", "packages", "threshold", "says"),
    [
        ("targets", [MINE], 1, "cannot be called"),
        ("root", [MINE], 1, "cannot be called"),
        ("../x", [MINE], 1, "cannot be called"),
        ("net", [], 1, "at least one"),
        ("net", ["*"], 1, "names no packages"),
        ("net", ["a/*"], 1, "names no packages"),
        ("net", [MINE], 2, "2 of 1 keys"),
    ],
)
def test_a_team_that_cannot_be_is_not_made(
    press: Press, name: str, packages: list[str], threshold: int, says: str
) -> None:
    key = press.keys.public("targets")
    with pytest.raises(InvalidInput, match=says):
        delegate(press.repository, press.keys, Team(name, [key], packages, threshold), a_moment_ago())
