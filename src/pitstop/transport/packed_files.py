"""Which of a site's signed files a transfer takes along.

The small ones that are no package's (catalogue, notes, articles, known issues) always: a system without a
connection has them from nowhere else. Of a chosen release the documents, and of its payload what the system
that it is for does not hold: the volumes, or deltas where they are less to carry. What an earlier release
of the same transfer will have brought counts as held. Self-extracting files are for people: they stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pitstop.model.releases import Release
from pitstop.package.delta_route import Delta, Route, cheapest_route
from pitstop.package.fileset import DOCUMENTS, metadata_names, volume_name_problem
from pitstop.package.pieces import SUFFIX
from pitstop.package.site_layout import package_target, signed_deltas
from pitstop.wire.transfers import HeldPackage

_PACKAGES = package_target("x", "").removesuffix("x/")
_MAX_SMALL = 64 << 20


def wanted_files(
    signed: Mapping[str, int], releases: Sequence[Release], held: Mapping[str, HeldPackage]
) -> Iterator[str]:
    """The target paths to take, each once, the small files first.

    Args:
        signed: sizes by target path.
        releases: in the order in which they will go on.
        held: what the system has already, by package; empty where it is not known.
    """
    small = [path for path, size in signed.items() if not path.startswith(_PACKAGES) and size <= _MAX_SMALL]
    packing = _Packing(signed, held)
    payload = [path for release in releases for path in packing.of(release.name)]
    yield from dict.fromkeys([*small, *payload])


@dataclass
class _Packing:
    """Chooses, package after package; remembers what each will have brought."""

    signed: Mapping[str, int]
    held: Mapping[str, HeldPackage]
    deltas: Sequence[Delta] = field(init=False)
    _whole: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.deltas = signed_deltas(self.signed) if self.held else ()
        self._whole = {name for name, package in self.held.items() if package.content}

    def of(self, package: str) -> list[str]:
        """The target paths that this package needs."""
        if package in self._whole:
            return list(_documents(package, self.signed))
        volumes = list(self._volumes(package))
        route = cheapest_route(package, self.deltas, self._whole.__contains__)
        self._whole.add(package)
        if route and sum(delta.size for delta in route) < sum(self.signed[path] for path in volumes):
            return list(self._by_deltas(route))
        return [*_documents(package, self.signed), *volumes]

    def _volumes(self, package: str) -> Iterator[str]:
        known = self.held.get(package)
        here = known.volumes if known is not None else ()
        folder = package_target(package, "")
        for path in self.signed:
            name = path.removeprefix(folder).removesuffix(SUFFIX)
            is_volume = path.startswith(folder) and volume_name_problem(package, name) is None
            if is_volume and name not in here:
                yield path

    def _by_deltas(self, route: Route) -> Iterator[str]:
        for delta in route:
            yield from _documents(delta.package, self.signed)
            at = package_target(delta.package, delta.name)
            yield from (path for path in (at, at + SUFFIX) if path in self.signed)


def is_payload(path: str) -> bool:
    """Whether the file of this target path is large: a package's, and none of its small ones."""
    if not path.startswith(_PACKAGES):
        return False
    package, _, name = path.removeprefix(_PACKAGES).partition("/")
    return name not in (*DOCUMENTS, *metadata_names(package)) and not name.endswith(SUFFIX)


def _documents(package: str, signed: Iterable[str]) -> Iterator[str]:
    names = {package_target(package, name) for name in (*DOCUMENTS, *metadata_names(package))}
    return (path for path in signed if path in names)
