"""A delta: with it, the content of a package is made out of that of an earlier one (format 1).

``<Name>-from-<Base>.delta`` is a zip archive, nothing in it compressed by zip:

    index.json.lzma2    which patch makes which content file out of which
    steps.lzma2, changes.lzma2, additions.lzma2    the parts of all patches of the method *steps*, one after
                                                   another (:mod:`pitstop.package.delta_patches`)
    frames              the zstd frames, one after another

``.lzma2`` is raw LZMA2 with ``FILTERS``, so that no file says how much memory reading it takes. The index
names content files by their place in the two packages' manifests, and these by their digests: sizes and
digests are those that were signed there. It is read once, from front to back; what is not wanted is passed
over. A delta makes content files, never a volume; a content that base and package share is not in it.
"""

from __future__ import annotations

import lzma
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Annotated

import msgspec

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ContentFile, Manifest
from pitstop.package.delta_patches import (
    STEP_BYTES,
    STRETCH,
    Frame,
    Steps,
    apply_frame,
    apply_steps,
    prefix_of,
    step_sizes,
)
from pitstop.package.manifest_format import MAX_FILES
from pitstop.package.strict_json import canonical_json, read_json
from pitstop.package.typed import converted

DELTA_FORMAT = 1
MAX_INDEX_BYTES = 64 * 1024 * 1024
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 16 * 1024 * 1024, "nice_len": 273}]

_INDEX, _STEPS, _CHANGES, _ADDITIONS = (
    f"{part}.lzma2" for part in ("index.json", "steps", "changes", "additions")
)
_FRAMES = "frames"
_PARTS = (_STEPS, _CHANGES, _ADDITIONS, _FRAMES)
_TIME = (1980, 1, 1, 0, 0, 0)
_PIECE = 1 << 20
_MAX_PATCHES = 2 * MAX_FILES
_BROKEN = (zipfile.BadZipFile, lzma.LZMAError, EOFError, NotImplementedError, KeyError, ValueError)

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Listed:
    """A package as a delta sees it; ``sha256``: of ``manifest.json``, as its metadata has signed it."""

    package: str
    manifest: Manifest
    sha256: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one patch makes: a content file, or the next stretch of a large one.

    Attributes:
        file: of the package.
        start: where in the file it lies; size: bytes that it makes.
        base: of the base package, and the stretch of it that is patched; None: out of nothing.
    """

    file: ContentFile
    start: int
    size: int
    base: ContentFile | None = None
    base_start: int = 0
    base_size: int = 0

    @property
    def is_last(self) -> bool:
        """Whether there are no more of this file."""
        return self.start + self.size == self.file.size


@dataclass(frozen=True, slots=True)
class _Patch:
    """``length``: bytes of the stretch's steps, or of its frame."""

    of: Stretch
    length: int
    is_frame: bool


class _Entry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A patch. ``file`` and ``base`` are places in the manifests; without ``size``, ``base_size``: all."""

    file: _Count
    base: _Count | None = None
    size: _Count | None = None
    base_start: _Count = 0
    base_size: _Count | None = None
    steps: _Count = 0
    frame: _Count | None = None


class _Index(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    package: str
    base: str
    manifest_sha256: _Sha256
    base_manifest_sha256: _Sha256
    patches: Annotated[list[_Entry], msgspec.Meta(max_length=_MAX_PATCHES)]


class DeltaWriter:
    """Writes a delta: ``add`` each patch, those of one file one after another, then ``finish``.

    Args:
        scratch: makes a temporary file; four are needed until the end, and closed by who made them.
    """

    def __init__(self, package: Listed, base: Listed, scratch: Callable[[], IO[bytes]]) -> None:
        self._package, self._base = package, base
        self._files = {file: place for place, file in enumerate(package.manifest.files)}
        self._bases = {file: place for place, file in enumerate(base.manifest.files)}
        self._parts = {name: scratch() for name in _PARTS}
        self._compressors = {name: _compressor() for name in _PARTS if name != _FRAMES}
        self._entries: list[_Entry] = []

    def add(self, stretch: Stretch, made: Steps | Frame) -> None:
        """The next patch. Steps that need nothing of the base are kept without one."""
        file, base = stretch.file, stretch.base
        entry = _Entry(self._files[file], size=None if stretch.size == file.size else stretch.size)
        if base is not None and not (isinstance(made, Steps) and not made.steps):
            entry.base, entry.base_start = self._bases[base], stretch.base_start
            entry.base_size = None if stretch.base_size == base.size else stretch.base_size
        if isinstance(made, Frame):
            entry.frame = len(made.frame)
            self._parts[_FRAMES].write(made.frame)
        else:
            entry.steps = len(made.steps)
            for name, part in ((_STEPS, made.steps), (_CHANGES, made.changes), (_ADDITIONS, made.additions)):
                self._parts[name].write(self._compressors[name].compress(part))
        self._entries.append(entry)

    def finish(self, to: IO[bytes]) -> None:
        """Write it all into ``to``."""
        index = _Index(
            DELTA_FORMAT,
            self._package.package,
            self._base.package,
            self._package.sha256,
            self._base.sha256,
            self._entries,
        )
        compressor = _compressor()
        raw = compressor.compress(canonical_json(msgspec.to_builtins(index))) + compressor.flush()
        with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(_INDEX, _TIME), raw)
            for name, part in self._parts.items():
                if name in self._compressors:
                    part.write(self._compressors[name].flush())
                part.seek(0)
                with archive.open(zipfile.ZipInfo(name, _TIME), "w", force_zip64=True) as target:
                    shutil.copyfileobj(part, target, _PIECE)


class DeltaReader:
    """Reads a delta, whose digest was checked before.

    Attributes:
        stretches: what it makes, in the order in which it lies there.

    Raises:
        InvalidPackage: it is damaged, or of other packages than these.
    """

    def __init__(self, source: IO[bytes], package: Listed, base: Listed) -> None:
        try:
            self._archive = zipfile.ZipFile(source)
            raw = _stream(self._archive, _INDEX).read(MAX_INDEX_BYTES + 1)
        except _BROKEN as error:
            raise InvalidPackage(f"the delta is damaged: {error}") from error
        self._patches = _patches(_read_index(raw), package, base)
        self.stretches = tuple(patch.of for patch in self._patches)

    def made(
        self, old: Callable[[Stretch], bytes], wanted: Callable[[ContentFile], bool]
    ) -> Iterator[tuple[Stretch, bytes]]:
        """What it makes of the files that are wanted. Not checked against their digests.

        Args:
            old: gives the stretch of the base that is patched.

        Raises:
            InvalidPackage: it is damaged.
        """
        try:
            parts = _Parts(self._archive)
            for patch in self._patches:
                if wanted(patch.of.file):
                    yield patch.of, parts.applied(patch, old)
                else:
                    parts.pass_over(patch)
        except _BROKEN as error:
            raise InvalidPackage(f"the delta is damaged: {error}") from error


class _Parts:
    """The parts of an archive, read along with the patches."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._steps, self._changes, self._additions = (
            _stream(archive, name) for name in (_STEPS, _CHANGES, _ADDITIONS)
        )
        self._frames: IO[bytes] = archive.open(_FRAMES)

    def applied(self, patch: _Patch, old_of: Callable[[Stretch], bytes]) -> bytes:
        if patch.is_frame:
            frame = _exactly(self._frames, patch.length)
            prefix = prefix_of(old_of(patch.of) if patch.of.base is not None else b"")
            return apply_frame(prefix, frame, patch.of.size)
        old = old_of(patch.of) if patch.of.base is not None else b""
        steps = _exactly(self._steps, patch.length)
        changes, additions = step_sizes(steps, patch.of.size)
        parts = Steps(steps, _exactly(self._changes, changes), _exactly(self._additions, additions))
        return apply_steps(old, parts, patch.of.size)

    def pass_over(self, patch: _Patch) -> None:
        if patch.is_frame:
            self._frames.seek(patch.length, 1)
            return
        changes, additions = step_sizes(_exactly(self._steps, patch.length), patch.of.size)
        for stream, count in ((self._changes, changes), (self._additions, additions)):
            for start in range(0, count, _PIECE):
                _exactly(stream, min(_PIECE, count - start))


