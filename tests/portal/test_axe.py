"""axe-core finds nothing to object to: on every page that a route gives, in every condition of the system, in
light, in dark and at 360 pixels, where nothing is cut off either.

The pages come from the routes of the application, so that none can be forgotten: a page whose path has a part
without an example below fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from playwright.sync_api import Browser, Page, ViewportSize

from pitstop.portal.sessions import COOKIE
from pitstop.service.watching import ENDLESS
from portal.browsing import BROWSER_MARKS, Served, served
from portal.visitor import application
from simulators import desk, import_scenes
from simulators.aurora import RISK
from simulators.desk import Scene
from simulators.imports import SimulatedImports
from simulators.logs import READY
from simulators.rack import SPARE, key_of
from simulators.scenes import FULL_2402, HOTFIX, RECALLED, RUN_DONE, RUN_FAILED, RUN_NOW

pytestmark = BROWSER_MARKS

EXAMPLES = {
    "name": HOTFIX,
    "verb": "apply",
    "run_id": RUN_DONE,
    "index": "1.1",
    "alert_id": "a11e27",
    "bundle_id": READY,
    "risk": RISK,
    "code": "step-failed",
    "check": "clock",
    "node": "n4",
    "import_id": "none",
    "number": "1",
    "item": "users",
    "source": "northstar",
    "issue_id": "busy-drain",
}
"""What stands for each part of a path."""
QUESTIONS = [
    "/health?show=wrong",
    "/health/services",
    "/support?at=2024-05-01",
    "/support?at=soon",
    "/path?to=supported",
    "/path?to=none",
    "/nowhere",
]
"""Pages that no route tells by itself."""

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SIZES = {
    "type": "rule",
    "values": ["target-size", "scrollable-region-focusable", "svg-img-alt", "meta-viewport"],
}
RUN = "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(said => said.violations)"
WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)


def addresses(app: Litestar, examples: dict[str, str]) -> Iterator[str]:
    """Every path that a GET takes and that ends: streams do not."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            if "GET" in handler.http_methods and not handler.opt.get(ENDLESS):
                yield re.sub(r"\{(\w+)(:\w+)?\}", lambda part: examples[part[1]], route.path_format)


def pages(portal: Served, visitor: str, examples: dict[str, str]) -> dict[str, str]:
    """The addresses that answer with a page, of an error too, and what is in its main part."""
    app = application(portal.scene.desk)
    cookies = {COOKIE: portal.scene.token(visitor)} if visitor else {}
    with httpx.Client(base_url=portal.address, cookies=cookies, trust_env=False) as client:
        answers = {
            path: client.get(path) for path in sorted({*addresses(app, EXAMPLES | examples), *QUESTIONS})
        }
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code >= 500} == {}
    return {path: answer.text.partition("<main")[2] for path, answer in answers.items() if _is_page(answer)}


def _is_page(answer: httpx.Response) -> bool:
    return answer.status_code != 303 and answer.headers.get("content-type", "").startswith("text/html")


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Without the portal's own policy, which would keep axe out as it keeps everything out."""
    context = chromium.new_context(bypass_csp=True)
    context.add_init_script(script=AXE)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def portal() -> Iterator[Served]:
    with served(desk.quiet()) as one:
        yield one


def faults_of(page: Page, looks: Sequence[str] = ("light", "dark", "narrow")) -> list[str]:
    """What axe finds on the page as it is, in these looks. In the dark only colours differ, on a narrow
    screen sizes and what is shown."""
    rules = {"light": RULES, "dark": COLOURS, "narrow": SIZES}
    found = []
    for look in looks:
        page.emulate_media(color_scheme="dark" if look == "dark" else "light")
        page.set_viewport_size(NARROW if look == "narrow" else WIDE)
        found += _said(look, page.evaluate(RUN, rules[look]))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{look}: wider than the window")
    return found


