"""A package's small files: handed up as they were signed, and only what this source may say."""

from __future__ import annotations

import hashlib

import pytest

from pitstop.model.errors import DigestMismatch, TrustError, Unreachable, WrongPublisher
from pitstop.model.packages import PackageMetadata, PackageType, Volume
from pitstop.model.versions import Version
from pitstop.package.metadata_xml import write_metadata
from transport.http_site import cuts, never_ends
from transport.polled import Polled
from transport.repository import PACKAGE

PLAN = b'{"format": 1}'
AT = f"targets/packages/{PACKAGE}/plan.json"


@pytest.fixture
def with_plan(polled: Polled) -> Polled:
    polled.repository.add_package({"plan.json": PLAN})
    polled.repository.publish()
    return polled


def metadata(
    name: str = PACKAGE, publisher: str = "northstar", package_type: PackageType = PackageType.FULL
) -> bytes:
    digest = hashlib.sha256(b"").hexdigest()
    return write_metadata(
        PackageMetadata(
            name=name,
            publisher=publisher,
            product="lantern",
            type=package_type,
            version=Version.parse("1.2402.0.8"),
            display_name="Lantern 1.2402.0.8",
            description="An update of Lantern.",
            prerequisites=(),
            min_version=None,
            min_oem_version=None,
            restarts_nodes=False,
            expected_runtimes=(),
            support_address="support@northstar.example",
            release_link="https://updates.northstar.example/notes",
            article_link="",
            size=1,
            manifest_sha256=digest,
            plan_sha256=digest,
            volumes=(Volume(f"{name}-1.zip", 1, digest),),
        )
    )


def test_a_document_is_handed_up_as_it_was_signed(with_plan: Polled) -> None:
    assert with_plan.feed().document(PACKAGE, "plan.json") == PLAN


def test_documents_are_read_without_refreshing_again(with_plan: Polled) -> None:
    feed = with_plan.feed()
    feed.poll()
    with_plan.site.asked.clear()
    feed.document(PACKAGE, "plan.json")
    assert with_plan.site.paths() == [AT]


@pytest.mark.parametrize("given", [PLAN + b" ", PLAN[:-1], PLAN[:-1] + b"]", b""])
def test_a_changed_document_is_refused(with_plan: Polled, given: bytes) -> None:
    with_plan.site.files[AT] = given
    with pytest.raises(TrustError, match=r"plan\.json is (not the file that was signed|longer than)"):
        with_plan.feed().document(PACKAGE, "plan.json")


def test_a_document_without_end_is_broken_off(with_plan: Polled) -> None:
    with_plan.site.troubles[AT] = never_ends
    with pytest.raises(TrustError, match="longer than"):
        with_plan.feed().document(PACKAGE, "plan.json")


def test_a_document_that_nobody_signed_is_refused(with_plan: Polled) -> None:
    with_plan.site.files[f"targets/packages/{PACKAGE}/manifest.json"] = b"{}"
    with pytest.raises(TrustError, match=r"manifest\.json is not signed"):
        with_plan.feed().document(PACKAGE, "manifest.json")


def test_a_missing_document_is_unreachable(with_plan: Polled) -> None:
    del with_plan.site.files[AT]
    with pytest.raises(Unreachable, match="status 404"):
        with_plan.feed().document(PACKAGE, "plan.json")


def test_a_break_is_mended(with_plan: Polled) -> None:
    with_plan.site.troubles[AT] = cuts(times=2, after=3)
    assert with_plan.feed().document(PACKAGE, "plan.json") == PLAN


@pytest.mark.parametrize("name", ["Metadata.xml", f"{PACKAGE}.xml"])
def test_metadata_of_this_publisher_is_handed_up(polled: Polled, name: str) -> None:
    polled.repository.add_package({name: metadata()})
    polled.repository.publish()
    assert polled.feed().document(PACKAGE, name) == metadata()


@pytest.mark.parametrize("name", ["Metadata.xml", f"{PACKAGE}.xml"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (metadata(publisher="elsewhere"), "of elsewhere"),
        (metadata(package_type=PackageType.OEM), "may not publish packages of type OEM"),
        (metadata(name="Northstar1.2311.0.5"), "in the place of"),
    ],
)
def test_metadata_that_is_not_this_sources_to_say_is_refused(
    polled: Polled, name: str, content: bytes, message: str
) -> None:
    polled.repository.add_package({name: content})
    polled.repository.publish()
    with pytest.raises(WrongPublisher, match=message):
        polled.feed().document(PACKAGE, name)


def test_a_damaged_document_says_that_its_digest_is_wrong(with_plan: Polled) -> None:
    with_plan.site.files[AT] = b"x" * len(PLAN)
    with pytest.raises(DigestMismatch, match=r"plan\.json"):
        with_plan.feed().document(PACKAGE, "plan.json")
