"""Long lists are folded sensibly: what can be acted on stays in sight."""

from __future__ import annotations

import msgspec
import pytest

from pitstop.portal.folding import fold
from portal.markup import Page
from portal.visitor import Visitor
from simulators import scenes
from simulators.scenes import FULL_2402, HOTFIX, RUN_DONE


@pytest.mark.parametrize(
    ("count", "keep", "shown", "more"),
    [
        (0, (), 0, 0),
        (4, (), 4, 0),
        (6, (), 6, 0),  # two are not worth a fold
        (7, (), 4, 3),
        (9, (8,), 5, 4),
        (9, (5, 6, 8), 9, 0),
        (9, (1, 2), 4, 5),
    ],
)
def test_the_first_stay_in_sight_and_those_to_keep(
    count: int, keep: tuple[int, ...], shown: int, more: int
) -> None:
    folded = fold(range(count), keep=lambda item: item in keep, shown=4)
    assert (len(folded.shown), len(folded.more)) == (shown, more)
    assert sorted(folded.shown + folded.more) == list(range(count))
    assert list(folded.shown) == sorted(folded.shown)
    assert set(keep) <= set(folded.shown)


def in_sight(page: Page, caption: str) -> list[str]:
    """The heads of the rows of the table with this caption."""
    (table,) = [table for table in page.all("table") if table.text.lstrip().startswith(caption)]
    return [head.text for head in page.all("th") if head.text in table.text and "scope" in head.attributes]


def test_a_catalogue_of_many_updates_keeps_in_sight_what_can_go_on(quiet: Visitor) -> None:
    scene = quiet.scene
    waiting = scene.updates[FULL_2402]
    many = {
        f"u{number}": msgspec.structs.replace(waiting, name=f"u{number}", title=f"Waits {number}")
        for number in range(40)
    }
    scene.updates = {**many, HOTFIX: scene.updates[HOTFIX]}
    page = quiet.page("/")
    assert "30 more updates, which need something first" in page.texts("summary")
    first = in_sight(page, "Updates that this system may go to")
    assert any("Lantern 2305, hotfix 1" in head for head in first)
    assert any("Waits 9" in head for head in first)
    assert "40 updates cannot go on yet" in quiet.get("/").text


def test_many_runs_and_many_installed_updates_are_folded(quiet: Visitor) -> None:
    scene = quiet.scene
    report, update = scene.reports[RUN_DONE], scene.updates[scenes.BASE]
    scene.reports = {
        f"r{number}": msgspec.structs.replace(
            report, run=msgspec.structs.replace(report.run, id=f"r{number}")
        )
        for number in range(40)
    }
    scene.updates = {
        f"u{number}": msgspec.structs.replace(update, name=f"u{number}", last_run=None)
        for number in range(40)
    }
    assert "15 earlier runs" in quiet.page("/runs").texts("summary")
    assert "30 earlier updates" in quiet.page("/").texts("summary")


def test_many_alerts_are_counted_and_their_page_has_them_all(failed: Visitor) -> None:
    alert = scenes.alert_failed()
    failed.scene.alerts = {str(number): msgspec.structs.replace(alert, id=str(number)) for number in range(8)}
    text = failed.get("/").text
    assert "All 8 alerts" in text
    assert text.count("Free at least 120 MB on n3") < 8
    assert len(failed.page("/alerts").texts("form")) == 9  # one each, and signing out
