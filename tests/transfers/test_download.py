"""The downloader: what is chosen is collected, checked and written so that it is a repository again."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.packages import PackageType
from pitstop.ports.media import Standing
from pitstop.transport.feeds import TufFeeds
from transfers.conftest import Pitstop, Sites
from transfers.publishers import package
from transport.http_site import answers, cuts
from transport.polled import SOURCE
from transport.repository import NOW, new_key

FULL = "Northstar1.2402.0.8"
HOTFIX = "Northstar1.2402.1.20"


def index_of(folder: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads((folder / "transfer.json").read_text())
    return read


def payloads(folder: Path) -> set[str]:
    """The packages whose payload lies in a transfer."""
    return {path.parent.name for path in folder.rglob("*.zip")}


def test_a_release_is_collected_into_a_repository_that_a_system_accepts(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    ended = pitstop("download", *sites.one, "--to", to, "--version", "1.2402.0.8")
    assert (ended.status, FULL in ended.out) == (0, True), ended.err
    assert payloads(to) == {FULL}
    assert not (to / ".pitstop-download").exists()
    feeds = TufFeeds(tmp_path / "sources")
    feeds.pin(SOURCE, sites.platform.root)
    examined = feeds.examine(SOURCE, to / "northstar")
    assert (examined.standing, examined.catalogue) == (Standing.NEWER, sites.platform.catalogue)
    assert examined.made is not None
    for name, content in sites.platform.packages[FULL].files.items():
        examined.feed.fetch_volume(FULL, name, tmp_path / name, lambda _done, _of: None)
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(
    ("chosen", "packages"),
    [
        (["--version", "1.2311.0.5", "--version", HOTFIX], {"Northstar1.2311.0.5", HOTFIX}),
        (["--family", "2402"], {FULL, HOTFIX}),
        (["--family", "2311", "--family", "2405"], {"Northstar1.2311.0.5", "Northstar1.2405.0.4"}),
        (
            ["--everything"],
            {
                "Northstar1.2311.0.5",
                FULL,
                HOTFIX,
                "Northstar1.2405.0.4",
                "Emberforge2.0",
                "Emberforge2.1",
            },
        ),
        (["--version", "2.1"], {"Emberforge2.1"}),
    ],
)
def test_what_was_chosen_is_what_is_carried(
    sites: Sites, pitstop: Pitstop, tmp_path: Path, chosen: list[str], packages: set[str]
) -> None:
    ended = pitstop("download", *sites.both, "--to", tmp_path / "out", *chosen)
    assert ended.status == 0, ended.err
    assert payloads(tmp_path / "out") == packages
    assert (tmp_path / "out" / "emberforge" / "metadata" / "timestamp.json").exists()


@pytest.mark.parametrize(
    ("chosen", "ends"),
    [
        ([], (2, "nothing was chosen")),
        (["--version", "9.9"], (3, "'9.9'")),
        (["--family", "1999"], (3, "there is no family 1999")),
        (["--volume-size", "many", "--everything"], (2, "is no size")),
        (["--volume-size", "2000", "--everything"], (2, "too small")),
    ],
)
def test_what_cannot_be_chosen_is_said(
    sites: Sites, pitstop: Pitstop, tmp_path: Path, chosen: list[str], ends: tuple[int, str]
) -> None:
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", *chosen)
    assert ended.status == ends[0]
    assert ends[1] in ended.err
    assert not (tmp_path / "out" / "transfer.json").exists()


def test_as_many_roots_as_sites_must_be_named(sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    ended = pitstop("download", sites.platform_site.url, "--to", tmp_path / "out", "--everything")
    assert (ended.status, "1 site and 0 roots" in ended.err) == (2, True)


def test_the_sources_may_be_those_of_a_systems_settings(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    settings = tmp_path / "pitstop.toml"
    settings.write_text(
        f"""system = "nodes.yaml"
