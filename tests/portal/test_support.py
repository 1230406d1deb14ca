"""The support page: today, another day, and the families drawn and told."""

from __future__ import annotations

import pytest

from policy.hub_history import history
from portal.visitor import Visitor, page_of
from simulators.scenes import EXPRESS, HOTFIX


def test_it_says_where_the_system_stands_and_why(quiet: Visitor) -> None:
    answer = quiet.get("/support")
    page = page_of(answer)
    for words in ("Out of support", "N-3", "Family 2305 is N-3", "2402, 2311, 2308", "As known on"):
        assert words in answer.text
    assert page.texts("h2")[1] == "The least that brings it into support"
    links = [link.attributes["href"] for link in page.all("a")]
    assert [link for link in links if link.startswith("/updates/")][:2] == [
        f"/updates/{HOTFIX}",
        f"/updates/{EXPRESS}",
    ]
    assert "/path?to=supported" in links
    assert "hotfix-overdue" in answer.text


def test_the_families_are_drawn_twice_for_wide_and_narrow_and_told_in_a_table(quiet: Visitor) -> None:
    page = quiet.page("/support")
    drawings = [svg for svg in page.all("svg") if svg.attributes.get("role") == "img"]
    assert [svg.attributes["class"] for svg in drawings] == ["drawing wide-only", "drawing narrow-only"]
    for svg in drawings:
        assert all(family in svg.text for family in ("2302", "2305", "2308", "2311", "2402"))
        assert "Support of each family over time" in svg.text
        assert "▶ 2305" in svg.text
    rows = [" ".join(row.text.split()) for row in page.all("tr")]
    assert "2305 this system ○N-3, not supported 2023-06-08 Ended, last day 2024-05-07" in rows
    assert any(row.startswith("2402 ✓N 2024-04-23 Supported until some day from 2024-12-27") for row in rows)
    assert any(row.startswith("N-3 is supported while 2402 is the newest, until 2024-05-07") for row in rows)


def test_another_day_is_asked_about_in_the_address(quiet: Visitor) -> None:
    answer = quiet.get("/support?at=2024-05-01")
    page = page_of(answer)
    assert "The past is judged by what is known today." in answer.text
    assert "✓Supported N-3 on 2024-05-01" in " ".join(page.texts("p"))
    (field,) = [field for field in page.all("input") if field.attributes["name"] == "at"]
    assert field.attributes["value"] == "2024-05-01"
    assert "Asked about: 2024-05-01" in answer.text
    future = quiet.get("/support?at=2025-06-01")
    page_of(future)
    assert "(forecast)" in future.text


@pytest.mark.parametrize("day", ["1990-01-01", "2100-12-31"])
def test_far_days_have_an_answer_too(quiet: Visitor, day: str) -> None:
    quiet.page(f"/support?at={day}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("soon", "is not a day"),
        ("2024-02-30", "is not a day"),
        ("9999-12-31", "too far away"),
        ("0001-01-01", "too far away"),
        ("<script>", "is not a day"),
    ],
)
def test_what_is_no_day_is_refused_on_the_page(quiet: Visitor, text: str, says: str) -> None:
    answer = quiet.get("/support", params={"at": text})
    page = page_of(answer, 400)
    assert says in answer.text
    assert page.texts("h1") == ["Support"]
    assert "Out of support" in answer.text


def test_a_system_that_knows_no_family_says_so(quiet: Visitor) -> None:
    quiet.scene.records.catalogues.known.clear()
    answer = quiet.get("/support")
    page = page_of(answer)
    assert "Nothing is known of the platform" in answer.text
    assert not [svg for svg in page.all("svg") if svg.attributes.get("role") == "img"]


def test_a_long_history_is_shortened_and_can_be_had_whole(quiet: Visitor) -> None:
    quiet.scene.records.catalogues.known = {"hub": history()}
    shown, whole = quiet.get("/support?at=2024-05-01"), quiet.get("/support?families=all&at=2024-05-01")
    for answer in (shown, whole):
        page_of(answer)
    assert "Show 17 older families too" in shown.text
    assert 'href="/support?families=all&amp;at=2024-05-01"' in shown.text
    assert ("1802" in shown.text, "1802" in whole.text) == (False, True)


def test_support_is_for_who_may_see_the_system(nobody: Visitor) -> None:
    assert nobody.get("/support?at=2024-05-01").headers["location"] == (
        "/sign-in?next=%2Fsupport%3Fat%3D2024-05-01"
    )
