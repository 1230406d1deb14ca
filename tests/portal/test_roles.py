"""Readers see everything and change nothing; the pages offer what the role may do."""

from __future__ import annotations

import pytest

from pitstop.model.accounts import Role
from portal.visitor import Visitor, page_of
from simulators.scenes import ALERT_FAILED, FULL_2402, HOTFIX, RUN_FAILED

SEEN = ["/", f"/updates/{HOTFIX}", f"/runs/{RUN_FAILED}", "/runs", "/alerts", "/health", "/nodes", "/sources"]


@pytest.mark.parametrize("path", [*SEEN, f"/updates/{FULL_2402}/apply"])
def test_a_reader_is_offered_no_change(failed: Visitor, path: str) -> None:
    failed.sign_in("rea")
    page = page_of(failed.get(path), 409 if path.endswith("/apply") else 200)
    assert [form.attributes["action"] for form in page.all("form")] == ["/sign-out"]
    assert "Audit" not in page.texts("a")


@pytest.mark.parametrize("path", SEEN)
def test_an_operator_is_offered_what_is_open(failed: Visitor, path: str) -> None:
    offered = {form.attributes["action"] for form in failed.page(path).all("form")} - {"/sign-out"}
    resume, check = f"/runs/{RUN_FAILED}/resume", "/check"
    assert (
        offered
        == {
            "/": {check},
            f"/updates/{HOTFIX}": {resume},
            f"/runs/{RUN_FAILED}": {resume},
            "/runs": set(),
            "/alerts": {f"/alerts/{ALERT_FAILED}/close"},
            "/health": {"/health/run"},
            "/nodes": set(),
            "/sources": {check},
        }[path]
    )


@pytest.mark.parametrize(
    "path",
    [
        "/check",
        f"/updates/{HOTFIX}/rerun",
        f"/runs/{RUN_FAILED}/resume",
        f"/alerts/{ALERT_FAILED}/close",
        "/health/run",
    ],
)
def test_a_change_by_a_reader_is_refused_on_its_page(failed: Visitor, path: str) -> None:
    failed.sign_in("rea")
    answer = failed.post(path)
    page_of(answer, 403)
    assert "rea is reader and may not change updates and alerts" in answer.text.replace("Rea", "rea", 1)
    assert "not-permitted" in answer.text
    assert failed.scene.entries[0].outcome == "refused: not-permitted"


def test_a_reader_sees_what_would_happen_but_no_button(quiet: Visitor) -> None:
    quiet.sign_in("rea")
    answer = quiet.get(f"/updates/{HOTFIX}/apply")
    assert page_of(answer).texts("button") == ["Sign out"]
    assert "Ask an operator" in answer.text


def test_support_may_not_see_the_system_but_is_led_to_what_it_may_read(quiet: Visitor) -> None:
    quiet.scene.accounts["sue"] = Role.SUPPORT
    quiet.sign_in("sue")
    assert quiet.get("/").headers["location"] == "/logs"
    page = page_of(quiet.get("/nodes"), 403)
    assert page.texts("a")[2:5] == ["Logs", "Cases", "Audit"]
    quiet.page("/logs")
    page_of(quiet.get("/account"))


SECTIONS = ["Update", "Support", "Path", "Runs", "Alerts", "Nodes", "Sources", "Imports"]


@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("rea", SECTIONS),
        ("ada", [*SECTIONS, "Audit"]),
        ("admin", [*SECTIONS, "Audit", "Accounts"]),
    ],
)
def test_sections_are_those_that_the_role_may_enter(quiet: Visitor, name: str, sections: list[str]) -> None:
    page = quiet.sign_in(name).page("/")
    known = {*SECTIONS, "Audit", "Accounts"}
    links = [(link.text.strip(), link.attributes["href"]) for link in page.all("a")]
    entered = {text: path for text, path in links if text in known}
    assert list(entered) == sections
    for path in entered.values():
        quiet.page(path)


def test_accounts_are_for_administrators(quiet: Visitor) -> None:
    page_of(quiet.get("/accounts"), 403)
    form = {"name": "eve", "role": "administrator", "password": "a long password", "again": "a long password"}
    page_of(quiet.post("/accounts", form), 403)
    assert "eve" not in quiet.scene.accounts
