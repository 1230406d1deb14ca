"""One patch of a delta: a stretch of new bytes out of a stretch of old ones.

Two methods, chosen when the patch is made:

* **steps**, after bsdiff: a list of steps, each of them "take so many bytes of the old and add these changes,
  then these additions, then move on". By far the smallest for programs, whose addresses shift a little
  everywhere. The three parts are handed out raw: those of all files together compress far better than each
  file's alone.
* **frame**: a zstd frame that has the old bytes as its prefix. Quick, so for stretches of large files; and
  for data with long runs of the same, in which finding steps takes hours.

Nothing here trusts a patch: the caller has checked its digest, and what comes out is bounded by the size that
was signed. Memory: up to twenty times ``STRETCH`` to make steps, five times to apply them.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass

from bsdiff4 import core  # type: ignore[import-untyped]  # it ships no types

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from pitstop.model.errors import InvalidPackage

STRETCH = 64 * 1024 * 1024
"""Bytes that one patch makes at most; it sees at most twice as many old ones. A file up to this size is
patched as a whole, and with steps."""

STEP_BYTES = 24
_BLOCK = 64 * 1024
_DULL = 256
"""A block that compresses to less than this is a run of the same."""

_MOST_TOIL = 1024
"""Finding steps takes time with the square of such a run's length: about 0.02 s times blocks squared."""

_ESTIMATE, _QUICK, _THOROUGH = 6, 12, 19
_WINDOW_LOG = (2 * STRETCH + STRETCH).bit_length()

Prefix = tuple[zstd.ZstdDict, int] | None
"""Old bytes, as zstd reads them before a frame; None: too few to be of use."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Raw parts; a step is three 64-bit numbers: changes, additions, move."""

    steps: bytes
    changes: bytes
    additions: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A zstd frame."""

    frame: bytes


def make_patch(old: bytes, new: bytes, *, stretch_of_large: bool = False) -> Steps | Frame:
    """The patch that makes ``new`` out of ``old``; the same bytes always give the same patch. An ``old`` that
    is of no use is left out: then all of ``new`` are additions.

    Args:
        stretch_of_large: whether they are parts of files longer than ``STRETCH``.
    """
    if stretch_of_large:
        return Frame(_frame(old, new, _QUICK))
    if _toil(old) + _toil(new) > _MOST_TOIL:
        return Frame(_frame(old, new, _THOROUGH))
    alone = Steps(b"", b"", new)
    if not old or not new:
        return alone
    patch = Steps(*core.diff(old, new))
    with_old = sum(map(_estimate, (patch.steps, patch.changes, patch.additions)))
    return patch if with_old < _estimate(new) and len(patch.steps) <= len(new) else alone


def _toil(content: bytes) -> int:
    """The sum of the squares of the lengths, in blocks, of all runs of the same."""
    toil = run = 0
    for start in range(0, len(content) - _BLOCK + 1, _BLOCK):
        is_dull = len(zstd.compress(content[start : start + _BLOCK], 1)) < _DULL
        run = run + 1 if is_dull else 0
        toil += 2 * run - 1 if run else 0
    return toil


def _estimate(content: bytes) -> int:
    """About how small it compresses."""
    return len(zstd.compress(content, _ESTIMATE))


def _frame(old: bytes, new: bytes, level: int) -> bytes:
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: level,
        zstd.CompressionParameter.window_log: max(10, (len(old) + len(new)).bit_length()),
        zstd.CompressionParameter.enable_long_distance_matching: int(level == _QUICK),
    }
    # One thread: with more, each would see only its part of the prefix.
    compressor = zstd.ZstdCompressor(options=options, zstd_dict=prefix_of(old))
    return compressor.compress(new, zstd.ZstdCompressor.FLUSH_FRAME)


def step_sizes(steps: bytes, size: int) -> tuple[int, int]:
    """How many changes and additions these steps take, to make ``size`` bytes.

    Raises:
        InvalidPackage: they do not make as many.
    """
    if not steps:
        return 0, size
    changes = additions = 0
    if len(steps) % STEP_BYTES == 0:
        for change, addition, _move in struct.iter_unpack("<qqq", steps):
            if change < 0 or addition < 0:
                break
            changes, additions = changes + change, additions + addition
    if changes + additions != size:
        raise InvalidPackage(f"a patch does not make the {size} bytes that it should")
    return changes, additions


def apply_steps(old: bytes, patch: Steps, size: int) -> bytes:
    """The ``size`` bytes that the steps make.

    Raises:
        InvalidPackage: they do not.
    """
    if not patch.steps:
        new = patch.additions
    else:
        try:
            new = core.patch(old, size, patch.steps, patch.changes, patch.additions)
        except (ValueError, OverflowError) as error:
            raise InvalidPackage(f"a patch is damaged: {error}") from error
    if len(new) != size:
        raise InvalidPackage(f"a patch makes {len(new)} bytes where {size} were signed")
    return new


def apply_frame(prefix: Prefix, frame: bytes, size: int) -> bytes:
    """The ``size`` bytes that the frame holds, behind the old ones.

    Raises:
        InvalidPackage: it does not.
    """
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
    decompressor = zstd.ZstdDecompressor(zstd_dict=prefix, options=options)
    try:
        # One byte more than signed is asked for, so that a longer one is noticed.
        new = decompressor.decompress(frame, max_length=size + 1)
    except zstd.ZstdError as error:
        raise InvalidPackage(f"a patch is damaged: {error}") from error
    if len(new) != size or not decompressor.eof or decompressor.unused_data:
        raise InvalidPackage(f"a patch does not make the {size} bytes that it should")
    return new


def prefix_of(old: bytes) -> Prefix:
    """What frames are read behind: a copy, beside which the old bytes need not be kept."""
    # A dictionary has at least eight bytes.
    return zstd.ZstdDict(old, is_raw=True).as_prefix if len(old) >= 8 else None
