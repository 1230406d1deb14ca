"""Where things lie on a publisher's site, which is a TUF repository with consistent snapshots.

``metadata/`` holds the signed metadata, ``targets/`` the files, each under its target path; target files are
not prefixed with their digests (a client is told ``prefix_targets_with_hash=False``): what is published
never changes under its name. What does change is numbered: of each kind of numbered document one is among
the signed targets, the newest; its number rises with each change.

The pages for people and the feeds lie beside these two folders and are not signed: browsers have TLS, and
what systems read (notes, articles, known issues) is a signed target of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from pitstop.package.delta_route import Delta

METADATA_FOLDER = "metadata"
TARGETS_FOLDER = "targets"
MEDIA_TIMESTAMP = "media-timestamp.json"
"""In ``metadata/``: the long-lived timestamp that transfers carry (docs/decisions/0006)."""


class Numbered(StrEnum):
    """The kinds of numbered documents. The value is the document's folder among the targets."""

    CATALOGUE = "catalogue"
    KNOWN_ISSUES = "known-issues"
    GUIDANCE = "guidance"

    @property
    def suffix(self) -> str:
        return ".md" if self is Numbered.GUIDANCE else ".json"


_NUMBER = "[1-9][0-9]{0,17}"


def numbered_target(kind: Numbered, number: int) -> str:
    """``catalogue/7.json``."""
    return f"{kind}/{number}{kind.suffix}"


def target_number(kind: Numbered, target: str) -> int | None:
    """The number of this kind's document at a target path; None for other paths."""
    found = re.fullmatch(f"{kind}/({_NUMBER}){re.escape(kind.suffix)}", target, re.ASCII)
    return int(found[1]) if found else None


def newest(kind: Numbered, targets: Iterable[str]) -> str | None:
    """The target path of the newest document of this kind; None if there is none."""
    numbers = [number for target in targets if (number := target_number(kind, target)) is not None]
    return numbered_target(kind, max(numbers)) if numbers else None


def catalogue_target(number: int) -> str:
    return numbered_target(Numbered.CATALOGUE, number)


def package_target(package: str, file: str) -> str:
    return f"packages/{package}/{file}"


def signed_deltas(signed: Mapping[str, int]) -> list[Delta]:
    """The deltas among the signed target files, which come with their sizes."""
    found = []
    for path, size in signed.items():
        name = path.rpartition("/")[2]
        delta = Delta.called(name, size)
        if delta is not None and path == package_target(delta.package, name):
            found.append(delta)
    return found


def notes_target(package: str) -> str:
    return f"notes/{package}.md"


def article_target(package: str) -> str:
    """The knowledge-base article of a release, Markdown in the form of :mod:`pitstop.package.article`."""
    return f"articles/{package}.md"


def catalogue_number(target: str) -> int | None:
    """The number of a catalogue's target path; None for other paths."""
    return target_number(Numbered.CATALOGUE, target)


def newest_catalogue(targets: Iterable[str]) -> str | None:
    """The target path of the newest catalogue; None if there is none."""
    return newest(Numbered.CATALOGUE, targets)
