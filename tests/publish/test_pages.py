"""The pages for people: right as HTML, whole, the same from the same site, and harmless."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from pitstop.model.releases import PublisherKind
from pitstop.model.versions import Version
from pitstop.publish.documents import add_issues, put_guidance, read_issues_file
from pitstop.publish.media import sign_for_media
from pitstop.publish.pages import put_pages
from pitstop.publish.revising import revise, supersede, withdraw
from publish.markup import Page, read_page
from publish.press import Press, a_moment_ago

V = Version.parse
HOTFIX = 'type = "Hotfix"\nfamilies = ["1"]'
RICH = """type = "Express"
family = "2"
predecessor = "1"
released_precision = "month"
required_hotfix = "1.1.1.2"
min_oem_version = "2.1"
restarts_nodes = true
hardware = [{ family = "Lumen" }]
expected_runtimes = [
  { nodes = 4, least_minutes = 10, most_minutes = 20 },
  { least_minutes = 5, most_minutes = 90 },
]
description = "Many <b>things</b>."

[release]
risks = [{ name = "slow", message = "It may be <i>slow</i>." }]
"""
ISSUES = """format = 1

[[issue]]
id = "lost"
title = "It is <lost>"
applicable = { all_supported = true }
symptom = "<script>alert(1)</script>"
cause = "[x](javascript:alert(1))"
remediation = "1. Look.\\n2. Look again."
occurrence = "Rare"

[[issue]]
id = "slow"
title = "It is slow"
applicable = { families = ["1"], builds = ["1.2.0.3"] }
symptom = "Waiting."
cause = "Not known."
remediation = "Patience."
occurrence = "Common"
fixed_in = "1.1.1.2"
"""


@pytest.fixture
def site(press: Press, tmp_path: Path) -> Path:
    """A site with everything on it."""
    settings = replace(
        press.settings,
        site_url="https://updates.example/north/",
        feed_authority="updates.example,2026-11-21",
        support_address="help@example.org",
    )
    press = Press(settings, press.work)
    press.publish("1.1.0.1")
    press.publish("20180302.1", HOTFIX)
    press.publish("1.1.1.2", HOTFIX)
    press.publish("1.2.0.3", RICH)
    supersede(press.repository, press.keys, V("20180302.1"), V("1.1.1.2"), a_moment_ago())
    withdraw(press.repository, press.keys, V("1.2.0.3"), "It <forgets>.", a_moment_ago())
    issues = tmp_path / "issues.toml"
    issues.write_text(ISSUES, encoding="utf-8")
    add_issues(press.repository, press.keys, read_issues_file(issues), a_moment_ago())
    sign_for_media(press.repository, press.keys, a_moment_ago())
    put_pages(press.repository)
    return settings.site_folder


def pages_of(site: Path) -> dict[str, Page]:
    return {
        path.relative_to(site).as_posix(): read_page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }


def test_every_page_is_right_and_every_link_leads_somewhere(site: Path) -> None:
    pages = pages_of(site)
    assert len(pages) == 8
    for name, page in pages.items():
        assert page.faults == [], name
        for link in page.links:
            target, _, part = link.partition("#")
            assert not target.startswith("/"), f"{name} would not work under another path: {link}"
            place = ((site / name).parent / unquote(target)).resolve() if target else site / name
            assert place.is_file(), f"{name} leads to {link}"
            if part:
                assert part in [a.get("id") for _, a in pages[str(place.relative_to(site))].tags]


def test_each_release_note_leads_to_the_feeds(site: Path) -> None:
    for name, page in pages_of(site).items():
        feeds = [link for link in page.links if "feeds/" in link]
        assert len(feeds) == 8, name  # four in the head, four to click on


def test_what_a_publisher_writes_is_text(site: Path) -> None:
    for path in site.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        for text in (
            "<script",
            "<forgets>",
            "<lost>",
            "<b>",
            "<i>slow",
            "href=&#34;javascript",
            'href="java',
        ):
            assert text not in html, path


def test_a_release_page_says_what_an_operator_needs(site: Path) -> None:
    page = pages_of(site)["releases/Northstar1.2.0.3.html"]
    for text in (
        "Withdrawn. Do not install this release. It <forgets>.",
        "January 2026",
        "1.1.1.2, or a newer one of its family",
        "2.1 or newer",
        "10 to 20 min on up to 4 nodes",
        "Lumen, all models",
        "It may be <i>slow</i>.",
        "2: what is said here has changed since the release",
        "Northstar1.2.0.3-1.zip",
        "help@example.org",
    ):
        assert text in " ".join(page.text.split()), text
    assert {"datetime": "2026-01"} in page.named("time")


def test_an_article_has_its_sections_and_its_files(site: Path) -> None:
    page = pages_of(site)["articles/Northstar1.1.1.2.html"]
    text = " ".join(page.text.split())
    places = [text.index(part) for part in ("Issue", "Cause", "Resolution", "Applies to", "Download")]
    assert places == sorted(places)
    assert "All builds before 1.1.1.2." in text
    assert "../targets/packages/Northstar1.1.1.2/Metadata.xml" in page.links


def test_a_replaced_hotfix_leads_to_the_one_that_replaces_it(site: Path) -> None:
    pages = pages_of(site)
    assert "../releases/Northstar1.1.1.2.html" in pages["releases/Northstar20180302.1.html"].links
    assert "(replaced by 1.1.1.2)" in pages["index.html"].text


def test_common_issues_say_where_they_apply(site: Path) -> None:
    text = " ".join(pages_of(site)["common-issues.html"].text.split())
    assert "ApplicableAll supported releases OccurrenceRare" in text
    assert "Families 1 and builds 1.2.0.3" in text
    assert "Fixed in1.1.1.2" in text


def test_pages_are_made_again_only_where_something_has_changed(press: Press) -> None:
    press.publish("1.1.0.1")
    assert put_pages(press.repository) == 4
    assert put_pages(press.repository) == 0
    revise(press.repository, press.keys, V("1.1.0.1"), {"title": "Better"}, a_moment_ago())
    assert put_pages(press.repository) > 0
    assert "Better" in (press.settings.site_folder / "index.html").read_text(encoding="utf-8")


def test_an_oems_guidance_has_its_page(press: Press, tmp_path: Path) -> None:
    oem = Press(replace(press.settings, kind=PublisherKind.OEM), press.work)
    text = tmp_path / "guidance.md"
    text.write_text("# Guidance\n\n## First\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", encoding="utf-8")
    put_guidance(oem.repository, oem.keys, text, a_moment_ago())
    put_pages(oem.repository)
    page = pages_of(press.settings.site_folder)["hardware-lifecycle-host.html"]
    assert page.faults == []
    assert page.text.count("Guidance") == 1


def test_text_stands_out_from_its_ground_in_light_and_dark() -> None:
    sheet = (Path(put_pages.__code__.co_filename).parent / "templates" / "style.css").read_text()
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in sheet.split("@media")[:2]
    )
    assert set(light) == set(dark)
    for colours in (light, dark):
        for ink, ground in (
            *((ink, "ground") for ink in ("ink", "soft", "accent", "warn", "bad")),
            ("ink", "sunken"),
            ("ink", "warn-wash"),
            ("ink", "bad-wash"),
        ):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)
