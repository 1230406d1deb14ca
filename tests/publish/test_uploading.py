"""A site is brought to a store or a folder so that readers never see half of it, and looked at as they do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import Conflict, DigestMismatch, InvalidInput, TrustError, Unreachable
from pitstop.model.versions import Version
from pitstop.publish.media import sign_for_media
from pitstop.publish.pages import put_pages
from pitstop.publish.releasing import files_of
from pitstop.publish.revising import withdraw
from pitstop.publish.serving import serving
from pitstop.publish.teams import Team, delegate, hand_in
from pitstop.publish.uploading import Sent, in_order, open_store, read_options, upload
from pitstop.publish.verifying import Verified, verify_site
from publish.press import Press, a_moment_ago
from simulators.s3_store import s3_store

HOTFIX = 'type = "Hotfix"\nfamilies = ["1"]'
BUCKET = "s3://releases/northstar"


@pytest.fixture(scope="module")
def s3() -> Iterator[Mapping[str, str]]:
    """An S3 store on loopback that has the bucket: what its client is to be told."""
    with s3_store("releases") as options:
        yield options


@pytest.fixture
def released(press: Press) -> Press:
    press = Press(
        replace(press.settings, site_url="https://a.example/", feed_authority="a.example,2026"), press.work
    )
    press.publish("1.1.0.1")
    press.publish("1.1.1.2", HOTFIX)
    put_pages(press.repository)
    return press


def sent(press: Press, url: str, options: Mapping[str, str] | None = None) -> Sent:
    return upload(press.repository, url, lambda _line: None, options)


def verified(press: Press, url: str, options: Mapping[str, str] | None = None) -> Verified:
    return verify_site(url, press.settings.root_file.read_bytes(), datetime.now(UTC), options)


def test_a_site_in_an_object_store_is_what_a_client_asks_for(released: Press, s3: Mapping[str, str]) -> None:
    first = sent(released, f"{BUCKET}/one", s3)
    assert first.there == 0
    seen = verified(released, f"{BUCKET}/one", s3)
    assert (seen.releases, seen.files) == (2, len(released.repository.read().targets))
    again = sent(released, f"{BUCKET}/one", s3)
    assert again.files < first.files
    assert again.there > 0
    withdraw(released.repository, released.keys, Version.parse("1.1.1.2"), "Loud.", a_moment_ago())
    sent(released, f"{BUCKET}/one", s3)
    assert verified(released, f"{BUCKET}/one", s3).releases == 2
    before_last = open_store(f"{BUCKET}/one", s3).head("targets/catalogue/3.json")
    assert before_last["size"] > 0  # who reads with the metadata of a moment ago still finds it


def test_a_store_says_of_what_type_a_file_is_and_how_long_it_holds(
    released: Press, s3: Mapping[str, str]
) -> None:
    sent(released, f"{BUCKET}/types", s3)
    store = open_store(f"{BUCKET}/types", s3)
    expected = {
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "feeds/releases.atom.xml": ("application/atom+xml", "no-cache"),
        "metadata/timestamp.json": ("application/json", "no-cache"),
        "metadata/1.root.json": ("application/json", "public, max-age=31536000, immutable"),
    }
    for path, (kind, hold) in expected.items():
        attributes = store.get(path).attributes
        assert (attributes["Content-Type"], attributes["Cache-Control"]) == (kind, hold)


def test_a_folder_is_a_place_too(released: Press, tmp_path: Path) -> None:
    place = tmp_path / "medium" / "site"
    sent(released, str(place))
    assert verified(released, str(place)).releases == 2
    assert verified(released, place.as_uri()).releases == 2
    with serving(place) as server:
        assert verified(released, server.url).releases == 2


def test_the_order_is_one_in_which_readers_may_look(released: Press) -> None:
    sign_for_media(released.repository, released.keys, a_moment_ago())
    signed = {f"targets/{path}": "" for path in released.repository.read().targets}
    order = list(in_order(released.settings.site_folder, signed))
    kinds = [
        "target"
        if path in signed
        else "root"
        if path.endswith("root.json")
        else path.rpartition("/")[2]
        if path.endswith("timestamp.json")
        else "numbered"
        if path.startswith("metadata/")
        else "page"
        for path in order
    ]
    assert list(dict.fromkeys(kinds)) == [
        "target",
        "numbered",
        "media-timestamp.json",
        "timestamp.json",
        "root",
        "page",
    ]
    assert not [path for path in order if "/." in path]


def test_an_upload_that_was_cut_off_leaves_the_old_site_complete(released: Press, tmp_path: Path) -> None:
    place = tmp_path / "place"
    sent(released, str(place))
    released.publish("1.1.1.3", HOTFIX)

    class Cut(Exception):
        pass

    for at in range(0, 12, 3):
        left = [at]

        def cut(_line: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Cut

        with pytest.raises(Cut):
            upload(released.repository, str(place), cut)
        assert verified(released, str(place)).releases in (2, 3)
    sent(released, str(place))
    assert verified(released, str(place)).releases == 3


def test_what_never_changes_is_not_written_over(released: Press, tmp_path: Path) -> None:
    place = tmp_path / "place"
    sent(released, str(place))
    (place / "targets" / "notes" / "Northstar1.1.0.1.md").write_text("other notes", encoding="utf-8")
    with pytest.raises(Conflict, match=r"notes/Northstar1.1.0.1.md is there with 11 bytes"):
        sent(released, str(place))


def test_a_target_that_is_not_what_was_signed_is_not_sent(released: Press, tmp_path: Path) -> None:
    notes = released.settings.site_folder / "targets" / "notes" / "Northstar1.1.0.1.md"
    notes.write_text("# Northstar1.1.0.2\n", encoding="utf-8")
    with pytest.raises(DigestMismatch, match="is not what was signed"):
        sent(released, str(tmp_path / "place"))
    assert not (tmp_path / "place" / "metadata").exists()


def test_a_store_that_refuses_is_told(released: Press, s3: Mapping[str, str]) -> None:
    with pytest.raises(Unreachable, match="does not take the site"):
        sent(released, "s3://nothing-here/x", s3)


@pytest.mark.parametrize("url", ["ftp://a.example/x", "s3://"])
def test_what_is_no_place_is_told(released: Press, url: str) -> None:
    with pytest.raises(InvalidInput, match="no place for a site"):
        sent(released, url)


def test_options_are_pairs() -> None:
    assert read_options(["region=eu", "endpoint=http://a=b"]) == {"region": "eu", "endpoint": "http://a=b"}
    with pytest.raises(InvalidInput, match="NAME=VALUE"):
        read_options(["region"])


@pytest.mark.parametrize(
    "file",
    [
        "targets/packages/Northstar1.1.0.1/Northstar1.1.0.1-1.zip",
        "targets/catalogue/3.json",
        "targets/notes/Northstar1.1.1.2.md",
    ],
)
def test_verifying_finds_a_changed_and_a_missing_file(released: Press, file: str) -> None:
    site = released.settings.site_folder
    raw = bytearray((site / file).read_bytes())
    raw[3] ^= 1
    (site / file).write_bytes(raw)
    with pytest.raises(DigestMismatch, match="is not the file that was signed"):
        verified(released, str(site))
    (site / file).unlink()
    with pytest.raises(Unreachable, match="is signed and not to be had"):
        verified(released, str(site))


def test_verifying_finds_metadata_that_is_not_the_publishers(released: Press, tmp_path: Path) -> None:
    site = released.settings.site_folder
    with pytest.raises(InvalidInput, match="there is no site"):
        verified(released, str(tmp_path / "nowhere"))
    stamp = site / "metadata" / "timestamp.json"
    whole = stamp.read_text(encoding="utf-8")
    stamp.write_text(re.sub(r'"version": ?', '"version":9', whole), encoding="utf-8")
    with pytest.raises(TrustError, match="metadata is refused"):
        verified(released, str(site))
    stamp.unlink()
    with pytest.raises(Unreachable, match=r"metadata/timestamp.json is not to be had"):
        verified(released, str(site))


def test_verifying_refuses_a_media_timestamp_in_the_wires_place(released: Press) -> None:
    sign_for_media(released.repository, released.keys, a_moment_ago())
    metadata = released.settings.site_folder / "metadata"
    shutil.copy(metadata / "media-timestamp.json", metadata / "timestamp.json")
    with pytest.raises(TrustError, match="signed for media"):
        verified(released, str(released.settings.site_folder))


def test_verifying_remarks_what_is_missing_but_not_wrong(released: Press) -> None:
    site = released.settings.site_folder
    assert "no media timestamp" in " ".join(verified(released, str(site)).remarks)
    sign_for_media(released.repository, released.keys, a_moment_ago() - timedelta(days=364, hours=23))
    assert verified(released, str(site)).remarks == ()
    (site / "index.html").unlink()
    assert "no pages for people" in " ".join(verified(released, str(site)).remarks)


def test_verifying_looks_at_what_teams_have_signed(released: Press) -> None:
    """Also before they have signed anything."""
    key = released.keys.generate("team-fixes")
    team = Team("fixes", [key.public_key], ["Northstar1.1.2.*"])
    delegate(released.repository, released.keys, team, a_moment_ago())
    site = str(released.settings.site_folder)
    before = verified(released, site).files
    built = released.build(released.source("1.1.2.4", HOTFIX))
    hand_in(released.repository, released.keys, "fixes", files_of(built), a_moment_ago())
    released.release(built)
    assert verified(released, site).files == before + len(files_of(built))
    (released.settings.site_folder / "targets" / "notes" / "Northstar1.1.2.4.md").unlink()
    with pytest.raises(Unreachable, match=r"notes/Northstar1.1.2.4.md is signed"):
        verified(released, site)
