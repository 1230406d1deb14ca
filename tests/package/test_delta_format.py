"""A delta as a file: one way to write it, and nothing in it is believed."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.delta_format import FILTERS, DeltaReader, DeltaWriter, Listed, Stretch
from pitstop.package.delta_patches import STRETCH, make_patch

PROGRAM = hashlib.shake_256(b"star").digest(3000)
OLD = {"bin/star": PROGRAM, "etc/a": b"a = 1\n" * 20, "lib/zero": bytes(6 << 20)}
NEW = {
    "bin/star": PROGRAM[:1000] + b"more" + PROGRAM[1000:],
    "etc/a": b"a = 1\n" * 20,
    "etc/empty": b"",
    "etc/new": b"something else",
    "lib/zero": bytes(7 << 20),
}


def listed(package: str, content: Mapping[str, bytes]) -> Listed:
    files = tuple(
        ContentFile(path, 0o644, len(raw), hashlib.sha256(raw).hexdigest())
        for path, raw in sorted(content.items())
    )
    return Listed(package, Manifest(files), hashlib.sha256(package.encode()).hexdigest())


PACKAGE, BASE = listed("N2", NEW), listed("N1", OLD)


def delta() -> bytes:
    writer = DeltaWriter(PACKAGE, BASE, io.BytesIO)
    for file in PACKAGE.manifest.files:
        base = BASE.manifest.file(file.path)
        if base is None or base.sha256 != file.sha256:
            stretch = Stretch(file, 0, file.size, base, 0, base.size if base else 0)
            writer.add(stretch, make_patch(OLD[base.path] if base else b"", NEW[file.path]))
    to = io.BytesIO()
    writer.finish(to)
    return to.getvalue()


DELTA = delta()


def old(stretch: Stretch) -> bytes:
    assert stretch.base is not None
    return OLD[stretch.base.path][stretch.base_start : stretch.base_start + stretch.base_size]


def made(raw: bytes, *paths: str) -> dict[str, bytes]:
    reader = DeltaReader(io.BytesIO(raw), PACKAGE, BASE)
    return {
        stretch.file.path: new
        for stretch, new in reader.made(old, lambda file: not paths or file.path in paths)
    }


def test_all_that_is_new_is_made() -> None:
    assert made(DELTA) == {path: raw for path, raw in NEW.items() if path != "etc/a"}


@pytest.mark.parametrize("path", ["bin/star", "etc/new", "etc/empty", "lib/zero"])
def test_what_is_not_wanted_is_passed_over(path: str) -> None:
    assert made(DELTA, path) == {path: NEW[path]}


def test_the_same_gives_the_same_bytes() -> None:
    assert delta() == DELTA


def rewritten(change: Mapping[str, bytes | None]) -> bytes:
    """The delta with other members; None: without it."""
    to = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(DELTA)) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            raw = change.get(name, source.read(name))
            if raw is not None:
                target.writestr(name, raw)
    return to.getvalue()


def index() -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(DELTA)) as archive:
        raw = lzma.decompress(archive.read("index.json.lzma2"), lzma.FORMAT_RAW, filters=FILTERS)
    found: dict[str, Any] = json.loads(raw)
    return found


def squeezed(raw: bytes) -> bytes:
    return lzma.compress(raw, lzma.FORMAT_RAW, filters=FILTERS)


def with_index(document: object) -> bytes:
    return rewritten({"index.json.lzma2": squeezed(json.dumps(document).encode())})


def patch(number: int, **change: object) -> bytes:
    document = index()
    document["patches"][number].update(change)
    return with_index(document)


def test_the_index_can_be_rewritten() -> None:
    assert made(with_index(index())) == made(DELTA)  # so that the refusals below are for what they change


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "damaged"),
        (b"PK\x05\x06" + bytes(18), "damaged"),
        (DELTA[: len(DELTA) // 2], "damaged"),
        (rewritten({"index.json.lzma2": None}), "damaged"),
        (rewritten({"index.json.lzma2": b"nonsense"}), "damaged"),
        (rewritten({"index.json.lzma2": squeezed(b"{}")}), "index"),
        (rewritten({"index.json.lzma2": squeezed(b'{"format": 1, "format": 1}')}), "twice"),
        (with_index({**index(), "format": 2}), "format 2"),
        (with_index({**index(), "more": 1}), "more"),
        (with_index({**index(), "package": "N3"}), "leads from N1 to N3"),
        (with_index({**index(), "base": "N0"}), "leads from N0 to N2"),
        (with_index({**index(), "manifest_sha256": "0" * 64}), "as they were signed"),
        (with_index({**index(), "base_manifest_sha256": "0" * 64}), "as they were signed"),
        (with_index({**index(), "patches": index()["patches"] * 2}), "twice"),
        (patch(0, file=99), "no manifest"),
        (patch(0, base=99), "no manifest"),
        (patch(0, file=-1), "index"),
        (patch(2, size=10), "only in part"),
        (patch(0, size=4000), "larger"),
        (patch(0, size=STRETCH + 1), "larger"),
        (patch(0, base_start=1, base_size=3000), "larger"),
        (patch(0, steps=1 << 40), "larger"),
        (patch(3, frame=1 << 40), "larger"),
    ],
)
def test_an_index_that_does_not_hold_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidPackage, match=says):
        DeltaReader(io.BytesIO(raw), PACKAGE, BASE)


@pytest.mark.parametrize("name", ["steps.lzma2", "changes.lzma2", "additions.lzma2", "frames"])
@pytest.mark.parametrize("raw", [None, b"", b"nonsense", squeezed(b"")])
def test_parts_that_do_not_hold_are_refused(name: str, raw: bytes | None) -> None:
    with pytest.raises(InvalidPackage):
        made(rewritten({name: raw}))


def test_a_bomb_is_read_no_further_than_was_signed() -> None:
    bomb = rewritten({"additions.lzma2": squeezed(bytes(8 << 20))})
    assert made(bomb, "etc/new") == {"etc/new": bytes(14)}


def test_no_part_says_how_much_memory_it_takes() -> None:
    """Raw LZMA2 has no header; a stream with one, which could, is not read."""
    with_header = lzma.compress(b"x", lzma.FORMAT_XZ)
    with pytest.raises(InvalidPackage):
        made(rewritten({"additions.lzma2": with_header}))