[[source]]
name = "main"
publisher = "northstar"
kind = "platform"
types = ["Full", "Express", "Hotfix"]
root = "platform.root.json"
url = "{sites.platform_site.url}"
[[source]]
name = "firmware"
publisher = "emberforge"
kind = "oem"
types = ["OEM"]
root = "oem.root.json"
"""
    )
    ended = pitstop("download", settings, "--to", tmp_path / "out", "--family", "2402")
    assert ended.status == 0, ended.err
    assert payloads(tmp_path / "out" / "main") == {FULL, HOTFIX}
    assert not (tmp_path / "out" / "firmware").exists()


def test_another_publishers_root_is_refused(sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    ended = pitstop(
        "download",
        sites.platform_site.url,
        "--root",
        sites.oem_root,
        "--to",
        tmp_path / "out",
        "--everything",
    )
    assert (ended.status, "is not signed" in ended.err) == (6, True)


def test_cut_short_it_goes_on_where_it_was(sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    path = f"targets/packages/{FULL}/{FULL}-2.zip"
    sites.platform_site.troubles[path] = answers(403)
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything")
    assert (ended.status, "403" in ended.err) == (7, True)
    assert not (tmp_path / "out" / "transfer.json").exists()
    sites.platform_site.troubles[path] = cuts(times=1, after=400_000)
    sites.platform_site.asked.clear()
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything")
    assert ended.status == 0, ended.err
    again = [asked for asked in sites.platform_site.asked if asked.path.endswith(".zip")]
    assert {asked.path for asked in again} >= {path}
    assert f"targets/packages/{FULL}/{FULL}-1.zip" not in {asked.path for asked in again}
    assert [asked.start for asked in again if asked.path == path] == [None, 400_000]


def test_again_with_nothing_new_fetches_no_payload(sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    assert pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything").status == 0
    before = index_of(tmp_path / "out")
    sites.platform_site.asked.clear()
    assert pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything").status == 0
    assert not [path for path in sites.platform_site.paths() if path.endswith(".zip")]
    assert index_of(tmp_path / "out")["entries"] == before["entries"]


def test_a_file_that_was_damaged_on_the_way_is_fetched_again(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    assert pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything").status == 0
    victim = next((tmp_path / "out").rglob(f"{FULL}-1.zip"))
    content = victim.read_bytes()
    victim.write_bytes(content[:-1] + b"x")
    assert pitstop("transfer", "verify", tmp_path / "out").status == 2
    assert pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything").status == 0
    assert victim.read_bytes() == content
    assert pitstop("transfer", "verify", tmp_path / "out").status == 0


def test_a_changed_byte_at_the_site_ends_it(sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    path = f"targets/packages/{HOTFIX}/{HOTFIX}-1.zip"
    sites.platform_site.files[path] = sites.platform_site.files[path][:-1] + b"x"
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything")
    assert (ended.status, "is not the file that was signed" in ended.err) == (6, True)
    assert not (tmp_path / "out" / "transfer.json").exists()


def test_without_a_timestamp_for_media_the_transfer_is_good_for_a_while_and_says_so(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    del sites.platform_site.files["metadata/media-timestamp.json"]
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything")
    assert ended.status == 0
    assert "has not signed its present state for media" in ended.err
    assert "not signed for media, good until" in ended.out


@pytest.mark.parametrize("how", ["of another state", "of another key"])
def test_a_media_timestamp_that_does_not_fit_is_left_there(
    sites: Sites, pitstop: Pitstop, tmp_path: Path, how: str
) -> None:
    repository = sites.platform.repository
    stale = repository.for_media(NOW - timedelta(days=1))["metadata/timestamp.json"]
    if how == "of another key":
        repository.media = [new_key()]
        stale = repository.for_media()["metadata/timestamp.json"]
    repository.publish()
    sites.platform_site.files.update({**repository.files, "metadata/media-timestamp.json": stale})
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything")
    assert ended.status == 0, ended.err
    assert "has not signed its present state for media" in ended.err


def test_all_roots_are_taken_along(sites: Sites, pitstop: Pitstop, tmp_path: Path) -> None:
    """The downloader trusts from root 3 on; the system that it is for may have been pinned at root 1."""
    repository = sites.platform.repository
    for _ in range(2):
        repository.rotate("root")
    repository.publish()
    sites.platform_site.files.update(sites.platform.media_site())
    sites.platform_root.write_bytes(repository.files["metadata/3.root.json"])
    assert pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything").status == 0
    names = {path.name for path in (tmp_path / "out/northstar/metadata").iterdir()}
    assert {"1.root.json", "2.root.json", "3.root.json"} <= names
    feeds = TufFeeds(tmp_path / "sources")
    feeds.pin(SOURCE, sites.platform.root)
    assert feeds.examine(SOURCE, tmp_path / "out/northstar").catalogue == sites.platform.catalogue


def test_without_room_nothing_is_fetched(
    sites: Sites, pitstop: Pitstop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: usage._replace(free=1_000_000))
    ended = pitstop("download", *sites.one, "--to", tmp_path / "out", "--everything")
    assert (ended.status, "bytes more" in ended.err) == (9, True)
    assert not [path for path in sites.platform_site.paths() if path.endswith(".zip")]


# --- volumes


def test_volumes_are_no_larger_than_asked_and_each_can_be_judged_alone(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    size = 5_000_000
    large = package(
        "1.2402.2.30", package_type=PackageType.HOTFIX, families=("2402",), size=6_000_000, volumes=2
    )
    sites.platform.release(large)
    sites.platform_site.files = sites.platform.media_site()
    ended = pitstop(
        "download", *sites.one, "--to", tmp_path / "out", "--everything", "--volume-size", str(size)
    )
    assert ended.status == 0, ended.err
    volumes = sorted((tmp_path / "out").iterdir())
    assert len(volumes) >= 3
    assert all(volume.stat().st_size <= size for volume in volumes)
    assert {name.rpartition("-of-")[2] for name in (volume.stem for volume in volumes)} == {str(len(volumes))}
    for volume in volumes:
        shown = pitstop("transfer", "verify", volume, "--root", sites.platform_root)
        assert shown.status == 0, shown.err
        with zipfile.ZipFile(volume) as archive:
            assert archive.testzip() is None
    all_of_them = pitstop("transfer", "verify", tmp_path / "out")
    assert all_of_them.status == 0
    assert all_of_them.out.splitlines() == [f"{volume}: whole" for volume in volumes]


def test_volumes_that_were_cut_short_are_written_again(
    sites: Sites, pitstop: Pitstop, tmp_path: Path
) -> None:
    call = ["download", *sites.one, "--to", tmp_path / "out", "--everything", "--volume-size", "6M"]
    assert pitstop(*call).status == 0
    (volume,) = (tmp_path / "out").iterdir()
    content = volume.read_bytes()
    volume.write_bytes(content[: len(content) // 2])
    assert pitstop("transfer", "show", volume).status == 2
    assert pitstop(*call).status == 0
    assert pitstop("transfer", "verify", volume, "--root", sites.platform_root).status == 0
    assert volume.stat().st_size == len(content)
