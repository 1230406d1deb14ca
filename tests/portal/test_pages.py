"""Every page, in every condition of the system: right HTML, protected, and saying what it must."""

from __future__ import annotations

import msgspec
import pytest
from litestar.testing import TestClient

from pitstop.model.errors import StateUnusable
from pitstop.model.updates import UpdateState
from portal.visitor import Visitor, application, page_of
from simulators import desk, scenes
from simulators.scenes import (
    ALERT_FAILED,
    EXPRESS,
    FULL_2402,
    HOTFIX,
    RECALLED,
    RUN_DONE,
    RUN_FAILED,
    RUN_NOW,
)

FRAME = ["/", "/runs", "/alerts", "/health", "/nodes", "/sources", "/audit", "/account", f"/updates/{HOTFIX}"]


@pytest.mark.parametrize(
    "path", [*FRAME, f"/updates/{FULL_2402}", f"/updates/{RECALLED}", f"/runs/{RUN_DONE}"]
)
def test_pages_of_a_system_at_rest(quiet: Visitor, path: str) -> None:
    quiet.page(path)


@pytest.mark.parametrize("path", [*FRAME, f"/runs/{RUN_NOW}"])
def test_pages_while_a_run_goes_on(running: Visitor, path: str) -> None:
    running.page(path)


@pytest.mark.parametrize("path", [*FRAME, f"/runs/{RUN_FAILED}", f"/runs/{RUN_FAILED}/steps/3.1.3.1.2"])
def test_pages_after_a_failure(failed: Visitor, path: str) -> None:
    failed.page(path)


@pytest.mark.parametrize("path", FRAME[:-1])
def test_pages_of_a_system_that_knows_nothing_yet(quiet: Visitor, path: str) -> None:
    scene = quiet.scene
    scene.updates, scene.reports, scene.sources = {}, {}, ()
    support = msgspec.structs.replace(
        scene.system.support, status="unknown", position="unknown", as_known_on=None, findings=()
    )
    scene.system = msgspec.structs.replace(
        scene.system,
        state="Unknown",
        current_version="",
        current_oem_version="",
        last_checked=None,
        last_updated=None,
        nodes=(),
        package_versions=(),
        findings=(),
        support=support,
    )
    quiet.page(path)


@pytest.mark.parametrize("path", ["/", "/runs", "/static/portal.css", "/sign-in", "/nowhere"])
def test_every_answer_is_protected(quiet: Visitor, path: str) -> None:
    headers = quiet.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    kept = path.startswith("/static/")
    assert headers["cache-control"] == ("public, max-age=31536000, immutable" if kept else "no-store")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("portal.css", "text/css"),
        ("portal.js", "text/javascript"),
        ("htmx.min.js", "text/javascript"),
        ("favicon.svg", "image/svg+xml"),
        ("htmx.LICENSE.txt", "text/plain"),
    ],
)
def test_static_files_need_no_session_and_have_their_type(nobody: Visitor, name: str, kind: str) -> None:
    answer = nobody.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == kind


@pytest.mark.parametrize("path", ["/static/app.py", "/static/..%2fapp.py", "/static/%2e%2e"])
def test_nothing_else_is_handed_out_as_static(nobody: Visitor, path: str) -> None:
    assert nobody.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/nowhere", "There is no such page"),
        ("/runs/no/such/page", "There is no such page"),
        ("/updates/none", "There is no update none"),
        ("/updates/none/apply", "There is no update none"),
        (f"/updates/{HOTFIX}/explode", "There is no action"),
        ("/runs/none", "There is no run none"),
        (f"/runs/{RUN_DONE}/steps/9.9", "has no step 9.9"),
    ],
)
def test_what_is_not_there_is_a_page_in_the_same_look(quiet: Visitor, path: str, says: str) -> None:
    answer = quiet.get(path)
    page = page_of(answer, 404)
    assert says in page.texts("h1")[0]
    assert "Aurora" in answer.text  # the frame of who is signed in


def test_a_stranger_learns_nothing_of_the_system_from_a_lost_page(nobody: Visitor) -> None:
    answer = nobody.get("/nowhere")
    page_of(answer, 404)
    assert "Aurora" not in answer.text


def test_a_method_that_no_page_takes_is_a_page_too(quiet: Visitor) -> None:
    page_of(quiet.post("/runs"), 405)


def test_a_form_that_is_far_too_large_is_refused(quiet: Visitor) -> None:
    page_of(quiet.post("/account", {"old": "x" * 100_000, "new": "a", "again": "a"}), 413)


