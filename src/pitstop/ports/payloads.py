"""The files of packages as the system holds them: metadata, volumes, and unpacked content by digest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pitstop.model.packages import ContentFile, Manifest, PackageMetadata
from pitstop.model.plans import Plan
from pitstop.package.delta_route import Delta, Route

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


class PayloadStore(Protocol):
    """Where package files lie. A package's small files (metadata, plan, manifest) come first; its volumes
    are added when it is downloaded; its content is unpacked from them, file by file, each checked."""

    def put_documents(self, package: str, documents: dict[str, bytes]) -> None:
        """Keep the package's small files: all of them or, after a crash, none. Again is no harm."""

    def document(self, package: str, name: str) -> bytes:
        """One of the small files.

        Raises:
            NotFound: the package or the file is not here.
        """

    def metadata(self, package: str) -> PackageMetadata: ...

    def plan(self, package: str) -> Plan: ...

    def manifest(self, package: str) -> Manifest: ...

    def volume(self, package: str, name: str) -> Path:
        """Where this volume lies, or is to lie. Its folder exists."""

    def missing_content(self, package: str) -> Sequence[ContentFile]:
        """The manifest's files whose content is not here yet, by digest."""

    def unpack(self, package: str, progress: Progress) -> None:
        """Take the content out of the package's volumes; every file checked against the manifest.

        Raises:
            InvalidPackage: a volume is not what it should be, or lacks a file.
            DigestMismatch: a content file is not the one that was signed.
            NoSpace: not enough room, said before anything is written.
        """

    def delta(self, package: str, delta: Delta) -> Path:
        """Where this delta lies, or is to lie, while it helps to bring the package. Its folder exists."""

    def deltas(self, package: str) -> Sequence[Delta]:
        """The deltas that lie here for bringing the package, whole."""

    def rebuild(self, package: str, route: Route, progress: Progress) -> None:
        """Make the content that the package lacks with these deltas, which lie at their places, out of what
        is here; every file checked against the manifest. The deltas are removed then, also where they failed;
        of what they made, all is kept or nothing.

        Raises:
            InvalidPackage: a delta is damaged, or what it builds on is not here.
            DigestMismatch: what they make is not what was signed.
            NotFound: the documents of a package on the route are not here.
            NoSpace: not enough room, said before anything is written.
        """

    def content(self, file: ContentFile) -> Path:
        """Where this content lies, checked when it was unpacked.

        Raises:
            NotFound: it is not here.
        """

    def drop_damaged(self, files: Sequence[ContentFile]) -> Sequence[ContentFile]:
        """Those of the files whose content here is not what was signed any more. It is dropped: it counts as
        missing from now on. Reads them whole; blocks."""

    def discard(self, package: str) -> None:
        """Remove the package's volumes, and content that no other package here names."""


class KeptPayloads(PayloadStore, Protocol):
    """What is asked of the store by whoever decides how long payloads are kept."""

    def has_volumes(self, package: str) -> bool:
        """Whether anything lies where the package's volumes lie."""

    def drop_volumes(self, package: str) -> None:
        """Remove the package's volumes; its content stays. None is no harm."""

    def is_discarded(self, package: str) -> bool:
        """Whether the package was discarded, or was never here."""
