"""How many bytes a step is about: what its package's documents say, whatever of it is here already."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from pitstop.model.errors import PitstopError
from pitstop.model.packages import Manifest
from pitstop.model.runs import Run, Step
from pitstop.ports.payloads import PayloadStore

SizeOf = Callable[[Step], int | None]

_PACKAGES = 16
"""So many packages' sizes are remembered: those of a run and of the runs that it is compared with."""


class StepSizes:
    """The sizes of the steps of runs. Documents stay when payloads go, so that old runs have sizes too."""

    def __init__(self, payloads: PayloadStore) -> None:
        self._payloads = payloads
        self._of_package = lru_cache(_PACKAGES)(self._read)

    def of(self, run: Run) -> SizeOf:
        """None for a step that is about no bytes, and where the documents are not here any more."""
        return lambda leaf: self._of_package(leaf.package or run.update, run.package_sha256)(leaf)

    def _read(self, update: str, _package_sha256: str) -> SizeOf:
        try:
            volumes = sum(volume.size for volume in self._payloads.metadata(update).volumes)
            manifest = self._payloads.manifest(update)
        except PitstopError:
            return lambda _leaf: None
        return _sizes(volumes, manifest)


def _sizes(volumes: int, manifest: Manifest) -> SizeOf:
    content = manifest.size

    @cache
    def copied(source: str) -> int:
        file = manifest.file(source)
        return file.size if file else sum(entry.size for entry in manifest.below(source))

    def of(leaf: Step) -> int | None:
        source = leaf.args.get("from")
        match leaf.kind:
            case "download":
                return volumes
            case "unpack":
                return content
            case "copy" if isinstance(source, str):
                return copied(source.removesuffix("/"))
            case _:
                return None

    return of
