"""Content made with deltas: what was signed or nothing, along one hop or several."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.model.errors import DigestMismatch, InvalidPackage, NoSpace, NotFound
from pitstop.package.delta_format import Listed
from pitstop.package.delta_names import delta_name
from pitstop.package.delta_route import Delta, Route
from pitstop.publish.delta_base import Base
from pitstop.publish.delta_making import Hop, write_delta
from pitstop.store.payloads import SPARE_BYTES, FilePayloads
from store.packages import Package, digest, package

PROGRAM = hashlib.shake_256(b"star").digest(20_000)
ONE = {"bin/star": PROGRAM, "etc/a": b"1", "etc/same": b"same"}
TWO = {"bin/star": PROGRAM + b"2" * 100, "etc/a": b"2", "etc/same": b"same", "tmp/way": b"only here"}
THREE = {"bin/star": b"3" + PROGRAM + b"2" * 100, "etc/a": b"2", "etc/new": b"new"}
FIRST, SECOND, THIRD = (
    package(version, content) for version, content in (("1.1.0.1", ONE), ("1.2.0.1", TWO), ("1.3.0.1", THREE))
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def payloads(state: Path) -> FilePayloads:
    """Knows all three packages, and holds the content of the first."""
    payloads = FilePayloads(state)
    for known in (FIRST, SECOND, THIRD):
        payloads.put_documents(known.name, known.documents)
    unpacked(payloads, FIRST)
    return payloads


def silent(_done: int, _in_all: int) -> None:
    pass


def unpacked(payloads: FilePayloads, made: Package) -> None:
    for name, raw in made.volumes.items():
        payloads.volume(made.name, name).write_bytes(raw)
    payloads.unpack(made.name, silent)


def listed(made: Package) -> Listed:
    return Listed(made.name, made.manifest, made.metadata.manifest_sha256)


def put_delta(
    payloads: FilePayloads,
    folder: Path,
    base: tuple[Package, Mapping[str, bytes]],
    to: tuple[Package, Mapping[str, bytes]],
    bringing: Package,
) -> Delta:
    """Make the delta between two packages, and lay it where it belongs while a package is brought."""
    old, new = folder / base[0].name, folder / to[0].name
    for place, content in ((old, base[1]), (new, to[1])):
        place.mkdir(parents=True, exist_ok=True)
        for raw in content.values():
            (place / digest(raw)).write_bytes(raw)
    hop = Hop(
        Base(listed(base[0]), lambda file: old / file.sha256),
        listed(to[0]),
        lambda file: (new / file.sha256).open("rb"),
    )
    made = write_delta(folder / "deltas", hop)
    delta = Delta(to[0].name, base[0].name, made.name, made.stat().st_size)
    payloads.delta(bringing.name, delta).write_bytes(made.read_bytes())
    return delta


@pytest.fixture
def one_hop(payloads: FilePayloads, tmp_path: Path) -> Route:
    return (put_delta(payloads, tmp_path, (FIRST, ONE), (SECOND, TWO), SECOND),)


@pytest.fixture
def two_hops(payloads: FilePayloads, tmp_path: Path) -> Route:
    return (
        put_delta(payloads, tmp_path, (FIRST, ONE), (SECOND, TWO), THIRD),
        put_delta(payloads, tmp_path, (SECOND, TWO), (THIRD, THREE), THIRD),
    )


def is_whole(payloads: FilePayloads, made: Package) -> bool:
    return not payloads.missing_content(made.name) and all(
        digest(payloads.content(file).read_bytes()) == file.sha256 for file in made.manifest.files
    )


def lying_in(state: Path, folder: str) -> list[str]:
    return sorted(path.name for path in (state / folder).rglob("*") if path.is_file())


def test_one_hop(payloads: FilePayloads, one_hop: Route, state: Path) -> None:
    told: list[tuple[int, int]] = []
    assert payloads.deltas(SECOND.name) == list(one_hop)
    payloads.rebuild(SECOND.name, one_hop, lambda done, in_all: told.append((done, in_all)))
    assert is_whole(payloads, SECOND)
    assert told[-1] == (20_100 + 1 + 9,) * 2
    assert payloads.deltas(SECOND.name) == []
    assert lying_in(state, "incoming") == []


def test_two_hops_leave_nothing_of_what_lies_between(
    payloads: FilePayloads, two_hops: Route, state: Path
) -> None:
    payloads.rebuild(THIRD.name, two_hops, silent)
    assert is_whole(payloads, THIRD)
    assert lying_in(state, "content") == sorted({digest(raw) for raw in (*ONE.values(), *THREE.values())})


def test_only_what_is_missing_is_made(payloads: FilePayloads, one_hop: Route, tmp_path: Path) -> None:
    payloads.rebuild(SECOND.name, one_hop, silent)
    payloads.content(SECOND.manifest.files[1]).unlink()
    again = put_delta(payloads, tmp_path / "again", (FIRST, ONE), (SECOND, TWO), SECOND)
    told: list[tuple[int, int]] = []
    payloads.rebuild(SECOND.name, (again,), lambda done, in_all: told.append((done, in_all)))
    assert told == [(1, 1)]
    assert is_whole(payloads, SECOND)


def test_a_base_that_is_gone_is_said(payloads: FilePayloads, one_hop: Route) -> None:
    star = next(file for file in FIRST.manifest.files if file.path == "bin/star")
    payloads.content(star).unlink()
    with pytest.raises(InvalidPackage, match=r"needs bin/star of the package before"):
        payloads.rebuild(SECOND.name, one_hop, silent)
    nothing_kept(payloads, SECOND)


def test_a_base_that_was_damaged_makes_nothing(payloads: FilePayloads, one_hop: Route) -> None:
    star = next(file for file in FIRST.manifest.files if file.path == "bin/star")
    path = payloads.content(star)
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(b"!!!")
    with pytest.raises(DigestMismatch, match="bin/star"):
        payloads.rebuild(SECOND.name, one_hop, silent)
    nothing_kept(payloads, SECOND)


def nothing_kept(payloads: FilePayloads, made: Package) -> None:
    lacking = {file.path for file in payloads.missing_content(made.name)}
    assert {"bin/star", "etc/a", "tmp/way"} <= lacking
    assert payloads.deltas(made.name) == []  # what failed is not tried again


@pytest.mark.parametrize("damage", ["cut", "flip", "other"])
def test_a_damaged_delta_makes_nothing(
    payloads: FilePayloads, one_hop: Route, tmp_path: Path, damage: str
) -> None:
    path = payloads.delta(SECOND.name, one_hop[0])
    raw = path.read_bytes()
    if damage == "cut":
        path.write_bytes(raw[:-100])
    elif damage == "flip":
        at = raw.index(b"additions.lzma2") + len("additions.lzma2") + 30  # past zip's own header
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    else:
        put_delta(payloads, tmp_path, (SECOND, TWO), (FIRST, ONE), SECOND)
        other = delta_name(FIRST.name, SECOND.name)
        (path.parent / other).replace(path)
    with pytest.raises((InvalidPackage, DigestMismatch)):
        payloads.rebuild(SECOND.name, one_hop, silent)
    nothing_kept(payloads, SECOND)


def test_a_delta_that_makes_too_little_keeps_nothing(payloads: FilePayloads, tmp_path: Path) -> None:
    """Made for a manifest without one of the files, and signed all the same."""
    less = {path: raw for path, raw in TWO.items() if path != "tmp/way"}
    smaller = package("1.2.0.1", less)
    claimed = replace(smaller, metadata=SECOND.metadata)
    made = put_delta(payloads, tmp_path, (FIRST, ONE), (claimed, less), SECOND)
    with pytest.raises(InvalidPackage, match="do not make tmp/way"):
        payloads.rebuild(SECOND.name, (made,), silent)
    nothing_kept(payloads, SECOND)


def test_a_missing_link_of_the_route_is_said(payloads: FilePayloads, two_hops: Route) -> None:
    with pytest.raises(InvalidPackage, match="needs bin/star"):
        payloads.rebuild(THIRD.name, two_hops[1:], silent)


def test_space_is_looked_at_before_anything_is_written(
    state: Path, payloads: FilePayloads, one_hop: Route
) -> None:
    full = FilePayloads(state, free_bytes=lambda _folder: SPARE_BYTES + 20_000)
    with pytest.raises(NoSpace):
        full.rebuild(SECOND.name, one_hop, silent)
    assert full.deltas(SECOND.name) == list(one_hop)
    FilePayloads(state, free_bytes=lambda _folder: SPARE_BYTES + 21_000).rebuild(SECOND.name, one_hop, silent)
    assert is_whole(payloads, SECOND)


def test_what_lacks_its_documents_is_not_found(state: Path, payloads: FilePayloads) -> None:
    unknown = Delta(SECOND.name, "Moon1.0", delta_name(SECOND.name, "Moon1.0"), 1)
    with pytest.raises(NotFound):
        payloads.rebuild(SECOND.name, (unknown,), silent)


@pytest.mark.parametrize("name", ["../x.delta", "x.zip", "Star1.2.0.1-from-Moon1.0.delta"])
def test_a_name_that_is_none_is_refused(payloads: FilePayloads, name: str) -> None:
    with pytest.raises(InvalidPackage, match="no name of a delta"):
        payloads.delta(SECOND.name, Delta(SECOND.name, FIRST.name, name, 1))


def test_cut_short_it_is_done_again(payloads: FilePayloads, one_hop: Route, state: Path) -> None:
    def crash(_done: int, _in_all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        payloads.rebuild(SECOND.name, one_hop, crash)
    assert lying_in(state, "incoming") == []
    payloads.rebuild(SECOND.name, one_hop, silent)
    assert is_whole(payloads, SECOND)


def test_deltas_go_with_the_volumes(payloads: FilePayloads, one_hop: Route) -> None:
    assert payloads.deltas(SECOND.name) == list(one_hop)
    payloads.discard(SECOND.name)
    assert payloads.deltas(SECOND.name) == []
