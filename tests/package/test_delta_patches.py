"""One patch: what goes in comes out, nothing grows past what was signed, and no data takes for ever."""

from __future__ import annotations

import hashlib
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitstop.model.errors import InvalidPackage
from pitstop.package.delta_patches import (
    Frame,
    Steps,
    apply_frame,
    apply_steps,
    make_patch,
    prefix_of,
    step_sizes,
)


def noise(seed: int, size: int) -> bytes:
    return hashlib.shake_256(bytes([seed])).digest(size)


def applied(old: bytes, patch: Steps | Frame, size: int) -> bytes:
    if isinstance(patch, Frame):
        return apply_frame(prefix_of(old), patch.frame, size)
    assert step_sizes(patch.steps, size) == (len(patch.changes), len(patch.additions))
    return apply_steps(old, patch, size)


CONTENT = st.one_of(
    st.binary(max_size=300), st.builds(lambda piece, n: piece * n, st.binary(max_size=9), st.integers(0, 90))
)


@settings(max_examples=150, deadline=None)
@given(CONTENT, CONTENT, st.booleans())
def test_what_goes_in_comes_out(old: bytes, new: bytes, stretch_of_large: bool) -> None:
    patch = make_patch(old, new, stretch_of_large=stretch_of_large)
    assert applied(old, patch, len(new)) == new
    assert patch == make_patch(old, new, stretch_of_large=stretch_of_large)


def test_a_program_that_shifted_a_little_is_patched_with_few_bytes() -> None:
    old = noise(1, 100_000)
    new = bytearray(old[:40_000] + noise(2, 500) + old[40_000:])
    for at in range(0, len(new), 1000):
        new[at] = (new[at] + 3) % 256
    patch = make_patch(old, bytes(new))
    assert isinstance(patch, Steps)
    assert applied(old, patch, len(new)) == new
    assert len(patch.additions) < 1000
    assert sum(byte != 0 for byte in patch.changes) < 200


def test_an_old_file_that_is_of_no_use_is_left_out() -> None:
    old, new = noise(1, 5000), noise(2, 5000)
    assert make_patch(old, new) == Steps(b"", b"", new)


def test_runs_of_the_same_take_no_time() -> None:
    old = noise(1, 1000) + bytes(8 << 20) + noise(2, 1000)
    new = noise(3, 1000) + bytes(9 << 20) + noise(2, 1000)
    before = time.process_time()
    patch = make_patch(old, new)
    assert time.process_time() - before < 10  # finding steps would take half an hour
    assert isinstance(patch, Frame)
    assert len(patch.frame) < 5000
    assert applied(old, patch, len(new)) == new


def test_a_frame_makes_no_more_than_was_signed() -> None:
    bomb = make_patch(b"", bytes(30 << 20), stretch_of_large=True)
    assert isinstance(bomb, Frame)
    for size in (0, 10, (30 << 20) - 1, (30 << 20) + 1):
        with pytest.raises(InvalidPackage):
            apply_frame(None, bomb.frame, size)


@pytest.mark.parametrize("change", ["cut", "flip", "more"])
def test_a_damaged_frame_is_refused(change: str) -> None:
    old, new = noise(1, 5000), noise(1, 5000) + noise(2, 100)
    patch = make_patch(old, new, stretch_of_large=True)
    assert isinstance(patch, Frame)
    frame = {
        "cut": patch.frame[:-1],
        "flip": b"\xff" + patch.frame[1:],
        "more": patch.frame + b"x",
    }[change]
    with pytest.raises(InvalidPackage):
        apply_frame(prefix_of(old), frame, len(new))


def steps(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}q", *numbers)


@pytest.mark.parametrize(
    "hostile",
    [
        steps(5, 6, 0),  # more than was signed
        steps(5, 4, 0),  # less
        steps(-1, 11, 0),
        steps(11, -1, 0),
        steps(1 << 62, 10 - (1 << 62), 0),
        steps(5, 5, 0)[:-1],
    ],
)
def test_steps_that_do_not_make_what_was_signed_are_refused(hostile: bytes) -> None:
    with pytest.raises(InvalidPackage):
        step_sizes(hostile, 10)


def test_steps_never_read_outside_of_the_old_bytes() -> None:
    far = steps(2, 0, 1 << 40, 3, 0, 0)
    assert apply_steps(b"ab", Steps(far, b"\0\0xyz", b""), 5) == b"abxyz"


def test_parts_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InvalidPackage):
        apply_steps(b"ab", Steps(steps(2, 3, 0), b"\0\0", b"xy"), 5)
    with pytest.raises(InvalidPackage):
        apply_steps(b"ab", Steps(b"", b"", b"xy"), 5)
