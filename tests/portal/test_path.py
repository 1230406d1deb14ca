"""The path page: target and objective chosen, the path drawn and told, and its calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import msgspec
import pytest

from pitstop.policy.windows import MaintenanceWindow
from pitstop.portal.pages.path import entries
from pitstop.service.question import PathQuestion
from portal.markup import Page
from portal.visitor import Visitor, page_of
from simulators.aurora import LANTERN
from simulators.scenes import FULL_2402, HOTFIX, NOW


def rows(page: Page) -> list[str]:
    return [" ".join(row.text.split()) for row in page.all("tr")]


def chosen(page: Page) -> list[str]:
    return [option.attributes["value"] for option in page.all("option") if "selected" in option.attributes]


def drawings(page: Page) -> list[str]:
    return [svg.text for svg in page.all("svg") if svg.attributes.get("role") == "img"]


def accept_the_risk(quiet: Visitor) -> None:
    quiet.scene.records.declarations.accept_risk("sessions-in-memory", "short ones", "ada", NOW)


def test_the_way_to_the_newest_is_drawn_and_told(quiet: Visitor) -> None:
    accept_the_risk(quiet)
    answer = quiet.get("/path")
    page = page_of(answer)
    assert "5 updates from 1.2305.0.10 to 1.2402.0.8" in answer.text
    assert chosen(page) == ["newest", "least-time", ""]
    told = rows(page)
    assert any(row.startswith("1 Lantern 2305, hotfix 1 Hotfix 1.2305.0.10 → to 1.2305.1.22") for row in told)
    assert any("measured here" in row for row in told if row.startswith("4 Lantern 2311"))
    wide, narrow, *_ = drawings(page)
    for drawing in (wide, narrow):
        for words in ("Now", "◆ gate", "1.2311.0.9", "◎ target", "↻ restarts", "to 7 min"):
            assert words in drawing
    assert "not reached" not in wide


def test_what_stands_in_the_way_is_told_first_and_drawn(quiet: Visitor) -> None:
    answer = quiet.get("/path")
    page = page_of(answer)
    assert page.texts("h2")[1] == "What stands in the way"
    assert "risk-unknown" in answer.text
    assert "✕ not reached" in drawings(page)[0]
    assert "◎ target" not in drawings(page)[0]
    assert "1 release between here and there left out" in page.texts("summary")


@pytest.mark.parametrize(
    ("query", "selected", "says"),
    [
        ("to=supported", ["supported", "least-time", ""], "2 updates from 1.2305.0.10 to 1.2308.0.15"),
        (f"to={HOTFIX}&objective=windows", [HOTFIX, "fewest-windows", ""], "1 update from"),
        ("to=1.2305.1.22&objective=fewest-restarts", [HOTFIX, "fewest-restarts", ""], "The fewest restarts"),
        ("to=1.2305.0.10", ["Northstar1.2305.0.10", "least-time", ""], "Nothing to do"),
        ("to=supported&recommended=yes", ["supported", "least-time", "yes"], "2 updates"),
        ("recommended=no", ["newest", "least-time", "no"], "updates from"),
    ],
)
def test_target_objective_and_advice_are_chosen_in_the_address(
    quiet: Visitor, query: str, selected: list[str], says: str
) -> None:
    answer = quiet.get(f"/path?{query}")
    assert chosen(page_of(answer)) == selected
    assert says in answer.text


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("to=none", 404, "none"),
        ("to=%3Cscript%3E", 404, "&lt;script&gt;"),
        ("objective=beauty", 400, "is no objective"),
    ],
)
def test_what_cannot_be_asked_is_refused_on_the_page(
    quiet: Visitor, query: str, status: int, says: str
) -> None:
    answer = quiet.get(f"/path?{query}")
    page = page_of(answer, status)
    assert says in answer.text
    assert page.texts("h1") == ["Path"]
    assert page.texts("button")[-1] == "Show the path"


def test_only_what_can_be_gone_to_is_offered_as_a_target(quiet: Visitor) -> None:
    values = [option.attributes["value"] for option in quiet.page("/path").all("option")]
    assert FULL_2402 in values
    assert "Northstar1.2302.0.4" not in values  # behind the system
    assert "Northstar1.2308.1.3" not in values  # withdrawn


def test_the_calendar_shows_windows_and_those_that_are_closed_in_their_order(quiet: Visitor) -> None:
    page = quiet.page("/path")
    told = rows(page)
    closed = next(row for row in told if "Closed exams week" in row)
    assert "Sat 2024-05-18 22:00 CEST" in closed
    first = next(row for row in told if row.startswith("1 Lantern 2305, hotfix 1 Sat"))
    assert "Sat 2024-05-25 22:00 CEST Sat 2024-05-25 22:07 CEST" in first
    assert told.index(closed) < told.index(first)
    strips = drawings(page)[2:]
    assert len(strips) == 2
    assert "1, 2" in strips[0]
    assert "Last day of support, 2024-12-31" in strips[0]


def test_what_fits_into_no_window_is_told_with_what_to_do(quiet: Visitor) -> None:
    short = MaintenanceWindow(
        "Coffee break", datetime.fromisoformat("2024-01-06T10:00"), "FREQ=DAILY", timedelta(minutes=2), "UTC"
    )
    quiet.scene.records.declarations.set_times((short,), (), "ada", NOW)
    answer = quiet.get("/path")
    page = page_of(answer)
    assert any("Open a longer window" in row for row in rows(page))
    assert "not all fit" in answer.text


def test_without_windows_the_path_is_still_shown(quiet: Visitor) -> None:
    quiet.scene.records.declarations.set_times((), (), "ada", NOW)
    answer = quiet.get("/path")
    page = page_of(answer)
    assert "No maintenance window is declared" in answer.text
    assert len(drawings(page)) == 2


@pytest.mark.parametrize(
    ("deadline", "place"), [("2024-05-01", 0), ("2024-05-24", 1), ("2024-05-25", 3), ("2025-01-01", 5)]
)
def test_the_deadline_stands_in_its_place_among_the_entries(
    quiet: Visitor, deadline: str, place: int
) -> None:
    actor = quiet.scene.desk.accounts.actor(quiet.scene.token("ada"), "test")
    calendar = quiet.scene.desk.policy.calendar(actor, PathQuestion())
    marked = entries(msgspec.structs.replace(calendar, deadline=date.fromisoformat(deadline)))
    (line,) = [entry for entry in marked if entry.booking is None and entry.closed is None]
    assert marked.index(line) == place
    assert list(marked) == sorted(marked, key=lambda entry: entry.at)


def test_a_system_in_support_sees_its_deadline(quiet: Visitor) -> None:
    longer = replace(LANTERN.support_exceptions[0], last_day=date(2024, 5, 28))
    known = quiet.scene.records.catalogues.known
    known["northstar"] = replace(LANTERN, support_exceptions=(longer,))
    answer = quiet.get("/path")
    page = page_of(answer)
    assert '<time datetime="2024-05-28">2024-05-28</time>, a fixed day' in answer.text
    assert any(row.startswith("!Last day of support as the system is 2024-05-28") for row in rows(page))
    assert "Last day of support, 2024-05-28" in drawings(page)[2]
