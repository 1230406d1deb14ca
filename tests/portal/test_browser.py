"""The portal in a real browser: by keyboard alone, live, folded as it was left, at 360 pixels, without
scripts, and when the service is gone for a while."""

from __future__ import annotations

import re

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from pitstop.wire.views import RunReport
from portal.browsing import BROWSER_MARKS, served, sign_in
from portal.test_runs import with_output
from simulators import desk, scenes
from simulators.desk import PASSWORD
from simulators.scenes import RUN_FAILED, RUN_NOW

pytestmark = BROWSER_MARKS


def focused(page: Page) -> str:
    text = page.evaluate("document.activeElement.textContent || document.activeElement.id")
    return " ".join(str(text).split())


def tab_to(page: Page, text: str) -> None:
    """Press Tab until what has the focus says ``text``."""
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        if text in seen[-1]:
            return
    pytest.fail(f"{text!r} is not reached by keyboard: {seen}")


def further(report: RunReport, percent: float) -> RunReport:
    return msgspec.structs.replace(report, percent=percent)


def test_an_update_is_begun_by_keyboard_alone_and_fills_live(page: Page) -> None:
    with served(desk.quiet()) as portal:
        page.goto(portal.address + "/")
        assert focused(page) == "name"
        page.keyboard.type("ada")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Update")
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the content"
        page.keyboard.press("Enter")
        tab_to(page, "Update now: Lantern 2305, hotfix 1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Update now: Lantern 2305, hotfix 1")
        tab_to(page, "Update now")
        page.keyboard.press("Enter")
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
        run_id = page.url.rpartition("/")[2]
        portal.scene.change_run(further(portal.scene.reports[run_id], 47.0))
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "47.0")
        expect(page).to_have_title(re.compile(r"^47 % · Lantern 2305, hotfix 1"))
        expect(page.get_by_role("status")).to_have_text("In progress, install, 40 percent.")


def test_folds_focus_and_place_survive_the_filling_until_the_run_ends(page: Page) -> None:
    scene = desk.running()
    scene.change_run(with_output(scene.reports[RUN_NOW], "fetched 3 volumes"))
    with served(scene) as portal:
        sign_in(page, portal, f"/runs/{RUN_NOW}")
        first, batch, output = (page.locator(f"#step-{index}") for index in ("1", "3-1-1", "1-1"))
        output.locator("summary").click()
        batch.locator("> summary").click()
        expect(output.get_by_text("fetched 3 volumes")).to_be_visible()
        batch.locator("> summary").focus()
        page.evaluate("window.kept = document.activeElement")
        page.evaluate("window.scrollTo(0, 400)")
        scene.change_run(further(scene.reports[RUN_NOW], 72.5))
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "72.5")
        expect(output).to_have_attribute("open", "")
        expect(batch).not_to_have_attribute("open", "")
        expect(first).to_have_attribute("open", "")
        assert page.evaluate("window.kept === document.activeElement")
        assert page.evaluate("scrollY") == 400
        report = scene.reports[RUN_NOW]
        ended = msgspec.structs.replace(report.run, state="succeeded", ended=scenes.NOW)
        scene.change_run(msgspec.structs.replace(report, run=ended, percent=100.0, remaining=None, now=()))
        expect(page.locator("#live")).not_to_have_attribute("data-stream", re.compile("."))
        expect(page.get_by_role("status")).to_have_text("Succeeded. Version 1.2305.0.10 to 1.2305.1.22.")
        expect(page.locator("#lost")).to_have_count(0)
        assert page.evaluate("window.kept === document.activeElement")
        asked = scene.calls["runs.revision"]
        page.wait_for_timeout(1_000)
        assert scene.calls["runs.revision"] == asked


