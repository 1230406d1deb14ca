"""Catalogues: every field of the model goes through; nothing else does; what was signed stays readable."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from pitstop.model.conditions import Comparison, Condition, FactTest, RequiredContent, Risk
from pitstop.model.errors import InvalidCatalogue
from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import (
    Catalogue,
    DatePrecision,
    Family,
    HardwareMatch,
    PublisherKind,
    Release,
    ReleaseDate,
    ReleaseId,
    ReleaseStatus,
    SupportEnd,
    SupportException,
)
from pitstop.model.versions import Version
from pitstop.package.catalogue_format import read_catalogue, write_catalogue

TEST = FactTest("free-memory-gib", Comparison.AT_LEAST, ("12",))


def build(text: str) -> Version:
    return Version.parse(text)


RICH = Release(
    id=ReleaseId("northstar", "lantern", build("1.2604.0.21")),
    name="Northstar1.2604.0.21",
    type=PackageType.EXPRESS,
    title="Lantern 2604",
    description="Lantern alone.",
    family="2604",
    released=ReleaseDate(date(2026, 4, 1), DatePrecision.MONTH),
    revision=3,
    status=ReleaseStatus.WITHDRAWN,
    status_reason="it forgets",
    reissues=build("1.2604.0.20"),
    required_hotfix=build("1.2601.1.15"),
    min_oem_version=build("2.1"),
    hardware=(HardwareMatch("Lumen"), HardwareMatch("Lumen", "Lumen R4")),
    expected_runtimes=(ExpectedRuntime(4, 1, 6), ExpectedRuntime(None, 3, 20)),
    restarts_nodes=True,
    changes_version=False,
    notes_link="notes/Northstar1.2604.0.21.md",
    package_sha256="a" * 64,
    size=123,
    equivalent_builds=(build("1.2604.0.22"),),
    conditions=(
        Condition("needs memory", when=(TEST,), hotfix=build("1.2601.1.15"), facts=(TEST,), excludes=True),
    ),
    content=(RequiredContent("key", "a product key", when=(TEST,)),),
    risks=(Risk("slow", "may be slow", rules=(TEST,), from_builds=(build("1.2601.0.12"),)),),
)
HOTFIX = Release(
    id=ReleaseId("northstar", "lantern", build("1.0.180312.1")),
    name="Northstar1.0.180312.1",
    type=PackageType.HOTFIX,
    title="A hotfix",
    families=("2601", "2604"),
)
CATALOGUE = Catalogue(
    publisher="northstar",
    product="lantern",
    kind=PublisherKind.PLATFORM,
    issued=datetime(2026, 10, 20, 8, 30, 15, 250, tzinfo=UTC),
    families=(Family("2601", None), Family("2604", "2601", also_from=("2601",))),
    releases=(RICH, HOTFIX),
    support_exceptions=(SupportException(3, while_newest="2604", last_day=date(2026, 9, 25), when=(TEST,)),),
    support_ends=(SupportEnd(date(2027, 1, 1), hardware=(HardwareMatch("Lumen"),)),),
)


def test_every_field_goes_through() -> None:
    raw = write_catalogue(CATALOGUE)
    assert read_catalogue(raw) == CATALOGUE
    assert write_catalogue(read_catalogue(raw)) == raw


def test_the_same_instant_is_written_in_one_way() -> None:
    elsewhere = CATALOGUE.issued.astimezone(timezone(timedelta(hours=-5)))
    assert write_catalogue(replace(CATALOGUE, issued=elsewhere)) == write_catalogue(CATALOGUE)


SIGNED_EARLY = b"""{
 "format": 1, "publisher": "northstar", "product": "lantern", "kind": "platform",
 "issued": "2026-01-20T09:00:00Z",
 "families": [{"id": "2601", "predecessor": null}],
 "releases": [{"version": "1.2601.0.12", "name": "Northstar1.2601.0.12", "type": "Full",
               "title": "Lantern 2601", "family": "2601",
               "released": {"day": "2026-01-20", "precision": "day"}}]
}"""


def test_what_was_signed_with_fewer_fields_is_still_read() -> None:
    (release,) = read_catalogue(SIGNED_EARLY).releases
    assert release.id == ReleaseId("northstar", "lantern", build("1.2601.0.12"))
    assert (release.revision, release.status, release.hardware) == (1, ReleaseStatus.AVAILABLE, ())


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(write_catalogue(CATALOGUE))
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format=2), "format 2, known is 1"),
        (lambda d: d.update(format=True), "format True"),
        (lambda d: d.pop("format"), "format None"),
        (lambda d: d.update(more=1), r"\$ has the unknown field 'more'"),
        (lambda d: d["releases"][0].update(more=1), r"\$.releases\[0\] has the unknown field 'more'"),
        (lambda d: d["releases"][0]["risks"][0].update(x=1), r"risks\[0\] has the unknown field 'x'"),
        (lambda d: d["releases"][0].update(id={}), r"\$.releases\[0\] has the unknown field 'id'"),
        (lambda d: d["releases"][0].pop("version"), r"\$.releases\[0\] is no release"),
        (lambda d: d["releases"][0].update(version="1.x"), r"\$.releases\[0\].id.version: .*1.x"),
        (lambda d: d["releases"][0].update(version=7), r"releases\[0\].id.version"),
        (lambda d: d["releases"][0].update(type="Bogus"), r"Bogus.*releases\[0\].type"),
        (lambda d: d["releases"][0].update(size="1"), r"releases\[0\].size"),
        (lambda d: d["releases"][0].update(required_hotfix=1), r"required_hotfix"),
        (lambda d: d.update(issued="yesterday"), "issued"),
        (lambda d: d.update(issued="2026-01-20T09:00:00"), "names no time zone"),
        (lambda d: d.update(publisher="../x"), "no short name"),
        (lambda d: d.update(releases={}), "releases"),
        (lambda d: d.update(releases=[1]), r"\$.releases\[0\] is no release"),
    ],
)
def test_other_forms_are_refused_with_their_place(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    with pytest.raises(InvalidCatalogue, match=says):
        read_catalogue(changed(change))


@pytest.mark.parametrize(
    ("catalogue", "says"),
    [
        (replace(CATALOGUE, families=(*CATALOGUE.families, Family("2601", None))), "2601 is there 2 times"),
        (replace(CATALOGUE, families=(Family("2601", None), Family("2604", "2512"))), "follows 2512"),
        (replace(CATALOGUE, families=(Family("2601", "2604"), Family("2604", "2601"))), "in a circle"),
        (replace(CATALOGUE, families=(Family("2601", "2601"), Family("2604", "2601"))), "in a circle"),
        (replace(CATALOGUE, families=(Family("2601", None),)), "family 2604 is not there"),
        (replace(CATALOGUE, releases=(RICH, RICH)), "version 1.2604.0.21 is there 2 times"),
        (
            replace(CATALOGUE, releases=(RICH, replace(HOTFIX, name="northstar1.2604.0.21"))),
            "name northstar1.2604.0.21 is there 2 times",
        ),
        (replace(CATALOGUE, releases=(replace(RICH, family=None),)), "says which family it opens"),
        (replace(CATALOGUE, releases=(replace(HOTFIX, families=()),)), "says which families it serves"),
        (replace(CATALOGUE, releases=(replace(RICH, name="../x"),)), "no package name"),
        (replace(CATALOGUE, releases=(replace(RICH, package_sha256="a"),)), "no SHA-256"),
        (replace(CATALOGUE, releases=(replace(RICH, revision=0),)), "revision begins at 1"),
        (
            replace(CATALOGUE, releases=(replace(RICH, id=ReleaseId("lumen", "lantern", RICH.version)),)),
            "not of this publisher's product",
        ),
    ],
)
def test_what_does_not_hold_together_is_refused(catalogue: Catalogue, says: str) -> None:
    with pytest.raises(InvalidCatalogue, match=says):
        write_catalogue(catalogue)
