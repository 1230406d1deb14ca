"""The manifest: only files that can safely lie below a folder, each once, with plain permission bits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.manifest_format import MAX_FILE_BYTES, read_manifest, write_manifest

DIGEST = "0" * 64
MANIFEST = Manifest(
    (
        ContentFile("etc/init.d/lantern", 0o755, 2824, "1" * 64),
        ContentFile("opt/lantern/VERSION", 0o644, 12, DIGEST),
        ContentFile("opt/lantern/größe.txt", 0o600, 0, "f" * 64),
    )
)


def manifest_of(*paths: str) -> bytes:
    files = [{"path": path, "mode": "0644", "size": 1, "sha256": DIGEST} for path in paths]
    return json.dumps({"format": 1, "files": files}).encode()


def test_what_is_written_is_read_back() -> None:
    raw = write_manifest(MANIFEST)
    assert read_manifest(raw) == MANIFEST
    assert write_manifest(read_manifest(raw)) == raw


def test_a_manifest_may_be_empty() -> None:
    assert read_manifest(write_manifest(Manifest(()))) == Manifest(())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../etc/passwd",
        "opt/../../etc/passwd",
        "opt/./x",
        "opt//x",
        "opt/x/",
        ".",
        "opt\\x",
        "C:\\x",
        "opt/x\x00.txt",
        "opt/x\ny",
        "opt/x\x7f",
        "opt/gro\u0308sse",
        "x" * 256,
        "/".join(["x" * 100] * 11),
    ],
)
def test_a_path_that_leads_elsewhere_or_is_not_normal_is_refused(path: str) -> None:
    with pytest.raises(InvalidPackage, match="path"):
        read_manifest(manifest_of(path))


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (("a", "a"), "the same"),
        (("README", "readme"), "only in case"),
        (("opt/STRASSE", "opt/straße"), "only in case"),
        (("opt", "opt/x"), "needs a folder where 'opt' is a file"),
        (("OPT", "opt/x/y"), "needs a folder where 'OPT' is a file"),
        (("b", "a"), "not sorted"),
    ],
)
def test_paths_that_cannot_lie_side_by_side_are_refused(paths: tuple[str, ...], says: str) -> None:
    with pytest.raises(InvalidPackage, match=says):
        read_manifest(manifest_of(*paths))


@pytest.mark.parametrize("mode", ["4755", "2755", "1777", "07777", "0888", "644", "0o644", "-644", "0644 "])
def test_modes_are_permission_bits_alone(mode: str) -> None:
    with pytest.raises(InvalidPackage, match="mode"):
        read_manifest(manifest_of("a").replace(b"0644", mode.encode()))


def test_a_setuid_file_is_not_written_either() -> None:
    with pytest.raises(InvalidPackage, match="permission bits"):
        write_manifest(Manifest((ContentFile("a", 0o4755, 1, DIGEST),)))


def change(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["files"][0].update({name: value})


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (change("size", -1), "size"),
        (change("size", MAX_FILE_BYTES + 1), "size"),
        (change("size", 1.5), "size"),
        (change("size", True), "size"),
        (change("sha256", "0" * 63), "sha256"),
        (change("sha256", "F" * 64), "sha256"),
        (change("owner", "root"), "unknown field `owner`"),
        (lambda document: document.update(format=2), "format 2"),
        (lambda document: document.update(more=1), "unknown field `more`"),
        (lambda document: document.pop("files"), "files"),
    ],
)
def test_other_forms_are_refused(changed: Callable[[dict[str, Any]], None], says: str) -> None:
    document = json.loads(manifest_of("a"))
    changed(document)
    with pytest.raises(InvalidPackage, match=says):
        read_manifest(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "Expected `object`"),
        (b'{"format": 1, "format": 1, "files": []}', "stands twice"),
        (b'{"format": NaN, "files": []}', "NaN"),
        (b"[" * 100_000, "manifest.json"),
    ],
)
def test_what_is_no_such_json_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidPackage, match=says):
        read_manifest(raw)


def test_only_the_first_problems_are_told() -> None:
    with pytest.raises(InvalidPackage, match="and 20 more"):
        read_manifest(manifest_of(*(f"../{number:02}" for number in range(30))))
