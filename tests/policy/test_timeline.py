"""The support timeline: released when, supported until when, known or forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pitstop.model.releases import SupportEnd, SupportException
from pitstop.policy.release_dates import Days
from pitstop.policy.timeline import Bar, timeline
from policy.building import chain, full, graph_of, moment, on_day, platform, system
from policy.hub_history import history

DAYS = ("2024-01-10", "2024-03-12", "2024-04-09", "2024-07-09", "2024-10-08")


def bars(**policy: object) -> dict[str, Bar]:
    builds = [
        full(f"1.{n}.0.1", f, released=on_day(d)) for n, (f, d) in enumerate(zip("abcde", DAYS, strict=True))
    ]
    catalogue = replace(platform(chain(*"abcde"), *builds, issued=moment("2024-11-01")), **policy)  # type: ignore[arg-type]
    graph = graph_of(catalogue)
    drawn = timeline(graph, system(graph, "1.3.0.1", at=moment("2024-11-01")))
    return {bar.family: bar for bar in drawn.bars}


def exactly(text: str) -> Days:
    return Days(date.fromisoformat(text), date.fromisoformat(text))


def test_support_ends_the_day_before_the_third_family_after_it() -> None:
    drawn = bars()
    assert drawn["a"].last_day == exactly("2024-07-08")
    assert drawn["b"].last_day == exactly("2024-10-07")
    assert [family for family, bar in drawn.items() if bar.last_day is None] == ["c", "d", "e"]
    assert [family for family, bar in drawn.items() if bar.supported] == ["c", "d", "e"]
    assert [family for family, bar in drawn.items() if bar.current] == ["d"]


def test_what_has_not_ended_is_forecast() -> None:
    drawn = bars()
    assert all((bar.forecast is None) is (bar.last_day is not None) for bar in drawn.values())


def test_a_dated_exception_ends_on_its_day() -> None:
    until = SupportException(behind=3, while_newest="d", last_day=date(2024, 8, 31))
    assert bars(support_exceptions=(until,))["a"].last_day == exactly("2024-08-31")


def test_an_exception_without_a_day_ends_with_the_next_family() -> None:
    while_d = SupportException(behind=3, while_newest="d")
    assert bars(support_exceptions=(while_d,))["a"].last_day == exactly("2024-10-07")


def test_a_fixed_end_cuts_a_bar_off() -> None:
    drawn = bars(support_ends=(SupportEnd(date(2024, 9, 30), ("c",)),))
    assert drawn["c"].last_day == exactly("2024-09-30")
    assert not drawn["c"].supported


def test_with_months_alone_the_last_day_is_a_range() -> None:
    graph = graph_of(history())
    drawn = {bar.family: bar for bar in timeline(graph, system(graph)).bars}
    assert drawn["2108"].released == Days(date(2021, 8, 1), date(2021, 8, 31))
    assert drawn["2108"].last_day == Days(date(2023, 5, 31), date(2023, 6, 29))
    assert drawn["1908"].last_day == exactly("2020-09-25")


def test_the_last_few_families_alone() -> None:
    graph = graph_of(history())
    assert [bar.family for bar in timeline(graph, system(graph), last=2).bars] == ["2306", "2311"]
