"""A browser shows the pages from a plain folder, with their style, and axe-core finds no fault with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from lantern.build import build

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: install it, or `make browser` as root"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(said => said.violations)"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("lantern") / "out"
    build(out)
    return [out / "northstar" / "site", out / "lumen" / "site"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def test_every_kind_of_page_is_shown_with_its_style_and_without_a_fault(
    browser: Browser, sites: list[Path]
) -> None:
    context = browser.new_context(bypass_csp=True)
    context.add_init_script(script=(files("axe_playwright_python") / "axe.min.js").read_text())
    page = context.new_page()
    platform, oem = sites
    shown = [
        *(platform / name for name in ("index.html", "common-issues.html")),
        *(next((platform / folder).glob("*.html")) for folder in ("releases", "articles")),
        *(oem / name for name in ("index.html", "common-issues.html", "hardware-lifecycle-host.html")),
    ]
    for path in shown:
        page.goto(path.as_uri())
        for colours, width in (("light", 1280), ("dark", 360)):
            page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 800})
            faults = [(fault["id"], fault["nodes"][0]["html"]) for fault in page.evaluate(RUN, RULES)]
            assert faults == [], f"{path} ({colours}, {width})"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()


def test_the_pages_own_policy_lets_their_style_through(browser: Browser, sites: list[Path]) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((sites[0] / "index.html").as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('header ul')).display") == "flex"
    assert said == []
    page.close()