def test_an_error_of_the_service_is_told_with_hint_and_code(quiet: Visitor) -> None:
    quiet.scene.failing = StateUnusable("the state folder is locked")
    answer = quiet.get("/runs")
    page_of(answer, 503)
    assert "The state folder is locked" in answer.text
    assert "no other pitstop service" in answer.text
    assert "state-unusable" in answer.text


def test_what_nobody_foresaw_is_a_page_that_gives_nothing_away(
    quiet: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    quiet.scene.failing = RuntimeError("secret detail")
    with TestClient(application(quiet.scene.desk), raise_server_exceptions=False) as client:
        client.cookies.update(quiet.client.cookies)
        answer = client.get("/runs")
    page_of(answer, 500)
    assert "secret detail" not in answer.text
    assert "/runs broke" in caplog.text


def test_the_update_page_says_how_the_system_stands(quiet: Visitor) -> None:
    answer = quiet.get("/")
    page = page_of(answer)
    for words in (
        "Update available",
        "1.2305.0.10",
        "2.3.0",
        "Out of support",
        "N-3",
        "three families behind",
    ):
        assert words in answer.text
    assert "2 updates can go on now." in answer.text
    assert page.texts("button") == ["Sign out", "Check now"]


def test_the_table_offers_what_is_open_and_says_why_the_rest_waits(quiet: Visitor) -> None:
    two = (scenes.FAMILY_FIRST, scenes.HOTFIX_FIRST, scenes.WITHDRAWN)
    quiet.scene.updates[EXPRESS] = msgspec.structs.replace(quiet.scene.updates[EXPRESS], reasons=two)
    answer = quiet.get("/")
    page = page_of(answer)
    offers = [a.attributes["href"] for a in page.all("a") if a.attributes.get("class") == "button"]
    assert offers == [f"/updates/{HOTFIX}/apply", f"/updates/{scenes.FIRMWARE}/apply"]
    assert "2 more reasons" in page.texts("summary")
    assert "1 update not for this system" in page.texts("summary")
    assert scenes.HOTFIX_FIRST.remedy in answer.text


def test_history_shows_what_was_installed_latest_first(quiet: Visitor) -> None:
    quiet.scene.set_state(HOTFIX, UpdateState.INSTALLED, last_run="r-9")
    quiet.scene.updates[HOTFIX] = msgspec.structs.replace(quiet.scene.updates[HOTFIX], installed=scenes.NOW)
    text = quiet.get("/").text
    history = text[text.index("Update history") :]
    assert history.index("Lantern 2305, hotfix 1") < history.index(">Lantern 2305<")
    assert 'href="/runs/r-9"' in history


def test_a_run_in_progress_is_on_top_of_the_update_page(running: Visitor) -> None:
    answer = running.get("/")
    page = page_of(answer)
    assert f'href="/runs/{RUN_NOW}"' in answer.text
    assert page.all("progress")[0].attributes["value"] == "61.4"
    assert "61 %" in answer.text


def test_check_now_asks_the_sources_and_says_so(quiet: Visitor) -> None:
    answer = quiet.post("/check")
    assert answer.headers["location"] == "/?done=checked"
    assert quiet.scene.calls["sources.check"] == 1
    assert "All sources were asked" in quiet.get("/?done=checked").text


def test_an_address_cannot_put_words_into_the_page(quiet: Visitor) -> None:
    assert "hacked" not in quiet.get("/?done=hacked").text


def test_an_alert_shows_what_to_do_and_is_closed(failed: Visitor) -> None:
    text = failed.get("/alerts").text
    assert "Free at least 120 MB on n3" in text
    assert failed.post(f"/alerts/{ALERT_FAILED}/close").headers["location"] == "/alerts?done=closed"
    page = failed.page("/alerts")
    assert page.texts("button") == ["Sign out"]
    assert "ada" in page.texts("td")


def test_closing_an_alert_that_is_not_there_keeps_the_page(failed: Visitor) -> None:
    page = page_of(failed.post("/alerts/none/close"), 404)
    assert page.texts("h1") == ["Alerts"]


def test_the_audit_log_shows_who_did_what(quiet: Visitor) -> None:
    quiet.post("/check")
    assert {"ada", "check sources", "portal testclient"} <= set(quiet.page("/audit").texts("td"))


def test_no_page_names_another_host(failed: Visitor) -> None:
    for path in FRAME:
        for element in failed.page(path).elements:
            for name in ("src", "action", "data-stream"):
                assert element.attributes.get(name, "/").startswith("/")
            if element.tag == "link":
                assert element.attributes["href"].startswith("/static/")


def test_the_desk_is_the_only_thing_the_portal_needs() -> None:
    """Composable: the routes go into any application, beside others."""
    assert len(application(desk.quiet().desk).routes) > 15
