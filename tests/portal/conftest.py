"""Visitors of a system at rest, in the middle of a run, and after a failed one. Operators unless a test
says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from portal.browsing import CHROMIUM, FLAGS
from portal.visitor import Visitor, visitor
from simulators import desk

PATIENCE = 10_000
"""Milliseconds for what a browser is to do or show."""

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def nobody() -> Iterator[Visitor]:
    with visitor(desk.quiet()) as somebody:
        yield somebody


@pytest.fixture
def quiet(nobody: Visitor) -> Visitor:
    return nobody.sign_in("ada")


@pytest.fixture
def running() -> Iterator[Visitor]:
    with visitor(desk.running()) as somebody:
        yield somebody.sign_in("ada")


@pytest.fixture
def failed() -> Iterator[Visitor]:
    with visitor(desk.failed()) as somebody:
        yield somebody.sign_in("ada")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that must not say anything on its console that our policy or scripts are to blame for."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Security Policy" in said.text else None)
    yield page
    context.close()
    assert faults == []
