"""Which file of the base each new content file of a package is patched from, and in which stretches.

Pure. A file that has moved with its version keeps its pairing: ``lib/modules/6.1.0-55/kernel/x.ko`` is
patched from ``lib/modules/6.1.0-54/kernel/x.ko``, and ``libx.so.2600`` from ``libx.so.2500``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.delta_format import Stretch
from pitstop.package.delta_patches import STRETCH

_MARGIN = STRETCH // 2
_NUMBER = re.compile(r"\d+")


def planned(package: Manifest, base: Manifest) -> Iterator[Stretch]:
    """What a delta has to make, in the order of the manifest: each content once, none that the base has."""
    made = {file.sha256 for file in base.files}
    pairing = _Pairing(base)
    for file in package.files:
        if file.sha256 not in made:
            made.add(file.sha256)
            yield from stretches(file, pairing.base_of(file))


def stretches(file: ContentFile, base: ContentFile | None) -> Iterator[Stretch]:
    """The stretches of a file, each with that of the base around the same place."""
    for start in range(0, max(1, file.size), STRETCH):
        size = min(STRETCH, file.size - start)
        if base is None:
            yield Stretch(file, start, size)
        else:
            end = min(base.size, start + STRETCH + _MARGIN)
            begin = max(0, min(start - _MARGIN, end - STRETCH))
            yield Stretch(file, start, size, base, begin, end - begin)


def is_of_large(stretch: Stretch) -> bool:
    """Whether it is a part of a large file, or patched from a part of one."""
    return max(stretch.file.size, stretch.base_size) > STRETCH


class _Pairing:
    def __init__(self, base: Manifest) -> None:
        self._by_path = {file.path: file for file in base.files}
        self._alike = [(key, _grouped(base.files, key)) for key in (_numberless, _numberless_name)]

    def base_of(self, file: ContentFile) -> ContentFile | None:
        """The file of the same path; else that which differs in numbers alone; else of the same name."""
        if file.path in self._by_path:
            return self._by_path[file.path]
        for key, group in self._alike:
            if found := group.get(key(file.path)):
                return min(found, key=lambda other: (abs(other.size - file.size), other.path))
        return None


def _grouped(files: Sequence[ContentFile], key: Callable[[str], str]) -> Mapping[str, Sequence[ContentFile]]:
    groups: dict[str, list[ContentFile]] = defaultdict(list)
    for file in files:
        groups[key(file.path)].append(file)
    return groups


def _numberless(path: str) -> str:
    return _NUMBER.sub("#", path)


def _numberless_name(path: str) -> str:
    return _numberless(path.rpartition("/")[2])
