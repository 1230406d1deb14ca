"""Which old file each new one is patched from."""

from __future__ import annotations

import hashlib

import pytest

from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.delta_patches import STRETCH
from pitstop.publish.delta_pairing import is_of_large, planned, stretches


def file(path: str, size: int = 100, content: str = "") -> ContentFile:
    return ContentFile(path, 0o644, size, hashlib.sha256((content or path).encode()).hexdigest())


def manifest(*files: ContentFile) -> Manifest:
    return Manifest(tuple(sorted(files, key=lambda item: item.path)))


def paired(new: ContentFile, *old: ContentFile) -> str | None:
    (stretch,) = planned(manifest(new), manifest(*old))
    return stretch.base.path if stretch.base is not None else None


def test_what_the_base_has_is_not_made() -> None:
    base = manifest(file("a"), file("b"))
    moved = ContentFile("elsewhere/a", 0o755, 100, base.files[0].sha256)
    assert list(planned(manifest(moved, file("b")), base)) == []


def test_a_content_that_lies_there_several_times_is_made_once() -> None:
    new = manifest(file("a", content="x"), file("b", content="x"))
    assert [stretch.file.path for stretch in planned(new, manifest())] == ["a"]


@pytest.mark.parametrize(
    ("new", "old", "base"),
    [
        ("bin/star", ["bin/star", "bin/star2"], "bin/star"),
        ("mod/6.1.0-55/net/x.ko", ["mod/6.1.0-54/net/x.ko", "mod/6.1.0-54/fs/x.ko"], "mod/6.1.0-54/net/x.ko"),
        ("lib/libx.so.2600", ["lib/libx.so.2500", "lib/liby.so.2600"], "lib/libx.so.2500"),
        ("new/place/star.bin", ["old/star.bin"], "old/star.bin"),
        ("bin/star", ["bin/moon"], None),
        ("bin/star", [], None),
    ],
)
def test_a_file_is_paired_with_what_it_was_before(new: str, old: list[str], base: str | None) -> None:
    assert paired(file(new, content="new"), *map(file, old)) == base


def test_of_several_alike_the_one_of_the_nearest_size_is_taken() -> None:
    old = [file("lib/a.so.1", 100), file("lib/a.so.2", 900), file("lib/a.so.3", 500)]
    assert paired(file("lib/a.so.4", 820), *old) == "lib/a.so.2"


def test_a_small_file_is_made_in_one_and_from_all_of_the_base() -> None:
    (stretch,) = stretches(file("a", 100), file("a", 90))
    assert (stretch.start, stretch.size, stretch.base_start, stretch.base_size) == (0, 100, 0, 90)
    assert not is_of_large(stretch)


@pytest.mark.parametrize("sizes", [(5, 5), (5, 3), (3, 5), (5, 0), (2, 9)])
def test_a_large_file_is_made_in_stretches_that_fit(sizes: tuple[int, int]) -> None:
    new, old = (size * STRETCH + 7 for size in sizes)
    found = list(stretches(file("a", new), file("a", old)))
    assert [stretch.start for stretch in found] == list(range(0, new, STRETCH))
    assert sum(stretch.size for stretch in found) == new
    assert [stretch.is_last for stretch in found] == [*[False] * (len(found) - 1), True]
    for stretch in found:
        assert is_of_large(stretch)
        assert 0 < stretch.size <= STRETCH
        assert 0 < stretch.base_size <= 2 * STRETCH
        assert 0 <= stretch.base_start <= old - stretch.base_size


def test_an_empty_file_is_one_stretch() -> None:
    (stretch,) = stretches(file("a", 0), None)
    assert (stretch.size, stretch.is_last) == (0, True)