def _said(look: str, faults: list[dict[str, Any]]) -> list[str]:
    return [f"{look}: {fault['id']} at {[node['target'] for node in fault['nodes']]}" for fault in faults]


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """Main parts that were shown to axe before: they need not be shown again in another scene's frame."""
    return set()


def empty() -> Scene:
    """A system of which nothing is known yet."""
    scene = desk.quiet()
    scene.updates, scene.reports, scene.sources = {}, {}, ()
    scene.system = msgspec.structs.replace(
        scene.system, state="Unknown", current_version="", last_checked=None, nodes=(), findings=()
    )
    return scene


def handed_over() -> Scene:
    """A system with imports in every state."""
    scene = desk.quiet()
    scene.imports = SimulatedImports({item.id: item for item in import_scenes.every()})
    return scene


SCENES: dict[str, tuple[Callable[[], Scene], str, dict[str, str]]] = {
    "no run": (desk.quiet, "ada", {}),
    "a run in progress": (desk.running, "ada", {"run_id": RUN_NOW, "index": "3.1.3.1.4"}),
    "a playbook that is played": (desk.playing, "ada", {"run_id": RUN_NOW, "index": "3.1.3.1.2"}),
    "a run that failed, an alert": (desk.failed, "ada", {"run_id": RUN_FAILED, "index": "3.1.3.1.2"}),
    "signed out": (desk.quiet, "", {}),
    "seen by a reader": (desk.failed, "rea", {"name": FULL_2402, "verb": "prepare"}),
    "seen by an administrator": (desk.quiet, "admin", {"name": RECALLED}),
    "nothing known yet": (empty, "ada", {}),
}
SCENES |= {
    f"an import that is {state}": (handed_over, "ada", {"import_id": state})
    for state in ("receiving", "importing", "succeeded", "failed")
}
VARIANTS = ("seen by a reader", "seen by an administrator", "nothing known yet")
"""They differ in what is there, not in how it looks."""


@pytest.mark.parametrize("name", SCENES)
def test_there_is_nothing_to_object_to(page: Page, portal: Served, looked_at: set[str], name: str) -> None:
    scene, visitor, examples = SCENES[name]
    portal.scene.become(scene())
    found = pages(portal, visitor, examples)
    assert len(found) >= (12 if visitor else 2)
    if visitor:
        token = portal.scene.token(visitor)
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": portal.address}])
    faults = []
    for path in (path for path, main in found.items() if main not in looked_at):
        page.goto(portal.address + path)
        looks = ("light",) if name in VARIANTS else ("light", "dark", "narrow")
        faults += [f"{path} {fault}" for fault in faults_of(page, looks)]
    looked_at |= set(found.values())
    assert faults == []


def test_a_form_that_was_refused_is_as_good(page: Page, portal: Served) -> None:
    portal.scene.become(desk.quiet())
    page.goto(portal.address + "/sign-in")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    assert "wrong" in page.inner_text("[role=alert]")
    assert faults_of(page) == []


def test_what_a_test_of_a_node_found_is_as_good_and_so_is_a_key_that_has_changed(
    page: Page, portal: Served
) -> None:
    portal.scene.become(desk.quiet())
    page.context.add_cookies([{"name": COOKIE, "value": portal.scene.token("admin"), "url": portal.address}])
    portal.scene.nodes.broken.add("10.0.0.14")
    for key in (key_of("10.0.0.14"), key_of(SPARE)):
        portal.scene.nodes.machines["10.0.0.14"] = key
        page.goto(portal.address + "/nodes/n4")
        page.get_by_role("button", name="Test the connection").press("Enter")
        assert "It did not pass its test" in page.inner_text("[role=status]")
        assert faults_of(page) == []
    assert page.get_by_label("The machine's own fingerprint").is_visible()


def test_axe_is_there_and_objects_to_what_is_wrong(page: Page) -> None:
    page.goto("data:text/html,<!DOCTYPE html><html><head><title>t</title></head><body><img src='x'></body>")
    found = {fault.partition(" at ")[0] for fault in faults_of(page)}
    assert {"light: image-alt", "light: html-has-lang"} <= found
