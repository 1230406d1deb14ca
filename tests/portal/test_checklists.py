"""The page of the checklist: ticking off, with a note, and taking back."""

from __future__ import annotations

from portal.visitor import Visitor, page_of
from simulators.scenes import HOTFIX

PAGE = f"/checklists/{HOTFIX}"


def test_facts_are_shown_and_the_rest_is_ticked_off(quiet: Visitor) -> None:
    page = quiet.page(PAGE)
    assert "OEM 2.1 is needed." in quiet.get(PAGE).text
    forms = {form.attributes["action"] for form in page.all("form")}
    assert f"{PAGE}/users" in forms
    assert f"{PAGE}/oem" not in forms
    answer = quiet.post(f"{PAGE}/users", {"note": "by mail"})
    assert answer.headers["location"] == f"{PAGE}#users"
    assert "Ticked off by ada" in quiet.get(PAGE).text
    assert "by mail" in quiet.get(PAGE).text
    quiet.post(f"{PAGE}/users", {"done": "no"})
    assert "Ticked off by" not in quiet.get(PAGE).text


def test_a_reader_sees_it_and_ticks_nothing(quiet: Visitor) -> None:
    quiet.sign_in("rea")
    assert {form.attributes["action"] for form in quiet.page(PAGE).all("form")} == {"/sign-out"}
    page_of(quiet.post(f"{PAGE}/users", {"note": ""}), 403)


def test_the_update_and_its_run_lead_to_it(quiet: Visitor) -> None:
    assert PAGE in {link.attributes["href"] for link in quiet.page(f"/updates/{HOTFIX}").all("a")}
