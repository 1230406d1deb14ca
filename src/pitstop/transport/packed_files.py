"""Which of a site's signed files a transfer takes along.

The small ones that are no package's (catalogue, notes, articles, known issues) always: a system without a
connection has them from nowhere else. Of a chosen release the documents, and its payload unless the system
that it is for holds the content already. Self-extracting files are for people at the site, and stay there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pitstop.model.releases import Release
from pitstop.package.fileset import DOCUMENTS, metadata_names, volume_name_problem
from pitstop.package.pieces import SUFFIX
from pitstop.package.site_layout import package_target
from pitstop.wire.transfers import HeldPackage

_PACKAGES = package_target("x", "").removesuffix("x/")
_MAX_SMALL = 64 << 20


def wanted_files(
    signed: Mapping[str, int], releases: Sequence[Release], held: Mapping[str, HeldPackage]
) -> Iterator[str]:
    """The target paths to take, the small files first.

    Args:
        signed: sizes by target path.
        held: what the system has already, by package.
    """
    for path, size in signed.items():
        if not path.startswith(_PACKAGES) and size <= _MAX_SMALL:
            yield path
    for release in releases:
        yield from _of_package(release.name, signed, held.get(release.name))


def is_payload(path: str) -> bool:
    """Whether the file of this target path is large: a package's, and none of its small ones."""
    if not path.startswith(_PACKAGES):
        return False
    package, _, name = path.removeprefix(_PACKAGES).partition("/")
    return name not in (*DOCUMENTS, *metadata_names(package)) and not name.endswith(SUFFIX)


def _of_package(package: str, signed: Iterable[str], held: HeldPackage | None) -> Iterator[str]:
    folder = package_target(package, "")
    documents = {*DOCUMENTS, *metadata_names(package)}
    for path in signed:
        name = path.removeprefix(folder)
        if name != path and (name in documents or _is_lacking(package, name.removesuffix(SUFFIX), held)):
            yield path


def _is_lacking(package: str, name: str, held: HeldPackage | None) -> bool:
    """Whether this is a volume of the package that the system does not hold."""
    if volume_name_problem(package, name) is not None:
        return False
    return held is None or not (held.content or name in held.volumes)
