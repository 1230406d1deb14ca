"""Logs in a real browser: a bundle's own page, from a file; and the portal's, which fills by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import msgspec
from playwright.sync_api import Page, expect

from pitstop.diagnostics.index_page import index_page
from pitstop.model.logs import Bundle, BundleState, Collected, Outcome, Wanted, Why
from portal.browsing import BROWSER_MARKS, served, sign_in
from simulators import desk
from simulators.logs import READY

pytestmark = BROWSER_MARKS

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
THINGS = [
    Collected("service", "service.log", Outcome.COLLECTED, "service/service.log", 12, 900),
    Collected("node n2", "everything", Outcome.FAILED, note="node n2 cannot be reached"),
]


def test_a_bundles_page_opens_from_a_file_and_axe_finds_nothing(page: Page, tmp_path: Path) -> None:
    bundle = Bundle("b-1", "ada", Why.ASKED, Wanted(NOW, NOW), BundleState.READY, NOW)
    (tmp_path / "index.html").write_text(index_page(bundle, "ada", THINGS, {"header": 2}), encoding="utf-8")
    (tmp_path / "service").mkdir()
    (tmp_path / "service/service.log").write_text("started\n")
    page.context.set_offline(True)
    page.goto((tmp_path / "index.html").as_uri())
    page.add_script_tag(content=(files("axe_playwright_python") / "axe.min.js").read_text())
    assert page.evaluate("() => axe.run().then(said => said.violations.map(one => one.id))") == []
    page.get_by_role("link", name="service.log").click()
    expect(page.locator("body")).to_have_text("started")


def test_the_page_of_a_bundle_that_is_collected_fills_by_itself(page: Page) -> None:
    scene = desk.quiet()
    ready = scene.logs.bundles[READY]
    scene.logs.bundles[READY] = msgspec.structs.replace(
        ready, state="collecting", size=0, parts=6, parts_done=2, collected=(), removed={}
    )
    with served(scene) as portal:
        sign_in(page, portal, f"/logs/{READY}")
        expect(page.get_by_text("2 of 6 places read.")).to_be_visible()
        scene.logs.bundles[READY] = ready
        expect(page.get_by_role("link", name="Download")).to_be_visible()
        expect(page.get_by_role("heading", name="Could not be collected")).to_be_visible()
        page.wait_for_timeout(2_500)
        expect(page.get_by_role("link", name="Download")).to_have_count(1)
