"""A run: its page, how it fills, what is said when it fails, resuming it."""

from __future__ import annotations

import msgspec
import pytest

from pitstop.portal.pages.runs import announcement, title_of
from pitstop.portal.rendering import tail
from pitstop.service.desk import RUNS_LISTED
from pitstop.wire.views import RunReport, StepView
from portal.markup import Page
from portal.visitor import Visitor, page_of, visitor
from simulators import desk, scenes
from simulators.scenes import HOTFIX, RUN_DONE, RUN_FAILED, RUN_NOW

LIVE = f"/runs/{RUN_NOW}/live"


def stream_of(page: Page) -> str | None:
    (live,) = [element for element in page.elements if element.attributes.get("id") == "live"]
    return live.attributes.get("data-stream")


def with_output(report: RunReport, output: str) -> RunReport:
    """The report, its very first step having said ``output``."""
    first = report.steps[0]
    leaf = msgspec.structs.replace(first.steps[0], output=output)
    group = msgspec.structs.replace(first, steps=(leaf, *first.steps[1:]))
    return msgspec.structs.replace(report, steps=(group, *report.steps[1:]))


def test_the_page_of_a_run_in_progress_says_all_that_is_known(running: Visitor) -> None:
    answer = running.get(f"/runs/{RUN_NOW}")
    page = page_of(answer)
    for words in ("61 %", "8 min 5 s", "2 min 30 s to 4 min 30 s", "19 of 27", "Out of service", "n3"):
        assert words in answer.text
    assert "Waits for n3 to answer on /health since" in answer.text
    assert page.all("progress")[0].attributes["value"] == "61.4"
    assert stream_of(page) == LIVE
    assert page.texts("title")[0].startswith("61 % · ")


def test_a_late_step_is_said_to_be_late_and_how_long_it_usually_takes(running: Visitor) -> None:
    assert "Late" not in running.get(f"/runs/{RUN_NOW}").text
    running.scene.change_run(scenes.report_late())
    answer = running.get(f"/runs/{RUN_NOW}")
    page = page_of(answer)
    (late,) = [e.text for e in page.elements if e.attributes.get("class") == "line" and "Late" in e.text]
    assert "3.1.3.1.2" in late
    assert "usually 35 s to 1 min 5 s" in late
    board = answer.text[: answer.text.index("Steps</h2>")]
    for words in (
        "late: for 3 min 13 s now, usually 35 s to 1 min 5 s, given up at 09:36:47",
        'href="#step-3-1-3-1-2"',
    ):
        assert words in board
    assert "Late" in board


def test_what_comes_next_is_told(running: Visitor) -> None:
    page = running.page(f"/runs/{RUN_NOW}")
    assert page.texts("h3") == ["Doing now", "Next"]
    assert "3.1.3.1.5 Put back into service: n3" in page.texts("p")


def test_the_tree_shows_every_step_with_index_status_and_time(running: Visitor) -> None:
    page = running.page(f"/runs/{RUN_NOW}")
    lines = [e.text.split() for e in page.elements if e.attributes.get("class") == "line"]
    assert [line[0] for line in lines][:4] == ["1", "1.1", "1.2", "2"]
    assert len(lines) == 40
    assert ["3.1.3.1.4", "!Waiting"] in [line[:2] for line in lines]
    assert ["3.2", "○Pending"] in [line[:2] for line in lines]


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_a_run_that_has_ended_is_a_page_without_scripts(running: Visitor, end: str) -> None:
    assert len(running.page(f"/runs/{RUN_NOW}").all("script")) == 2
    report = running.scene.reports[RUN_NOW]
    run = msgspec.structs.replace(report.run, state=end, ended=scenes.NOW)
    running.scene.change_run(msgspec.structs.replace(report, run=run, remaining=None, now=()))
    page = running.page(f"/runs/{RUN_NOW}")
    assert stream_of(page) is None
    assert page.all("script") == []


def test_a_run_that_is_to_stop_says_how_long_it_is_until_it_stops(running: Visitor) -> None:
    assert "Time left" in running.page(f"/runs/{RUN_NOW}").texts("dt")
    report = running.scene.reports[RUN_NOW]
    run = msgspec.structs.replace(report.run, state="stopping")
    running.scene.change_run(msgspec.structs.replace(report, run=run))
    assert "Time until it stops" in running.page(f"/runs/{RUN_NOW}").texts("dt")


def test_a_screen_reader_hears_tenths_and_phases_not_every_step() -> None:
    report = scenes.report_now()
    said = {announcement(msgspec.structs.replace(report, percent=p)) for p in (60.0, 61.4, 69.9)}
    assert said == {"In progress, install, 60 percent."}
    assert announcement(scenes.report_failed()) == "Failed. Version 1.2305.0.10 to 1.2305.1.22."
    assert title_of(scenes.report_done()).startswith("Succeeded · ")


def test_the_announcement_is_a_live_region_that_stays_in_place(running: Visitor) -> None:
    page = running.page(f"/runs/{RUN_NOW}")
    (region,) = [e for e in page.elements if e.attributes.get("role") == "status"]
    assert region.attributes["id"] == "announcement"
    assert region.text == "In progress, install, 60 percent."


def test_a_failed_run_begins_with_what_failed_and_what_to_do(failed: Visitor) -> None:
    answer = failed.get(f"/runs/{RUN_FAILED}")
    page = page_of(answer)
    assert page.texts("h2")[0].endswith("The run has failed")
    assert page.texts("h3")[0] == "3.1.3.1.2 Replace files: n3"
    head = answer.text[: answer.text.index("Steps</h2>")]
    for words in ("n3 is out of service; n1 and n2 run", "Free at least 120 MB", "no space left on device"):
        assert words in head
    assert head.count('class="finding') == 1  # the run's own finding says the same: not twice
    assert "Resume" in page.texts("button")


