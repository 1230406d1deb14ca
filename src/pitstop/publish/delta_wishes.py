"""The deltas that a package is to have: from which releases of the site, and whether each is worth it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import PackageMetadata
from pitstop.package.delta_format import Listed
from pitstop.package.delta_names import delta_ends
from pitstop.publish.content_source import Content
from pitstop.publish.delta_base import base_on_site
from pitstop.publish.delta_making import DELTAS_FOLDER, Hop, Progress, write_delta
from pitstop.publish.repository import Repository


@dataclass(frozen=True)
class DeltaWishes:
    """Deltas from these releases of the site, by build or name.

    Attributes:
        say: told what was made, a line at a time.
        progress: makes what is told how far a delta has come.
    """

    repository: Repository
    releases: tuple[str, ...]
    say: Callable[[str], None]
    progress: Callable[[], Progress]

    def add_to(self, built: Path, metadata: PackageMetadata, content: Content) -> None:
        """Make them for the package that is being built in this folder. One that is not smaller than the
        volumes is not kept.

        Raises:
            NotFound: the site has no such release. TrustError: it is not as it was signed.
            InvalidPackage: the content was changed meanwhile.
        """
        package = Listed(metadata.name, content.manifest, metadata.manifest_sha256)
        for release in dict.fromkeys(self.releases):
            with base_on_site(self.repository, release, built) as base:
                name = base.listed.package
                self.say(f"Making the delta from {name} ...")
                path = write_delta(built / DELTAS_FOLDER, Hop(base, package, content.open), self.progress())
            size = path.stat().st_size
            if size < metadata.size:
                self.say(f"The delta from {name} has {size} bytes, the volumes have {metadata.size}.")
            else:
                path.unlink()
                self.say(f"The delta from {name} would be no smaller than the volumes: there is none.")


def require_whole(delta: Path, package: str) -> None:
    """Look whether a built delta is as it was made, as far as can be seen without its base.

    Raises:
        InvalidPackage: it is not, or is another package's.
    """
    ends = delta_ends(delta.name)
    try:
        with zipfile.ZipFile(delta) as archive:
            whole = archive.testzip() is None
    except (zipfile.BadZipFile, EOFError):
        whole = False
    if not whole or ends is None or ends[0] != package:
        raise InvalidPackage(f"{delta} is no whole delta of {package}", hint="Build the package again.")