def test_the_update_page_follows_the_run_and_is_as_new_when_it_has_ended(page: Page) -> None:
    scene = desk.running()
    with served(scene) as portal:
        sign_in(page, portal)
        scene.change_run(further(scene.reports[RUN_NOW], 72.5))
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "72.5")
        page.evaluate("window.kept = document.querySelector('main h1')")
        report = scene.reports[RUN_NOW]
        ended = msgspec.structs.replace(report.run, state="failed", ended=scenes.NOW)
        scene.system = msgspec.structs.replace(scene.system, state="UpdateFailed", active_run=None)
        scene.alerts = desk.failed().alerts
        scene.change_run(msgspec.structs.replace(report, run=ended, remaining=None, now=()))
        expect(page.get_by_text("Update failed")).to_be_visible()
        expect(page.get_by_role("link", name="Alerts 1 active")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_count(0)
        assert page.evaluate("window.kept === document.querySelector('main h1')")


def test_time_moves_though_the_run_does_not(page: Page) -> None:
    scene = desk.running()
    with served(scene) as portal:
        sign_in(page, portal, f"/runs/{RUN_NOW}")
        report = scene.reports[RUN_NOW]
        head = msgspec.structs.replace(report.run, seconds=3_601.0)
        scene.reports[RUN_NOW] = msgspec.structs.replace(report, run=head)
        expect(page.locator("#progress")).to_contain_text("1 h")
        expect(page.get_by_role("progressbar")).to_have_count(1)


def test_the_page_says_when_the_service_is_gone_and_goes_on_when_it_is_back(page: Page) -> None:
    with served(desk.running()) as portal:
        sign_in(page, portal, f"/runs/{RUN_NOW}")
        lost = page.get_by_text("The service does not answer.")
        expect(lost).to_be_hidden()
        portal.stop()
        expect(lost).to_be_visible()
        portal.start()
        expect(lost).to_be_hidden()
        portal.scene.change_run(further(portal.scene.reports[RUN_NOW], 88.0))
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "88.0")


def test_a_session_that_ends_while_watching_leads_to_the_sign_in_and_back(page: Page) -> None:
    with served(desk.running()) as portal:
        sign_in(page, portal, f"/runs/{RUN_NOW}")
        portal.scene.tokens.clear()
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{portal.address}/runs/{RUN_NOW}")


def test_a_failed_run_is_resumed_without_scripts(chromium: Browser) -> None:
    with served(desk.failed()) as portal:
        context = chromium.new_context(java_script_enabled=False)
        page = context.new_page()
        sign_in_without = portal.scene.token("ada")
        context.add_cookies([{"name": "pitstop-session", "value": sign_in_without, "url": portal.address}])
        page.goto(f"{portal.address}/runs/{RUN_FAILED}")
        page.get_by_role("button", name="Resume").click()
        expect(page.get_by_text("The run goes on.")).to_be_visible()
        page.get_by_role("link", name="Load it again").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Lantern 2305, hotfix 1")
        context.close()


def test_style_and_icon_are_loaded_under_the_policy_light_and_dark(page: Page) -> None:
    with served(desk.quiet()) as portal:
        sign_in(page, portal)
        assert page.evaluate("document.querySelector('.brand img').naturalWidth") > 0
        grounds = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(243, 245, 244)", "rgb(12, 19, 23)"]


def test_a_page_that_nobody_sees_holds_no_line_open(page: Page) -> None:
    scene = desk.running()
    with served(scene) as portal:
        sign_in(page, portal, f"/runs/{RUN_NOW}")
        scene.change_run(further(scene.reports[RUN_NOW], 72.5))
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "72.5")
        page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
        scene.change_run(further(scene.reports[RUN_NOW], 80.0))

        def is_left_alone() -> bool:
            asked = scene.calls["runs.revision"]
            page.wait_for_timeout(300)
            return scene.calls["runs.revision"] == asked

        assert any(is_left_alone() for _ in range(20))
        scene.change_run(further(scene.reports[RUN_NOW], 88.0))
        page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "88.0")