def _exactly(stream: IO[bytes], count: int) -> bytes:
    found = stream.read(count)
    if len(found) != count:
        raise EOFError("it ends too early")
    return found


def _stream(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    return lzma.LZMAFile(archive.open(name), format=lzma.FORMAT_RAW, filters=FILTERS)


def _compressor() -> lzma.LZMACompressor:
    return lzma.LZMACompressor(lzma.FORMAT_RAW, filters=FILTERS)


def _read_index(raw: bytes) -> _Index:
    value = read_json(raw, "the delta's index", MAX_INDEX_BYTES, InvalidPackage)
    try:
        index = converted(value, _Index)
    except msgspec.ValidationError as error:
        raise InvalidPackage(f"the delta's index: {error}") from error
    if index.format != DELTA_FORMAT:
        raise InvalidPackage(
            f"the delta has format {index.format}, known is {DELTA_FORMAT}",
            hint="It needs a newer Pitstop than this one; the full payload does not.",
        )
    return index


def _patches(index: _Index, package: Listed, base: Listed) -> tuple[_Patch, ...]:
    said = (index.package, index.base, index.manifest_sha256, index.base_manifest_sha256)
    if said != (package.package, base.package, package.sha256, base.sha256):
        raise InvalidPackage(
            f"the delta leads from {index.base} to {index.package}, not from {base.package} to "
            f"{package.package} as they were signed"
        )
    patches = tuple(_placed(index.patches, package.manifest, base.manifest))
    made = [patch.of.file.sha256 for patch in patches if patch.of.is_last]
    if len(set(made)) != len(made):
        raise InvalidPackage("the delta makes a file twice")
    return patches


def _placed(entries: Sequence[_Entry], package: Manifest, base: Manifest) -> Iterator[_Patch]:
    left, before = 0, None
    for entry in entries:
        if entry.file >= len(package.files) or (entry.base or 0) >= max(1, len(base.files)):
            raise InvalidPackage("the delta names a file that is in no manifest")
        file = package.files[entry.file]
        if left and file != before:
            raise InvalidPackage(f"the delta makes {before.path if before else 'a file'} only in part")
        left, before = left or file.size, file
        patch = _patch(entry, file, None if entry.base is None else base.files[entry.base], left)
        left -= patch.of.size
        yield patch
    if left:
        raise InvalidPackage("the delta makes its last file only in part")


def _patch(entry: _Entry, file: ContentFile, base: ContentFile | None, left: int) -> _Patch:
    size = file.size if entry.size is None else entry.size
    base_size = entry.base_size
    if base_size is None:
        base_size = base.size if base is not None else 0
    allowed = (
        size <= min(left, STRETCH)
        and (size > 0 or file.size == 0)
        and base_size <= 2 * STRETCH
        and entry.base_start + base_size <= (base.size if base is not None else 0)
        and entry.steps <= size + STEP_BYTES
        and (entry.frame or 0) <= 2 * size + _PIECE
    )
    if not allowed:
        raise InvalidPackage(f"the delta's patch of {file.path} is larger than it may be")
    stretch = Stretch(file, file.size - left, size, base, entry.base_start, base_size)
    length = entry.steps if entry.frame is None else entry.frame
    return _Patch(stretch, length, is_frame=entry.frame is not None)
