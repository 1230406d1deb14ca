"""``<Name>.pyz``: the file set of a package in one file, which unpacks itself where there is only Python.

    #!/usr/bin/env python3
    the files, one after another, as they are
    a small zip archive: __main__.py (:mod:`pitstop.publish.extractor`) and files.json (what lies where)

Python runs a file that ends in a zip archive, whatever stands before it. The files stand outside of the
archive because Python's own reader takes no archive above 4 GiB. Reproducible: the same set, the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import IO, Protocol

from pitstop.package.strict_json import canonical_json
from pitstop.publish.extractor import INDEX

_START = b"#!/usr/bin/env python3\n"
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_UNIX = 3
Parts = Sequence[tuple[str, Path]]


class _Sink(Protocol):
    def write(self, piece: bytes, /) -> int: ...


def self_extracting_name(package: str) -> str:
    return f"{package}.pyz"


def write_self_extracting(to: _Sink | IO[bytes], package: str, parts: Parts) -> None:
    """Write the file that holds these parts, each under its name."""
    to.write(_START)
    offset, entries = len(_START), []
    for name, path in parts:
        counted = _Counted(to)
        with path.open("rb") as source:
            shutil.copyfileobj(source, counted, 1 << 20)
        digest = counted.digest.hexdigest()
        entries.append({"name": name, "offset": offset, "size": counted.size, "sha256": digest})
        offset += counted.size
    to.write(_archive(canonical_json({"format": 1, "name": package, "files": entries})))


def self_extracting_sha256(package: str, parts: Parts) -> str:
    """The digest of what :func:`write_self_extracting` would write."""
    nowhere = _Counted(None)
    write_self_extracting(nowhere, package, parts)
    return nowhere.digest.hexdigest()


class _Counted:
    """Passes bytes on and knows how many, and their digest."""

    def __init__(self, to: _Sink | IO[bytes] | None) -> None:
        self._to = to
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, piece: bytes, /) -> int:
        self.size += len(piece)
        self.digest.update(piece)
        if self._to is not None:
            self._to.write(piece)
        return len(piece)


def _archive(index: bytes) -> bytes:
    code = resources.files("pitstop.publish").joinpath("extractor.py").read_bytes()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("__main__.py", code), (INDEX, index)):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, content)
    return held.getvalue()