def test_the_runs_own_finding_is_shown_where_it_says_more(failed: Visitor) -> None:
    report = failed.scene.reports[RUN_FAILED]
    own = msgspec.structs.replace(scenes.STEP_FAILED, what="Too many nodes failed")
    run = msgspec.structs.replace(report.run, finding=own)
    failed.scene.change_run(msgspec.structs.replace(report, run=run))
    assert "Too many nodes failed" in failed.get(f"/runs/{RUN_FAILED}").text


def test_a_failed_run_that_cannot_be_resumed_points_to_its_update(failed: Visitor) -> None:
    report = failed.scene.reports[RUN_FAILED]
    run = msgspec.structs.replace(report.run, actions=())
    failed.scene.change_run(msgspec.structs.replace(report, run=run))
    answer = failed.get(f"/runs/{RUN_FAILED}")
    assert page_of(answer).texts("button") == ["Sign out"]
    assert f'href="/updates/{HOTFIX}"' in answer.text[: answer.text.index("Steps</h2>")]


def test_resume_goes_on_with_it(failed: Visitor) -> None:
    answer = failed.post(f"/runs/{RUN_FAILED}/resume")
    assert answer.headers["location"] == f"/runs/{RUN_FAILED}?done=resumed"
    assert "The run goes on." in failed.get(answer.headers["location"]).text


def test_a_resume_that_is_refused_keeps_the_page(failed: Visitor) -> None:
    answer = failed.post(f"/runs/{RUN_DONE}/resume")
    page = page_of(answer, 409)
    assert "cannot be resumed" in answer.text
    assert "Lantern 2305" in page.texts("h1")[0]


def test_the_run_is_downloaded_in_the_shape_that_all_faces_share(failed: Visitor) -> None:
    answer = failed.get(f"/runs/{RUN_FAILED}/report.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == f'attachment; filename="run-{RUN_FAILED}.json"'
    assert msgspec.json.decode(answer.content, type=RunReport) == failed.scene.reports[RUN_FAILED]


def test_a_long_output_is_cut_in_the_tree_and_whole_on_its_own_page(running: Visitor) -> None:
    output = "\n".join(f"line {number} of many" for number in range(400))
    running.scene.change_run(with_output(running.scene.reports[RUN_NOW], output))
    answer = running.get(f"/runs/{RUN_NOW}")
    page_of(answer)
    assert "line 399 of many" in answer.text
    assert "line 350 of many" not in answer.text
    assert f'href="/runs/{RUN_NOW}/steps/1.1"' in answer.text
    assert "line 0 of many\nline 1 of many" in running.page(f"/runs/{RUN_NOW}/steps/1.1").all("pre")[0].text


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("", ""),
        ("one\ntwo\n", "one\ntwo"),
        ("\n".join("abcdefghijklmnop"), "\n".join("efghijklmnop")),
        ("x" * 2_000, "x" * 1_500),
        ("y" * 1_000 + "\n" + "z" * 1_000, "z" * 1_000),
    ],
)
def test_the_end_of_an_output_is_whole_lines_where_possible(text: str, end: str) -> None:
    assert tail(text) == end


def test_finished_parts_of_a_big_run_are_folded(running: Visitor) -> None:
    report = running.scene.reports[RUN_NOW]
    running.scene.change_run(msgspec.structs.replace(report, steps_all=400))
    page = running.page(f"/runs/{RUN_NOW}")
    is_open = {e.attributes["id"]: "open" in e.attributes for e in page.all("details")}
    assert is_open["step-1"]  # the first level always
    assert not is_open["step-3-1-1"]  # done
    assert is_open["step-3-1-3"]  # waiting
    assert not is_open["step-3-1-4"]  # to come


def test_marks_of_a_step_are_told(running: Visitor) -> None:
    def told(step: StepView) -> StepView:
        inner = tuple(told(child) for child in step.steps)
        return msgspec.structs.replace(step, steps=inner, attempt=2, found_done=True)

    report = running.scene.reports[RUN_NOW]
    running.scene.change_run(msgspec.structs.replace(report, steps=tuple(map(told, report.steps))))
    text = running.get(f"/runs/{RUN_NOW}").text
    assert "attempt 2" in text
    assert "was done already" in text


def test_older_runs_are_a_page_further(running: Visitor) -> None:
    assert "Older runs" not in running.get("/runs").text
    first = running.scene.reports[RUN_NOW]
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(RUNS_LISTED + 5)]
    heads = {id_: msgspec.structs.replace(first.run, id=id_) for id_ in ids}
    running.scene.reports = {id_: msgspec.structs.replace(first, run=head) for id_, head in heads.items()}
    (older,) = [link for link in page_of(running.get("/runs")).all("a") if link.text == "Older runs"]
    assert older.attributes["href"] == f"/runs?before={ids[RUNS_LISTED - 1]}"
    rest = running.get(older.attributes["href"] or "").text
    assert [id_ in rest for id_ in ids[-6:]] == [False, True, True, True, True, True]
    assert "Older runs" not in rest


def test_the_tasks_of_a_playbook_are_listed_below_their_step_and_on_its_page() -> None:
    with visitor(desk.playing()) as playing:
        playing.sign_in("ada")
        tree = playing.get(f"/runs/{RUN_NOW}")
        page_of(tree)
        own = playing.page(f"/runs/{RUN_NOW}/steps/3.1.3.1.2")
    for words in ("Light the lamp", "Ask for oil", "failed: there is no /etc/oil"):
        assert words in tree.text
    assert own.texts("caption") == ["What step 3.1.3.1.2 has done inside"]
    assert own.texts("tbody") != []
    assert "Failed: step" not in tree.text, "a task that has failed is not yet a step that has"
