"""``pitstop publish``: the whole way of a publisher, by its commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pitstop.cli.publish import app
from pitstop.model.errors import Conflict, InvalidInput, NotAllowed, NotFound, PitstopError
from publish.press import PASSPHRASE, Press

HOTFIX = 'type = "Hotfix"\nfamilies = ["1"]'


def run(*arguments: object, environment: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(
        app, [str(word) for word in arguments], env=environment or {"PITSTOP_KEY_PASSPHRASE": PASSPHRASE}
    )
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_from_nothing_to_a_withdrawn_release(press: Press, tmp_path: Path) -> None:
    home, built = tmp_path / "oem", tmp_path / "out"
    source = press.source("2.1.0", 'type = "OEM"')
    said = run("init", home, "--name", "lumen", "--prefix", "OEM", "--product", "lumen-r4", "--kind", "oem")
    assert str(home / "root.json") in said
    assert "Built OEM2.1.0" in run("build", source, "--publisher", home, "--out", built)
    assert "Released OEM2.1.0 (OEM)" in run("release", built / "OEM2.1.0", "--publisher", home)
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE, encoding="utf-8")
    words = ("withdraw", "2.1.0", "--reason", "Too hot.", "--publisher", home, "--passphrase-file", secret)
    assert "revision 2" in run(*words, environment={"PITSTOP_KEY_PASSPHRASE": ""})
    assert "holds until" in run("renew", "--publisher", home)
    shown = json.loads(run("show", "--json", "--publisher", home))
    assert (shown["publisher"], shown["kind"], shown["catalogue"]) == ("lumen", "oem", 3)
    assert [(entry["name"], entry["status"]) for entry in shown["releases"]] == [("OEM2.1.0", "withdrawn")]
    page = run("show", "--publisher", home)
    assert "withdrawn: Too hot." in page
    assert "days left" in page
    assert "Withdrawn" in (home / "site" / "releases" / "OEM2.1.0.html").read_text(encoding="utf-8")


def test_a_release_is_revised_and_superseded(press: Press) -> None:
    home = press.settings.folder
    for version, more in (
        ("1.1.0.1", 'type = "Full"\nfamily = "1"'),
        ("1.1.1.3", HOTFIX),
        ("1.1.1.2", HOTFIX),
    ):
        press.publish(version, more)
    runtimes = ("--runtimes", "4:10-20,10-120")
    assert "revision 2" in run("revise", "1.1.0.1", "--min-oem", "2.1", *runtimes, "--publisher", home)
    assert "revision 3" in run("revise", "1.1.0.1", "--min-oem", "none", "--publisher", home)
    entry = press.repository.read().catalogue.releases[0]
    assert (entry.min_oem_version, len(entry.expected_runtimes)) == (None, 2)
    assert "takes the place of 1.1.1.2" in run("supersede", "1.1.1.2", "--by", "1.1.1.3", "--publisher", home)


def test_a_root_is_carried_from_key_to_key(press: Press, tmp_path: Path) -> None:
    home, draft, medium = press.settings.folder, tmp_path / "next.root.json", tmp_path / "medium"
    run("key", "new", "root-4", "--folder", medium)
    said = run(
        "root",
        "prepare",
        draft,
        "--add",
        f"root={medium / 'root-4.pub'}",
        "--remove",
        "root=root-1",
        "--publisher",
        home,
    )
    assert "root: adds root-4" in said
    assert "Not enough have signed." in said
    for name in ("root-1", "root-2"):
        run("root", "sign", draft, "--key", name, "--publisher", home)
    shown = json.loads(run("root", "show", draft, "--json", "--publisher", home))
    assert (shown["ready"], sorted(shown["next_root"]["missing"].values())) == (False, ["root-3", "root-4"])
    with pytest.raises(NotAllowed, match="1 of 2 of its own root keys"):
        run("root", "finish", draft, "--publisher", home)
    run("root", "sign", draft, "--key-file", medium / "root-4.pem")
    assert "Enough have signed" in run("root", "show", draft, "--publisher", home)
    assert "Root 2 is published" in run("root", "finish", draft, "--publisher", home)
    listed = run("key", "list", "--publisher", home)
    assert "root-4" in listed
    assert "not here" in listed


def test_root_commands_that_cannot_be_are_told(press: Press, tmp_path: Path) -> None:
    home, draft = press.settings.folder, tmp_path / "draft.json"
    with pytest.raises(InvalidInput, match="not of the form ROLE=VALUE"):
        run("root", "prepare", draft, "--add", "root", "--publisher", home)
    with pytest.raises(InvalidInput, match="'two' is no number"):
        run("root", "prepare", draft, "--threshold", "root=two", "--publisher", home)
    with pytest.raises(NotFound, match="no draft"):
        run("root", "show", draft, "--publisher", home)
    with pytest.raises(InvalidInput, match="name the key"):
        run("root", "sign", draft, "--publisher", home)
    run("root", "prepare", draft, "--publisher", home)
    with pytest.raises(Conflict, match="is there already"):
        run("root", "prepare", draft, "--publisher", home)


def test_a_key_elsewhere_is_named_in_the_settings(press: Press, tmp_path: Path) -> None:
    home, medium = press.settings.folder, tmp_path / "medium"
    run("key", "new", "timestamp-2", "--folder", medium)
    public = ("--public-key", medium / "timestamp-2.pub")
    address = f"file:{medium}/timestamp-2.pem"
    run("key", "add", "timestamp-2", address, *public, "--publisher", home)
    assert f'timestamp-2 = "{address}"' in (home / "publisher.toml").read_text(encoding="utf-8")
    with pytest.raises(Conflict, match="timestamp-2"):
        run("key", "add", "timestamp-2", address, *public, "--publisher", home)
    with pytest.raises(InvalidInput, match="public key is missing"):
        run("key", "add", "targets-2", "awskms:alias/x", "--publisher", home)
    draft = tmp_path / "draft.json"
    run("root", "prepare", draft, "--add", "timestamp=timestamp-2", "--publisher", home)
    for name in ("root-1", "root-2"):
        run("root", "sign", draft, "--key", name, "--publisher", home)
    run("root", "finish", draft, "--publisher", home)
    (home / "keys" / "timestamp.pem").unlink()
    assert "Signed anew" in run("renew", "--publisher", home)


def test_a_team_hands_in_and_the_desk_releases(press: Press, tmp_path: Path) -> None:
    home, built = press.settings.folder, tmp_path / "built"
    press.publish("1.1.0.1")
    run("key", "new", "team-fixes", "--publisher", home)
    packages = ("--packages", "Northstar1.1.1.*")
    run("delegate", "fixes", "--key", "team-fixes", *packages, "--publisher", home)
    run("build", press.source("1.1.1.2", HOTFIX), "--out", built, "--publisher", home)
    assert "The desk releases it" in run(
        "hand-in", built / "Northstar1.1.1.2", "--team", "fixes", "--publisher", home
    )
    run("release", built / "Northstar1.1.1.2", "--publisher", home)
    assert "fixes" in run("show", "--publisher", home)
    assert "signs no more" in run("delegate", "fixes", "--remove", "--publisher", home)


def test_issues_media_pages_upload_and_verify(press: Press, tmp_path: Path) -> None:
    home, place = press.settings.folder, tmp_path / "place"
    press.publish("1.1.0.1")
    issues = tmp_path / "issues.toml"
    issues.write_text(
        'format = 1\n[[issue]]\nid = "slow"\ntitle = "Slow"\napplicable = { all_supported = true }\n'
        'symptom = "s"\ncause = "c"\nremediation = "r"\noccurrence = "Rare"\n',
        encoding="utf-8",
    )
    run("issue", "add", issues, "--publisher", home)
    assert "slow  Rare  All supported releases: Slow" in run("issue", "list", "--publisher", home)
    assert json.loads(run("issue", "list", "--json", "--publisher", home))[0]["id"] == "slow"
    assert "hold until" in run("media", "--publisher", home)
    run("pages", "--publisher", home)
    assert "0 were there" in run("upload", place, "--publisher", home)
    assert "All is as it was signed: 1 release," in run("verify", place, "--publisher", home)
    assert "All is as it was signed" in run("verify", place, "--root", home / "root.json")
    with pytest.raises(NotFound, match="no root of trust"):
        run("verify", place, "--root", tmp_path / "nothing")
    run("issue", "remove", "slow", "--publisher", home)
    assert "No known issues." in run("issue", "list", "--publisher", home)
    assert "media" in run("show", "--publisher", home)
    with pytest.raises(InvalidInput, match="not renewed so"):
        run("renew", "--role", "root", "--publisher", home)


def test_metadata_under_the_packages_own_name_is_taken(press: Press, tmp_path: Path) -> None:
    built = press.build(press.source("1.1.0.1"))
    xml = built.package_folder / "Metadata.xml"
    xml.rename(built.package_folder / "Northstar1.1.0.1.xml")
    run("release", built.folder, "--publisher", press.settings.folder)
    assert (press.settings.site_folder / "targets/packages/Northstar1.1.0.1/Metadata.xml").is_file()
    xml.write_bytes(b"")
    with pytest.raises(Conflict, match=r"both Metadata.xml and Northstar1.1.0.1.xml"):
        run("release", built.folder, "--publisher", press.settings.folder)


def test_an_error_comes_out_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(PitstopError, match="no publisher"):
        run("show", "--publisher", tmp_path)


def test_the_commands_load_nothing_until_they_are_called() -> None:
    heavy = (
        "tuf",
        "lxml",
        "msgspec",
        "cryptography",
        "asyncssh",
        "sqlalchemy",
        "litestar",
        "obstore",
        "jinja2",
    )
    script = f"import sys, pitstop.cli.publish; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
