"""An operator brings the first update on in the portal, with a real browser, and sees it on the nodes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from e2e.conftest import Operator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.xdist_group("stage"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no chromium on this machine: apt-get install chromium"
    ),
]


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, operator: Operator) -> Page:
    """A page that is signed in and stands on the main page."""
    opened = browser.new_page()
    opened.goto(operator.stage.url)
    opened.get_by_label("Name").fill("admin")
    opened.get_by_label("Password").fill(operator.stage.password)
    opened.get_by_role("button", name="Sign in").click()
    return opened


def test_the_operator_sees_what_is_installed_what_there_is_and_why_the_rest_must_wait(page: Page) -> None:
    main = page.get_by_role("main")
    expect(main).to_contain_text("Update available")
    expect(main).to_contain_text("1.2601.0.12")
    expect(main).to_contain_text("N-3")
    waiting = page.get_by_role("row", name="Lantern 2604 1.2604.0.21")
    expect(waiting).to_contain_text("1.2604.0.21 needs hotfix 1.2601.1.15")
    expect(waiting.get_by_text("Update now")).to_have_count(0)


def test_update_now_is_confirmed_and_its_run_fills_live_until_it_has_succeeded(
    page: Page, operator: Operator
) -> None:
    row = page.get_by_role("row", name="Lantern hotfix 1.2601.1.15")
    row.get_by_text("Update now").click()
    expect(page.get_by_role("main")).to_contain_text("1.2601.1.15")
    page.get_by_role("button", name="Update now").click()
    expect(page).to_have_url(re.compile("/runs/"))
    expect(page.get_by_role("main")).to_contain_text("Put back into service", timeout=30_000)
    expect(page.get_by_role("main")).to_contain_text("Took", timeout=60_000)
    expect(page.get_by_role("main")).to_contain_text("Succeeded")
    assert set(operator.versions().values()) == {"1.2601.1.15"}
    page.goto(operator.stage.url)
    expect(page.get_by_role("main")).to_contain_text("1.2601.1.15")
