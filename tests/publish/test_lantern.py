"""The demo's two publishers are built from their sources, and their releases make the path they should."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

from lantern.build import OEM_RELEASES, RELEASES, build, in_order, northstar
from pitstop.model.errors import Conflict
from pitstop.model.packages import PackageType
from pitstop.model.runs import RunPurpose
from pitstop.model.system import Node, SystemDescription
from pitstop.package.plan_format import read_plan
from pitstop.publish.building import build as build_package
from pitstop.publish.building import plan_kinds
from pitstop.publish.releasing import read_built
from pitstop.publish.repository import Repository
from pitstop.publish.settings import read_settings
from pitstop.steps.composition import Part, compose

SOURCES = [*in_order(RELEASES), *in_order(OEM_RELEASES)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lantern") / "out"
    build(folder)
    return folder


def test_two_full_and_two_express_updates_over_four_families_with_three_hotfixes(out: Path) -> None:
    catalogue = Repository(read_settings(out / "northstar")).read().catalogue
    assert [(family.id, family.predecessor) for family in catalogue.families] == [
        ("2601", None),
        ("2604", "2601"),
        ("2607", "2604"),
        ("2610", "2607"),
    ]
    types = [release.type for release in catalogue.releases]
    assert [types.count(kind) for kind in PackageType] == [2, 2, 3, 0]
    gates = {release.family: release.required_hotfix for release in catalogue.releases if release.family}
    assert {family: str(gate) for family, gate in gates.items()} == {
        "2601": "None",
        "2604": "1.2601.1.15",
        "2607": "None",
        "2610": "1.2607.1.33",
    }


def test_one_family_needs_the_oem_package_first(out: Path) -> None:
    platform = Repository(read_settings(out / "northstar")).read().catalogue
    oem = Repository(read_settings(out / "lumen")).read().catalogue
    needs = {release.family: release.min_oem_version for release in platform.releases}
    baseline, newest = (release.version for release in oem.releases)
    assert needs["2604"] is None
    assert needs["2607"] is not None
    assert baseline < needs["2607"] <= newest


@pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])
def test_a_source_stands_in_the_folder_of_its_version(source: Path) -> None:
    assert tomllib.loads((source / "package.toml").read_text(encoding="utf-8"))["version"] == source.name
    assert source.name in (source / "notes.md").read_text(encoding="utf-8").splitlines()[0]


def content_of(out: Path, name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(out / "built" / name / "package" / f"{name}-1.zip") as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def test_each_release_brings_its_version_and_a_hotfix_only_what_it_changes(out: Path) -> None:
    for source in in_order(RELEASES):
        content = content_of(out, f"Northstar{source.name}")
        assert content["opt/lantern/VERSION"] == f"{source.name}\n".encode()
        is_hotfix = source.name.split(".")[2] != "0"
        assert ("opt/lantern/lantern.py" in content) is not is_hotfix
    assert content_of(out, "OEM2.1.2604.3")["lib/firmware/lumen/VERSION"] == b"2.1.2604.3\n"


FOUR_NODES = SystemDescription(
    "rack",
    "demo",
    "Lumen",
    "Lumen R4",
    tuple(
        Node(f"n{number}", "127.0.0.1", roles=(role,), fault_domain=domain)
        for number, role, domain in (
            (1, "controller", "fd1"),
            (2, "controller", "fd2"),
            (3, "worker", "fd1"),
            (4, "worker", "fd2"),
        )
    ),
)


@pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])
def test_every_plan_touches_each_node_once_and_no_two_fault_domains_at_once(out: Path, source: Path) -> None:
    prefix = "OEM" if source.parent == OEM_RELEASES else "Northstar"
    built = read_built(out / "built" / f"{prefix}{source.name}")
    plan = read_plan((built.package_folder / "plan.json").read_bytes())
    steps = compose(RunPurpose.APPLY, Part(built.metadata, plan), FOUR_NODES)
    drained = [step.node for step in steps if step.kind == "drain"]
    assert sorted(filter(None, drained)) == ["n1", "n2", "n3", "n4"]
    domains = {node.name: node.fault_domain for node in FOUR_NODES.nodes}
    batches = [step.name.partition(": ")[2].split(", ") for step in steps if step.name.startswith("Batch ")]
    assert batches
    assert all(len({domains[name] for name in batch}) == 1 for batch in batches)


def test_building_again_gives_the_same_packages(out: Path, tmp_path: Path) -> None:
    for source in in_order(RELEASES)[:2]:
        built = build_package(source, tmp_path, northstar(tmp_path), plan_kinds())
        first = out / "built" / built.metadata.name
        for path in built.folder.rglob("*"):
            if path.is_file():
                assert path.read_bytes() == (first / path.relative_to(built.folder)).read_bytes()


def test_a_second_build_into_the_same_folder_is_refused(out: Path) -> None:
    with pytest.raises(Conflict, match="is there already"):
        build(out)
    assert (out / "passphrase").stat().st_mode & 0o777 == 0o600
