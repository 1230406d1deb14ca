"""The attacks that TUF knows, each tried on a system over a real connection: all refused, with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pitstop.model.errors import DigestMismatch, MetadataExpired, TrustError, Unreachable
from transport.http_site import HttpSite, never_ends
from transport.polled import Polled
from transport.repository import NOW, Repository, catalogue, new_key, small_repository


def published_again(repository: Repository) -> None:
    """A second version of everything, with another file among the targets."""
    repository.add("notes/Northstar1.2402.0.8.md", b"# Notes\n")
    repository.publish()


# --- arbitrary software: what the publisher has not signed


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_metadata_signed_with_another_key_is_refused(polled: Polled, role: str) -> None:
    polled.repository.signers[role] = [new_key()]
    published_again(polled.repository)
    with pytest.raises(TrustError, match=f"the {role} metadata is not signed by enough .*0/1"):
        polled.feed().poll()


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_metadata_without_any_signature_is_refused(polled: Polled, role: str) -> None:
    polled.repository.signers[role] = []
    published_again(polled.repository)
    with pytest.raises(TrustError, match=f"the {role} metadata is not signed"):
        polled.feed().poll()


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_fewer_signatures_than_the_threshold_are_not_enough(polled: Polled, role: str) -> None:
    repository = small_repository(threshold=2)
    repository.signers[role].pop()
    published_again(repository)
    source = replace(polled.source, name="two")
    polled.feeds.pin(source, repository.first_root)
    polled.site.files = repository.files
    with pytest.raises(TrustError, match=f"the {role} metadata is not signed by enough .*1/2"):
        polled.feeds.open(source).poll()


def test_another_publishers_site_is_refused(polled: Polled) -> None:
    polled.site.files = small_repository().files
    with pytest.raises(TrustError, match="timestamp metadata is not signed"):
        polled.feed().poll()


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"signed": {}, "signatures": []}', b"\xff\xfe"])
def test_a_page_in_the_place_of_metadata_is_refused(polled: Polled, junk: bytes) -> None:
    polled.site.files["metadata/timestamp.json"] = junk
    with pytest.raises(TrustError, match="the timestamp metadata cannot be read"):
        polled.feed().poll()


def test_metadata_of_another_role_is_refused(polled: Polled) -> None:
    polled.site.files["metadata/timestamp.json"] = polled.site.files["metadata/1.snapshot.json"]
    with pytest.raises(TrustError, match="timestamp"):
        polled.feed().poll()


# --- rollback: what the publisher has signed once


def test_an_older_timestamp_is_refused(polled: Polled) -> None:
    old = polled.repository.copy_of_files()
    published_again(polled.repository)
    polled.feed().poll()
    polled.site.files = old
    with pytest.raises(TrustError, match="the timestamp metadata goes back"):
        polled.feed().poll()


def test_a_new_timestamp_for_an_older_snapshot_is_refused(polled: Polled) -> None:
    published_again(polled.repository)
    polled.feed().poll()
    polled.repository.snapshot.version = 1
    polled.repository.publish_timestamp()
    with pytest.raises(TrustError, match="the snapshot metadata goes back"):
        polled.feed().poll()


def test_a_new_snapshot_of_older_targets_is_refused(polled: Polled) -> None:
    published_again(polled.repository)
    polled.feed().poll()
    polled.repository.targets.version = 1
    polled.repository.publish_snapshot()
    with pytest.raises(TrustError, match="the targets metadata goes back"):
        polled.feed().poll()


def test_a_refused_rollback_leaves_the_source_usable(polled: Polled) -> None:
    old = polled.repository.copy_of_files()
    published_again(polled.repository)
    polled.feed().poll()
    polled.site.files = old
    with pytest.raises(TrustError):
        polled.feed().poll()
    polled.site.files = polled.repository.files
    assert polled.feed().poll() == catalogue()


# --- freeze: what was true some time ago


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_expired_metadata_is_refused(polled: Polled, role: str) -> None:
    repository = polled.repository
    getattr(repository, role).expires = NOW - timedelta(hours=1)
    if role == "root":
        repository.root.version += 1
        repository.write_root()
    published_again(repository)
    with pytest.raises(MetadataExpired, match=f"the {role} metadata has expired") as refused:
        polled.feed().poll()
    assert "clock" in refused.value.hint


def test_a_site_that_stands_still_is_believed_only_until_its_timestamp_expires(polled: Polled) -> None:
    """What was seen last and what the site says are the same, and time has passed: python-tuf reads the
    clock itself, so the timestamp is put into the past on both sides instead."""
    polled.feed().poll()
    polled.repository.timestamp.version = 0
    polled.repository.timestamp.expires = NOW - timedelta(hours=1)
    polled.repository.publish_timestamp()
    cache = polled.folder / "northstar" / "metadata"
    (cache / "timestamp.json").write_bytes(polled.repository.files["metadata/timestamp.json"])
    with pytest.raises(MetadataExpired, match="the timestamp metadata has expired"):
        polled.feed().poll()


# --- mix and match: files that were never true together


def test_targets_of_another_time_are_refused(polled: Polled) -> None:
    published_again(polled.repository)
    polled.site.files["metadata/2.targets.json"] = polled.site.files["metadata/1.targets.json"]
    with pytest.raises(DigestMismatch, match="the targets metadata is not what the metadata above it lists"):
        polled.feed().poll()


def test_a_snapshot_of_another_time_is_refused(polled: Polled) -> None:
    published_again(polled.repository)
    polled.site.files["metadata/2.snapshot.json"] = polled.site.files["metadata/1.snapshot.json"]
    with pytest.raises(DigestMismatch, match="the snapshot metadata is not what"):
        polled.feed().poll()


# --- endless data


@pytest.mark.parametrize(
    "path",
    [
        "metadata/2.root.json",
        "metadata/timestamp.json",
        "metadata/1.snapshot.json",
        "metadata/1.targets.json",
        "targets/catalogue/1.json",
    ],
)
def test_a_file_without_end_is_broken_off(polled: Polled, path: str) -> None:
    polled.site.troubles[path] = never_ends
    with pytest.raises(TrustError, match="is longer than"):
        polled.feed().poll()


# --- the root of trust and its successors


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_new_keys_are_followed_when_the_root_says_so(polled: Polled, role: str) -> None:
    polled.feed().poll()
    polled.repository.rotate(role)
    published_again(polled.repository)
    assert polled.feed().poll() == catalogue()


def test_two_roots_in_a_row_are_followed_also_from_the_first(polled: Polled) -> None:
    polled.repository.rotate("root")
    polled.repository.rotate("root")
    published_again(polled.repository)
    assert polled.feed().poll() == catalogue()
    assert [path for path in polled.site.paths() if path.endswith("root.json")] == [
        "metadata/2.root.json",
        "metadata/3.root.json",
        "metadata/4.root.json",
    ]


def test_keys_that_the_root_has_revoked_sign_nothing_more(polled: Polled) -> None:
    polled.feed().poll()
    stolen = list(polled.repository.signers["targets"])
    polled.repository.rotate("targets")
    polled.repository.signers["targets"] = stolen
    published_again(polled.repository)
    with pytest.raises(TrustError, match="the targets metadata is not signed"):
        polled.feed().poll()


def test_a_new_root_that_the_old_one_has_not_signed_is_refused(polled: Polled) -> None:
    polled.feed().poll()
    polled.repository.signers["root"] = [new_key()]
    polled.repository.root.version = 2
    polled.repository.write_root()
    polled.repository.publish_timestamp()
    with pytest.raises(TrustError, match="the root metadata is not signed"):
        polled.feed().poll()


def test_a_new_root_that_too_few_have_signed_is_refused(polled: Polled) -> None:
    repository = small_repository(threshold=2)
    source = replace(polled.source, name="two")
    polled.feeds.pin(source, repository.first_root)
    repository.signers["root"].pop()
    repository.root.version = 2
    repository.write_root()
    polled.site.files = repository.files
    with pytest.raises(TrustError, match=r"the root metadata is not signed by enough .*1/2"):
        polled.feeds.open(source).poll()


def test_an_older_root_under_a_new_number_is_refused(polled: Polled) -> None:
    polled.site.files["metadata/2.root.json"] = polled.repository.first_root
    with pytest.raises(TrustError, match="the root metadata goes back"):
        polled.feed().poll()


def test_a_cached_root_that_does_not_follow_from_the_pinned_one_is_not_believed(polled: Polled) -> None:
    """The cache is only a cache: trust begins at the pinned root every time."""
    polled.feed().poll()
    foreign = small_repository()
    history = polled.folder / "northstar" / "metadata" / "root_history"
    (history / "1.root.json").write_bytes(foreign.first_root)
    assert polled.feed().poll() == catalogue()
    polled.site.files = foreign.files
    with pytest.raises(TrustError):
        polled.feed().poll()


# --- a site that is not there


def test_a_site_that_does_not_answer_is_unreachable(polled: Polled) -> None:
    with HttpSite({}) as gone:
        url = gone.url
    with pytest.raises(Unreachable, match="127"):
        polled.feeds.open(replace(polled.source, url=url)).poll()


def test_an_address_without_a_repository_is_unreachable(polled: Polled) -> None:
    polled.site.files = {}
    with pytest.raises(Unreachable, match=r"timestamp\.json is not there \(status 404\)"):
        polled.feed().poll()
