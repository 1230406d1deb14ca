"""The files that a package consists of, by name.

The set is ``Metadata.xml`` (also accepted as ``<Name>.xml``), ``manifest.json``, ``plan.json`` and volumes
``<Name>-1.zip``, ``<Name>-2.zip``, ... (``.bin`` is accepted).
"""

from __future__ import annotations

import re

from pitstop.model.packages import PackageMetadata

METADATA = "Metadata.xml"
MANIFEST = "manifest.json"
PLAN = "plan.json"
NOTES = "notes.md"
"""The release notes, as a system keeps them beside a package's small files."""

MAX_VOLUMES = 999
DOCUMENTS = (METADATA, MANIFEST, PLAN)
"""The small files of every package."""


def volume_name(package: str, number: int) -> str:
    """``Northstar1.2311.3.62-1.zip``; numbers begin at 1."""
    return f"{package}-{number}.zip"


def volume_name_problem(package: str, name: str) -> str | None:
    """Why this cannot be a volume of the package; None if it can."""
    if re.fullmatch(re.escape(package) + r"-[1-9][0-9]{0,2}\.(zip|bin)", name, re.ASCII):
        return None
    return f"volume {name!r} is not named {package}-<number>.zip or .bin"


def metadata_names(package: str) -> tuple[str, str]:
    """The names under which a package's metadata is accepted, the usual one first."""
    return METADATA, f"{package}.xml"


def package_files(metadata: PackageMetadata) -> tuple[str, ...]:
    """The names of all files of this package."""
    return (*DOCUMENTS, *(volume.name for volume in metadata.volumes))
