"""The style sheet and the scripts: contrast that can be read, nothing from elsewhere, nothing too big."""

from __future__ import annotations

import re
from itertools import product

import pytest

from pitstop.portal.rendering import STATIC
from pitstop.wire.formats import Tone

SHEET = STATIC["portal.css"].decode()
TEXT = 4.5
"""WCAG 2.2 AA, 1.4.3: text of any size here."""
PARTS = 3.0
"""WCAG 2.2 AA, 1.4.11: edges of fields, bars, focus."""

TONES = [tone.value for tone in Tone if tone is not Tone.OPEN]  # open is coloured as busy


def colours(dark: bool) -> dict[str, str]:
    """The custom properties that are plain colours; the dark ones lie over the light ones."""
    light, _, rest = SHEET.partition("@media (prefers-color-scheme: dark)")
    source = light + rest.split("@media")[0].split("*,")[0] if dark else light
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", source))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, 0 to 1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


PAIRS = [
    *[
        (ink, on, TEXT)
        for ink, on in product(("ink", "soft", "accent", "accent-strong"), ("ground", "panel", "sunken"))
    ],
    *[(tone, on, TEXT) for tone, on in product(TONES, ("panel", "sunken", "ground"))],
    *[(tone, f"{tone}-wash", TEXT) for tone in TONES],
    *[(ink, f"{tone}-wash", TEXT) for ink, tone in product(("ink", "soft"), TONES)],
    *[("panel", tone, TEXT) for tone in TONES],
    ("accent", "calm-wash", TEXT),
    ("accent", "warn-wash", TEXT),
    ("accent", "bad-wash", TEXT),
    ("accent-strong", "busy-wash", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-top", "top", TEXT),
    ("top-soft", "top", TEXT),
    ("top", "flag", TEXT),
    ("flag", "top", PARTS),
    ("edge", "panel", PARTS),
    ("edge", "ground", PARTS),
    ("busy", "sunken", PARTS),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("one", "other", "least"), PAIRS)
def test_contrast_is_enough(one: str, other: str, least: float, dark: bool) -> None:
    known = colours(dark)
    found = contrast(known[one], known[other])
    assert found >= least, f"{one} on {other}: {found:.2f}"


def test_contrast_is_computed_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_light_and_dark_are_both_there() -> None:
    assert colours(dark=False)["panel"] != colours(dark=True)["panel"]
    assert colours(dark=False).keys() == colours(dark=True).keys()


def test_every_colour_property_that_is_used_is_defined() -> None:
    defined = set(re.findall(r"--([a-z-]+):", SHEET))
    assert set(re.findall(r"var\(--([a-z-]+)\)", SHEET)) == defined


@pytest.mark.parametrize("tone", [tone.value for tone in Tone])
def test_every_tone_has_its_style(tone: str) -> None:
    assert f".{tone}" in SHEET


def test_nothing_comes_from_another_host() -> None:
    assert "url(" not in SHEET
    assert "@import" not in SHEET
    assert b"http" not in STATIC["portal.js"]


def test_it_can_be_printed_and_seen_without_motion_and_in_forced_colours() -> None:
    for query in (
        "@media print",
        "prefers-reduced-motion: reduce",
        "forced-colors: active",
        "max-width: 44rem",
    ):
        assert query in SHEET
    assert ":focus-visible" in SHEET


def test_our_own_script_stays_small() -> None:
    assert len(STATIC["portal.js"].decode().splitlines()) <= 60


def test_htmx_comes_with_its_licence() -> None:
    assert b"4.0.1" in STATIC["htmx.min.js"]
    assert STATIC["htmx.LICENSE.txt"].startswith(b"Zero-Clause BSD")
