"""What a package is: metadata as published, a manifest of its files, and volumes that carry them.

The trust unit is the manifest (path, mode, size, sha256 of every installed file); volumes are only
carriers, so that the same content may arrive as one volume, as several, or as a delta.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pitstop.model.versions import Version


class PackageType(StrEnum):
    """``Full`` also updates the hosts' operating system; ``Express`` leaves it; ``Hotfix`` is one or a few
    fixes, cumulative in its family; ``OEM`` is firmware and drivers with a version line of its own."""

    FULL = "Full"
    EXPRESS = "Express"
    HOTFIX = "Hotfix"
    OEM = "OEM"

    @property
    def opens_family(self) -> bool:
        """Whether a release of this type begins a new family (or re-issues one)."""
        return self in (PackageType.FULL, PackageType.EXPRESS)


@dataclass(frozen=True, slots=True)
class ContentFile:
    """One file of a package's content.

    Attributes:
        path: relative, ``/``-separated, normalised; unique in the manifest also when case is folded.
        mode: permission bits, such as 0o644.
        size: bytes.
        sha256: hex digest of the content.
    """

    path: str
    mode: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files that a package's content consists of, sorted by path."""

    files: tuple[ContentFile, ...]

    def file(self, path: str) -> ContentFile | None:
        """The entry of exactly this path, if there is one."""
        return next((entry for entry in self.files if entry.path == path), None)

    def below(self, folder: str) -> tuple[ContentFile, ...]:
        """The entries below this folder (``""`` or ``"."``: all)."""
        prefix = "" if folder in ("", ".") else folder.rstrip("/") + "/"
        return tuple(entry for entry in self.files if entry.path.startswith(prefix))

    @property
    def size(self) -> int:
        """Bytes of all content files together."""
        return sum(entry.size for entry in self.files)


@dataclass(frozen=True, slots=True)
class Volume:
    """One payload file (``.zip`` or ``.bin``) of the package's file set."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ExpectedRuntime:
    """How long an install is expected to take on systems of up to ``nodes`` nodes (None: any), in minutes."""

    nodes: int | None
    least_minutes: int
    most_minutes: int


@dataclass(frozen=True, slots=True)
class PackageMetadata:
    """What ``Metadata.xml`` says: the package as it was published. Never changed afterwards.

    What may change after the release (required hotfix, runtimes, withdrawal) is overridden by the signed
    release entry, :class:`pitstop.model.releases.Release`.
    """

    name: str
    publisher: str
    product: str
    type: PackageType
    version: Version
    display_name: str
    description: str
    prerequisites: tuple[str, ...]
    min_version: Version | None
    min_oem_version: Version | None
    restarts_nodes: bool
    expected_runtimes: tuple[ExpectedRuntime, ...]
    support_address: str
    release_link: str
    article_link: str
    size: int
    manifest_sha256: str
    plan_sha256: str
    volumes: tuple[Volume, ...]
