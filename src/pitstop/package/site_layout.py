"""Where things lie on a publisher's site, which is a TUF repository with consistent snapshots.

``metadata/`` holds the signed metadata, ``targets/`` the files, each under its target path; target files are
not prefixed with their digests (a client is told ``prefix_targets_with_hash=False``): what is published
never changes under its name. The one catalogue among the signed targets is the newest; its number rises with
each change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

METADATA_FOLDER = "metadata"
TARGETS_FOLDER = "targets"

_CATALOGUE = re.compile(r"catalogue/([1-9][0-9]{0,17})\.json", re.ASCII)


def catalogue_target(number: int) -> str:
    return f"catalogue/{number}.json"


def package_target(package: str, file: str) -> str:
    return f"packages/{package}/{file}"


def notes_target(package: str) -> str:
    return f"notes/{package}.md"


def catalogue_number(target: str) -> int | None:
    """The number of a catalogue's target path; None for other paths."""
    found = _CATALOGUE.fullmatch(target)
    return int(found[1]) if found else None


def newest_catalogue(targets: Iterable[str]) -> str | None:
    """The target path of the newest catalogue; None if there is none."""
    numbers = [number for number in map(catalogue_number, targets) if number is not None]
    return catalogue_target(max(numbers)) if numbers else None
