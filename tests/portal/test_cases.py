"""The pages of support cases: whom to ask, opening one, what was said, and the file."""

from __future__ import annotations

import pytest

from portal.visitor import Visitor, page_of
from simulators.logs import FILE

CASE = "/cases/1"
FORM = {
    "title": "The second",
    "impact": "B",
    "text": "It fell",
    "contact": "Lumen",
    "run": "",
    "hours": "",
}


def test_the_page_says_whom_to_ask_and_what_the_policy_entitles_to(quiet: Visitor) -> None:
    text = quiet.get("/cases").text
    assert "The policy entitles this system to support." in text
    assert "+1 555 0100 (24 hours)" in text
    assert '<a href="https://northstar.example/cases"' in text


def test_a_case_is_opened_and_its_page_is_shown(quiet: Visitor) -> None:
    answer = quiet.post("/cases", FORM)
    assert answer.headers["location"] == "/cases/2?done=case-opened"
    assert "Being made" in quiet.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("form", "says"), [({"title": " "}, "title is one line"), ({"hours": "soon"}, "no number of hours")]
)
def test_what_is_refused_keeps_the_form(quiet: Visitor, form: dict[str, str], says: str) -> None:
    answer = quiet.post("/cases", FORM | form)
    page_of(answer, 400)
    assert says in answer.text
    assert "It fell</textarea>" in answer.text


def test_what_was_said_is_shown_as_text_by_whom(quiet: Visitor) -> None:
    text = quiet.get(CASE).text
    assert "It says &lt;b&gt;broken&lt;/b&gt;." in text
    assert "Northstar support (entered by ada)" in text
    quiet.post(f"{CASE}/entries", {"text": "Done.", "reference": "SR-43"})
    text = quiet.get(CASE).text
    assert "Open, their turn" in text
    assert "SR-43" in text


def test_a_closed_case_takes_no_word_until_it_is_open_again(quiet: Visitor) -> None:
    assert quiet.post(f"{CASE}/close").headers["location"] == f"{CASE}?done=case-closed"
    refused = quiet.post(f"{CASE}/entries", {"text": "Still."})
    page_of(refused, 409)
    assert "Reopen it first." in refused.text
    quiet.post(f"{CASE}/reopen")
    assert quiet.post(f"{CASE}/entries", {"text": "Still."}).status_code == 303


def test_the_file_is_downloaded_whole_and_from_where_it_broke(quiet: Visitor) -> None:
    whole = quiet.get(f"{CASE}/file")
    assert (whole.status_code, whole.content) == (200, FILE)
    part = quiet.get(f"{CASE}/file", headers={"Range": "bytes=4-"})
    assert (part.status_code, part.content) == (206, FILE[4:])


def test_a_reader_sees_none(quiet: Visitor) -> None:
    quiet.sign_in("rea")
    page_of(quiet.get("/cases"), 403)
