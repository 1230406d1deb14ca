"""``manifest.json``: the files of a package's content, the unit of trust (format 1).

``{"format": 1, "files": [{"path", "mode": "0644", "size", "sha256"}, ...]}``, sorted by path. Modes are
permission bits alone: no setuid, setgid or sticky bit can be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.content_paths import clash_problems, path_problem
from pitstop.package.strict_json import canonical_json, read_json
from pitstop.package.typed import converted

MANIFEST_FORMAT = 1
MAX_MANIFEST_BYTES = 64 * 1024 * 1024
MAX_FILES = 200_000
MAX_FILE_BYTES = 1 << 40
MAX_CONTENT_BYTES = 1 << 44
MAX_MODE = 0o777
_SHOWN = 10


class _File(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    mode: Annotated[str, msgspec.Meta(pattern="^0[0-7]{3}$")]
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_FILE_BYTES)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    files: Annotated[list[_File], msgspec.Meta(max_length=MAX_FILES)]


def read_manifest(raw: bytes) -> Manifest:
    """The manifest that these bytes say.

    Raises:
        InvalidPackage: not of the format, or with paths, sizes or modes that are not allowed.
    """
    value = read_json(raw, "manifest.json", MAX_MANIFEST_BYTES, InvalidPackage)
    try:
        document = converted(value, _Document)
    except msgspec.ValidationError as error:
        raise InvalidPackage(f"manifest.json: {error}") from error
    if document.format != MANIFEST_FORMAT:
        raise InvalidPackage(
            f"manifest.json has format {document.format}, known is {MANIFEST_FORMAT}",
            hint="The package needs a newer Pitstop than this one.",
        )
    manifest = Manifest(
        tuple(ContentFile(file.path, int(file.mode, 8), file.size, file.sha256) for file in document.files)
    )
    check_manifest(manifest)
    return manifest


def write_manifest(manifest: Manifest) -> bytes:
    """The manifest's one form.

    Raises:
        InvalidPackage: it would not be read back.
    """
    check_manifest(manifest)
    files = [
        {"path": file.path, "mode": f"0{file.mode:03o}", "size": file.size, "sha256": file.sha256}
        for file in manifest.files
    ]
    return canonical_json({"format": MANIFEST_FORMAT, "files": files})


def check_manifest(manifest: Manifest) -> None:
    """Raises InvalidPackage with what does not hold, the first ten at most."""
    problems = list(_problems(manifest))
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise InvalidPackage(f"manifest.json: {'; '.join(problems[:_SHOWN])}{more}")


def _problems(manifest: Manifest) -> Iterator[str]:
    paths = [file.path for file in manifest.files]
    if len(paths) > MAX_FILES:
        yield f"{len(paths)} files, at most {MAX_FILES} are allowed"
    yield from filter(None, map(path_problem, paths))
    yield from clash_problems(paths)
    if paths != sorted(paths):
        yield "the files are not sorted by path"
    for file in manifest.files:
        if not 0 <= file.mode <= MAX_MODE:
            yield f"path {file.path!r} has mode {file.mode:o}, permission bits alone are allowed"
    if manifest.size > MAX_CONTENT_BYTES:
        yield f"{manifest.size} bytes of content, at most {MAX_CONTENT_BYTES} are allowed"
