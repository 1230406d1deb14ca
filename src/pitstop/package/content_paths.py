"""Names that may stand in a package: paths of content files, and the package's own name.

A content path is relative, ``/``-separated and normalised, so that it means the same file on every node and
can never lead out of the folder it is put into.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MAX_PATH_BYTES = 1024
MAX_PART_BYTES = 255

_PACKAGE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,119}", re.ASCII)
_SHORT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


def package_name_problem(name: str) -> str | None:
    """Why this is no name for a package, such as ``Northstar1.2311.3.62``; None if it is one."""
    if _PACKAGE_NAME.fullmatch(name) and ".." not in name and not name.endswith("."):
        return None
    return f"{name!r} is no package name: a letter, then letters, digits, '.', '_' and '-'"


def short_name_problem(name: str) -> str | None:
    """Why this is no short name of a publisher, product or family; None if it is one."""
    if _SHORT_NAME.fullmatch(name) and ".." not in name:
        return None
    return f"{name!r} is no short name: small letters, digits, '.', '_' and '-', at most 64"


def path_problem(path: str) -> str | None:
    """Why this is no content path; None if it is one."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        return f"path {path!r} has control characters"
    if "\\" in path or path.startswith("/"):
        return f"path {path!r} is absolute, or has a backslash"
    if unicodedata.normalize("NFC", path) != path:
        return f"path {path!r} is not in Unicode's normal form C"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"path {path[:60]!r}... is longer than {MAX_PATH_BYTES} bytes"
    return next(filter(None, (_part_problem(path, part) for part in path.split("/"))), None)


def _part_problem(path: str, part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"path {path!r} is not normalised: it has the part {part!r}"
    if len(part.encode()) > MAX_PART_BYTES:
        return f"path {path[:60]!r}... has a part longer than {MAX_PART_BYTES} bytes"
    return None


def clash_problems(paths: Iterable[str]) -> Iterator[str]:
    """Paths that cannot lie side by side on every file system: twice the same, also when case is folded, or
    a file where another path needs a folder."""
    seen: dict[str, str] = {}
    listed = list(paths)
    for path in listed:
        folded = path.casefold()
        if folded in seen:
            yield f"path {path!r} stands beside {seen[folded]!r}: the same, or different only in case"
        seen[folded] = path
    for path in listed:
        parts = path.casefold().split("/")
        for end in range(1, len(parts)):
            if (file := seen.get("/".join(parts[:end]))) is not None:
                yield f"path {path!r} needs a folder where {file!r} is a file"
