"""Media: judged like what comes by wire, but for their age; nothing leads back, what is honest delivers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import DigestMismatch, MetadataExpired, TrustError, Unreachable, WrongPublisher
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue
from pitstop.ports.media import Examined, SignedVersions, Standing
from pitstop.transport.feeds import TufFeeds
from transport.http_site import HttpSite
from transport.polled import SOURCE, link_for_tests
from transport.repository import (
    ISSUED,
    NOW,
    PACKAGE,
    ROLES,
    VOLUME,
    Repository,
    catalogue,
    laid_out,
    new_key,
    retyped,
    small_repository,
)

CONTENT = b"what a volume holds " * 1000


def issued(days: int) -> Catalogue:
    return replace(catalogue(), issued=ISSUED + timedelta(days=days))


@dataclass
class System:
    """A system that gets its updates on media, from a publisher whose repository the test has in hand."""

    repository: Repository
    folder: Path

    def __post_init__(self) -> None:
        self.feeds = TufFeeds(self.folder / "sources", link=link_for_tests([]))
        self.feeds.pin(SOURCE, self.repository.first_root)
        self.count = 0

    def imports(self, files: dict[str, bytes], *, now: datetime = NOW) -> Examined:
        """Bring these files on a medium of their own."""
        self.count += 1
        place = laid_out(files, self.folder / f"medium-{self.count}")
        feeds = TufFeeds(self.folder / "sources", link=link_for_tests([]), now=lambda: now)
        return feeds.examine(SOURCE, place)

    def polls(self, files: dict[str, bytes]) -> Catalogue:
        """Ask a site with these files."""
        with HttpSite(files) as site:
            return self.feeds.open(replace(SOURCE, url=site.url)).poll()

    @property
    def versions(self) -> SignedVersions | None:
        return self.feeds.versions(SOURCE)

    def remembered(self) -> dict[str, bytes]:
        """All that the system keeps of the source."""
        kept = self.folder / "sources" / SOURCE.name
        return {str(file.relative_to(kept)): file.read_bytes() for file in kept.rglob("*") if file.is_file()}


@pytest.fixture
def system(tmp_path: Path) -> System:
    repository = small_repository()
    repository.add_package({VOLUME: CONTENT})
    repository.publish()
    return System(repository, tmp_path)


def fetched(examined: Examined, to: Path) -> bytes:
    examined.feed.fetch_volume(PACKAGE, VOLUME, to, lambda _done, _of: None)
    return to.read_bytes()


# --- what an honest medium brings


def test_a_medium_brings_catalogue_and_payload(system: System, tmp_path: Path) -> None:
    examined = system.imports(system.repository.for_media())
    assert (examined.standing, examined.catalogue, examined.made) == (Standing.NEWER, catalogue(), NOW)
    assert fetched(examined, tmp_path / VOLUME) == CONTENT
    assert system.versions == SignedVersions(1, 2, 2, 2)


def test_the_same_medium_again_is_no_harm(system: System) -> None:
    files = system.repository.for_media()
    system.imports(files)
    before = system.remembered()
    again = system.imports(files)
    assert (again.standing, again.catalogue) == (Standing.SAME, catalogue())
    assert system.remembered() == before


def test_a_newer_medium_advances(system: System) -> None:
    system.imports(system.repository.for_media())
    system.repository.add_catalogue(2, issued(1))
    system.repository.publish()
    assert system.imports(system.repository.for_media()).catalogue == issued(1)


def test_an_older_medium_delivers_its_payload_and_advances_nothing(system: System, tmp_path: Path) -> None:
    old = system.repository.for_media(NOW - timedelta(days=60))
    system.repository.add_catalogue(2, issued(1))
    system.repository.publish()
    system.polls(system.repository.files)
    before = system.remembered()
    examined = system.imports(old)
    assert (examined.standing, examined.catalogue) == (Standing.OLDER, None)
    assert fetched(examined, tmp_path / VOLUME) == CONTENT
    assert system.remembered() == before


def test_what_an_older_medium_has_that_is_signed_no_more_is_not_taken(system: System, tmp_path: Path) -> None:
    system.repository.add_package({"plan.json": b"{}"})
    system.repository.publish()
    old = system.repository.for_media()
    del system.repository.targets.targets[f"packages/{PACKAGE}/plan.json"]
    system.repository.publish()
    system.polls(system.repository.files)
    examined = system.imports(old)
    with pytest.raises(TrustError, match=r"plan\.json is not signed"):
        examined.feed.document(PACKAGE, "plan.json")
    assert fetched(examined, tmp_path / VOLUME) == CONTENT


def test_a_medium_that_took_part_of_the_site_along_serves_with_that(system: System) -> None:
    files = system.repository.for_media()
    del files[f"targets/packages/{PACKAGE}/{VOLUME}"]
    examined = system.imports(files)
    assert examined.catalogue == catalogue()
    with pytest.raises(Unreachable, match=f"{VOLUME} is not there"):
        fetched(examined, system.folder / VOLUME)


def test_after_a_medium_the_wire_goes_on_where_it_stands(system: System) -> None:
    system.imports(system.repository.for_media())
    system.repository.add_catalogue(2, issued(1))
    system.repository.publish()
    assert system.polls(system.repository.files) == issued(1)


def test_a_medium_with_the_timestamp_of_the_wire_holds_until_that_expires(system: System) -> None:
    assert system.imports(system.repository.files).made is None
    system.repository.timestamp.expires = NOW - timedelta(hours=1)
    system.repository.publish_timestamp()
    with pytest.raises(MetadataExpired):
        system.imports(system.repository.files)


def test_a_copy_of_the_whole_site_is_read_by_whichever_timestamp_holds(system: System) -> None:
    for_media = system.repository.for_media(NOW - timedelta(days=40))["metadata/timestamp.json"]
    system.repository.timestamp.expires = NOW - timedelta(days=10)
    system.repository.publish_timestamp()
    files = {**system.repository.files, "metadata/media-timestamp.json": for_media}
    examined = system.imports(files)
    assert (examined.catalogue, examined.made) == (catalogue(), NOW - timedelta(days=40))
    del files["metadata/timestamp.json"]
    assert system.imports(files).standing is Standing.SAME
    system.repository.timestamp.expires = NOW + timedelta(days=10)
    system.repository.publish_timestamp()
    newer = {**system.repository.files, "metadata/media-timestamp.json": for_media}
    assert system.imports(newer).made is None


# --- the root of trust, offline


@pytest.mark.parametrize("role", [*ROLES, "media"])
def test_new_keys_are_followed_offline(system: System, role: str) -> None:
    system.imports(system.repository.for_media())
    if role == "media":
        system.repository.rotate_media()
    else:
        system.repository.rotate(role)
    system.repository.add_catalogue(2, issued(1))
    system.repository.publish()
    assert system.imports(system.repository.for_media()).catalogue == issued(1)
    versions = system.versions
    assert versions is not None
    assert versions.root == 2


def test_several_roots_are_followed_at_once(system: System) -> None:
    for _ in range(3):
        system.repository.rotate("root")
    system.repository.publish()
    assert system.imports(system.repository.for_media()).catalogue == catalogue()


def test_a_root_that_is_left_out_in_between_is_refused(system: System) -> None:
    system.repository.rotate("targets")
    system.repository.rotate("targets")
    system.repository.publish()
    files = system.repository.for_media()
    del files["metadata/2.root.json"]
    with pytest.raises(TrustError, match="the targets metadata is not signed"):
        system.imports(files)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "media"])
def test_a_medium_from_before_new_keys_delivers_and_advances_nothing(
    system: System, tmp_path: Path, role: str
) -> None:
    old = system.repository.for_media()
    if role == "media":
        system.repository.rotate_media()
    else:
        system.repository.rotate(role)
    system.repository.publish()
    system.polls(system.repository.files)
    before = system.remembered()
    examined = system.imports(old)
    assert examined.standing is Standing.OLDER
    assert fetched(examined, tmp_path / VOLUME) == CONTENT
    assert system.remembered() == before


def test_keys_that_were_taken_back_sign_no_newer_medium(system: System) -> None:
    stolen = list(system.repository.signers["targets"])
    system.repository.rotate("targets")
    system.repository.publish()
    system.polls(system.repository.files)
    system.repository.signers["targets"] = stolen
    system.repository.publish()
    with pytest.raises(TrustError, match="the targets metadata is not signed"):
        system.imports(system.repository.for_media())


# --- the attacks


def published_again(repository: Repository) -> None:
    repository.add("notes/Northstar1.2402.0.8.md", b"# Notes\n")
    repository.publish()


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_arbitrary_software_is_refused(system: System, role: str) -> None:
    if role == "timestamp":
        system.repository.media = [new_key()]
    else:
        system.repository.signers[role] = [new_key()]
        published_again(system.repository)
    with pytest.raises(TrustError, match=f"the {role} metadata is not signed by enough .*0/1"):
        system.imports(system.repository.for_media())
    assert system.versions is None


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_a_threshold_that_is_not_met_is_refused(tmp_path: Path, role: str) -> None:
    system = System(small_repository(threshold=2), tmp_path)
    if role == "timestamp":
        system.repository.media.pop()
    else:
        system.repository.signers[role].pop()
        if role == "root":
            system.repository.root.version = 2
            system.repository.write_root()
        published_again(system.repository)
    with pytest.raises(TrustError, match=f"the {role} metadata is not signed by enough .*1/2"):
        system.imports(system.repository.for_media())


def test_another_publishers_medium_is_refused(system: System) -> None:
    with pytest.raises(TrustError, match="timestamp metadata is not signed"):
        system.imports(small_repository().for_media())


def test_a_catalogue_in_another_name_is_refused(system: System) -> None:
    system.repository.add_catalogue(2, catalogue(publisher="elsewhere"))
    system.repository.publish()
    with pytest.raises(WrongPublisher, match="signed in the name of elsewhere"):
        system.imports(system.repository.for_media())
    assert system.versions is None


def test_a_type_that_the_source_may_not_publish_is_refused(system: System) -> None:
    system.repository.add_catalogue(2, retyped(catalogue(), "Northstar1.2402.0.8", PackageType.OEM))
    system.repository.publish()
    with pytest.raises(WrongPublisher, match="type OEM"):
        system.imports(system.repository.for_media())


def test_a_snapshot_that_leads_its_targets_back_is_refused(system: System) -> None:
    published_again(system.repository)
    system.imports(system.repository.for_media())
    system.repository.targets.version = 2
    system.repository.publish_snapshot()
    with pytest.raises(TrustError, match="the targets metadata goes back"):
        system.imports(system.repository.for_media())


def test_a_signed_return_to_an_older_catalogue_is_refused(system: System) -> None:
    system.repository.add_catalogue(2, issued(1))
    system.repository.publish()
    system.imports(system.repository.for_media())
    before = system.remembered()
    del system.repository.targets.targets["catalogue/2.json"]
    system.repository.publish()
    with pytest.raises(TrustError, match="goes back behind catalogue 2"):
        system.imports(system.repository.for_media())
    assert system.remembered() == before


def test_a_medium_that_is_older_in_one_part_and_newer_in_another_is_refused(system: System) -> None:
    published_again(system.repository)
    published_again(system.repository)
    system.imports(system.repository.for_media())
    system.repository.snapshot.version = 1
    system.repository.targets.version = 9
    system.repository.write_targets()
    system.repository.publish_snapshot()
    with pytest.raises(TrustError, match="parts do not belong together"):
        system.imports(system.repository.for_media())


def test_another_snapshot_under_a_known_number_is_refused(system: System) -> None:
    system.imports(system.repository.for_media())
    system.repository.snapshot.version -= 1
    system.repository.targets.version += 1
    system.repository.write_targets()
    system.repository.publish_snapshot()
    with pytest.raises(TrustError, match="another than the one that is known under this number"):
        system.imports(system.repository.for_media())


@pytest.mark.parametrize("path", ["metadata/3.targets.json", "metadata/3.snapshot.json"])
def test_parts_of_another_time_are_refused(system: System, path: str) -> None:
    published_again(system.repository)
    files = system.repository.for_media()
    files[path] = files[path.replace("3.", "2.", 1)]
    with pytest.raises(DigestMismatch, match="is not what the metadata above it lists"):
        system.imports(files)


@pytest.mark.parametrize("role", ["root", "snapshot", "targets"])
def test_expired_metadata_is_refused(system: System, role: str) -> None:
    getattr(system.repository, role).expires = NOW - timedelta(hours=1)
    if role == "root":
        system.repository.root.version += 1
        system.repository.write_root()
    published_again(system.repository)
    with pytest.raises(MetadataExpired, match=f"the {role} metadata has expired"):
        system.imports(system.repository.for_media())


def test_a_medium_whose_own_timestamp_has_expired_is_refused(system: System) -> None:
    files = system.repository.for_media(NOW - timedelta(days=100), lasting=timedelta(days=99))
    with pytest.raises(MetadataExpired, match="the timestamp metadata has expired"):
        system.imports(files)


def test_a_medium_past_the_operators_bound_is_refused_though_its_publisher_would_not(system: System) -> None:
    """Freeze: somebody brings the same old medium for ever."""
    files = system.repository.for_media(NOW - timedelta(days=364), lasting=timedelta(days=2000))
    assert system.imports(files).catalogue == catalogue()
    with pytest.raises(MetadataExpired, match="365 days ago; one of 365 days or more is refused") as refused:
        system.imports(files, now=NOW + timedelta(days=1))
    assert "medium_refuse_days" in refused.value.hint


def test_a_medium_that_does_not_say_when_it_was_made_is_refused(system: System) -> None:
    system.repository.signers["timestamp"] = system.repository.media
    system.repository.publish_timestamp()
    with pytest.raises(TrustError, match="does not say when it was made"):
        system.imports(system.repository.files)


@pytest.mark.parametrize(
    "path",
    [
        "metadata/2.root.json",
        "metadata/timestamp.json",
        "metadata/2.snapshot.json",
        "metadata/2.targets.json",
        "targets/catalogue/1.json",
    ],
)
def test_endless_data_is_refused(system: System, path: str) -> None:
    files = system.repository.for_media()
    files[path] = files.get(path, b"{}") + b" " * 6_000_000
    with pytest.raises(TrustError, match=r"is longer than|is not what"):
        system.imports(files)


def test_a_payload_that_was_changed_is_refused(system: System, tmp_path: Path) -> None:
    files = system.repository.for_media()
    files[f"targets/packages/{PACKAGE}/{VOLUME}"] = CONTENT[:-1] + b"x"
    examined = system.imports(files)
    with pytest.raises(DigestMismatch):
        fetched(examined, tmp_path / VOLUME)
    assert not (tmp_path / VOLUME).exists()


def test_a_refused_medium_leaves_nothing_behind(system: System) -> None:
    system.imports(system.repository.for_media())
    before = system.remembered()
    published_again(system.repository)
    system.repository.signers["targets"] = [new_key()]
    published_again(system.repository)
    with pytest.raises(TrustError):
        system.imports(system.repository.for_media())
    assert system.remembered() == before


# --- fast-forward: numbers that a thief drove up, and the publisher's way back


@pytest.mark.parametrize("way", ["media", "wire"])
def test_numbers_that_stolen_keys_drove_up_are_forgotten_with_the_keys(system: System, way: str) -> None:
    repository = system.repository

    def arrive() -> Catalogue | None:
        if way == "wire":
            return system.polls(repository.files)
        return system.imports(repository.for_media()).catalogue

    arrive()
    honest = copy.deepcopy((repository.timestamp, repository.snapshot, repository.targets))
    for part in (repository.timestamp, repository.snapshot, repository.targets):
        part.version += 1_000_000
    repository.add_catalogue(1_000_000, issued(1))
    repository.publish()
    assert arrive() == issued(1)
    repository.timestamp, repository.snapshot, repository.targets = honest
    for role in ("timestamp", "snapshot", "targets"):
        repository.rotate(role)
    repository.rotate_media()
    repository.add_catalogue(2, issued(2))
    repository.publish()
    assert arrive() == issued(2)


# --- between wire and media


def test_a_site_behind_what_a_medium_has_brought_is_refused(system: System) -> None:
    old = system.repository.copy_of_files()
    published_again(system.repository)
    system.imports(system.repository.for_media())
    with pytest.raises(TrustError, match="goes back behind what a medium has brought"):
        system.polls(old)


def test_the_long_lived_timestamp_of_media_freezes_no_connected_system(system: System) -> None:
    """Anybody with a medium could otherwise hold a connected system back for a year."""
    with pytest.raises(TrustError, match="signed for media, not for a connected source"):
        system.polls(system.repository.for_media())
    assert system.polls(system.repository.files) == catalogue()


def test_what_a_mounted_medium_said_does_not_make_an_expired_site_hold(system: System) -> None:
    """python-tuf keeps the timestamp that it has under the same number: here a medium's, good for a year."""
    place = laid_out(system.repository.for_media(), system.folder / "mounted")
    system.feeds.open(replace(SOURCE, url=place.as_uri())).poll()
    system.repository.timestamp.expires = NOW - timedelta(hours=1)
    system.repository.timestamp.version -= 1
    system.repository.publish_timestamp()
    with pytest.raises(MetadataExpired, match="the timestamp metadata has expired"):
        system.polls(system.repository.files)


def test_a_folder_that_is_polled_may_be_a_mounted_medium(system: System) -> None:
    place = laid_out(system.repository.for_media(), system.folder / "mounted")
    source = replace(SOURCE, url=place.as_uri())
    assert system.feeds.open(source).poll() == catalogue()
    late = TufFeeds(system.folder / "sources", now=lambda: NOW + timedelta(days=365))
    with pytest.raises(MetadataExpired, match="365 days"):
        late.open(source).poll()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: (place / "metadata/timestamp.json").unlink(),
        lambda place: (place / "metadata/timestamp.json").write_bytes(b"{"),
        lambda place: (place / "metadata").rename(place / "other"),
    ],
    ids=["no timestamp", "damaged", "no metadata"],
)
def test_a_medium_without_a_repository_is_said(system: System, spoil: Callable[[Path], object]) -> None:
    place = laid_out(system.repository.for_media(), system.folder / "spoilt")
    spoil(place)
    with pytest.raises((Unreachable, TrustError), match="timestamp"):
        system.feeds.examine(SOURCE, place)
