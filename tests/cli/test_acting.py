"""Installing, resuming, watching, closing: what is asked, what is printed where, how it ends."""

from __future__ import annotations

import json
import time
from threading import Thread, Timer

import msgspec
import pytest

from pitstop.model.findings import Severity
from pitstop.model.updates import UpdateState
from pitstop.wire.alert_views import ChannelView
from pitstop.wire.views import RunReport, RunView, StepView, UpdateView
from simulators import scenes
from simulators.desk import PASSWORD, Scene

from .conftest import Pitstop


def test_an_install_prints_the_runs_id_alone_on_standard_output(pitstop: Pitstop, scene: Scene) -> None:
    ended = pitstop("update", "install", scenes.FIRMWARE, "--yes")
    run_id = ended.out.strip()
    assert (ended.status, scene.reports[run_id].run.update) == (0, scenes.FIRMWARE)
    assert f"pitstop run watch {run_id[:8]}" in ended.err


def test_an_install_without_a_terminal_needs_yes(pitstop: Pitstop, scene: Scene) -> None:
    ended = pitstop("update", "install", scenes.FIRMWARE)
    assert (ended.status, scene.calls["updates.start"]) == (2, 0)
    assert "--yes" in ended.err


def test_an_update_that_cannot_go_on_is_refused_before_anybody_is_asked(
    pitstop: Pitstop, scene: Scene
) -> None:
    ended = pitstop("update", "install", scenes.EXPRESS)
    assert (ended.status, scene.calls["updates.start"]) == (4, 0)
    assert f"Install {scenes.HOTFIX} first." in ended.err


def test_a_failed_install_is_pointed_to_resume(pitstop: Pitstop) -> None:
    ended = pitstop("update", "install", scenes.HOTFIX, "--yes")
    assert "hint: Open now: pitstop run resume c4a1be77" in ended.err


@pytest.mark.parametrize("verb", ["prepare", "check"])
def test_prepare_and_check_need_no_consent(pitstop: Pitstop, scene: Scene, verb: str) -> None:
    state = UpdateState.READY if verb == "prepare" else UpdateState.READY_TO_INSTALL
    scene.set_state(scenes.FIRMWARE, state)
    ended = pitstop("update", verb, scenes.FIRMWARE, "--json")
    run = msgspec.json.decode(ended.out, type=RunView)
    assert (ended.status, run.purpose) == (0, "prepare" if verb == "prepare" else "health-check")


def test_a_reader_is_refused_with_the_roles_that_may(pitstop: Pitstop) -> None:
    pitstop.sign_in("rea")
    ended = pitstop("update", "install", scenes.FIRMWARE, "--yes")
    assert ended.status == 5
    assert "operator" in ended.err


def test_resume_takes_the_newest_run_and_keeps_its_id(pitstop: Pitstop) -> None:
    ended = pitstop("run", "resume")
    assert (ended.status, ended.out) == (0, f"{scenes.RUN_FAILED}\n")
    assert "attempt 2" in ended.err
    assert pitstop("run", "resume").status == 4


@pytest.mark.parametrize(("given", "status"), [("c4a1", 0), ("C4A1BE", 0), ("ffff", 3)])
def test_a_run_is_known_by_the_beginning_of_its_id(pitstop: Pitstop, given: str, status: int) -> None:
    assert pitstop("run", "show", given).status == status


def test_a_beginning_that_several_runs_have_is_refused(pitstop: Pitstop, scene: Scene) -> None:
    twin = scenes.RUN_FAILED[:-1] + "9"
    scene.reports[twin] = scenes.a_report(twin, scenes.HOTFIX, "failed", started=scenes.NOW)
    ended = pitstop("run", "show", "c4a1")
    assert (ended.status, "2 runs begin with c4a1" in ended.err) == (2, True)


def test_without_any_run_there_is_none_to_show(pitstop: Pitstop, scene: Scene) -> None:
    scene.reports.clear()
    assert pitstop("run", "show").status == 3
    assert pitstop("run", "list").status == 0


def test_an_alert_is_closed(pitstop: Pitstop) -> None:
    ended = pitstop("alert", "close", scenes.ALERT_FAILED)
    assert (ended.status, ended.out, ended.err) == (0, "", f"Alert {scenes.ALERT_FAILED} is closed.\n")
    assert pitstop("alert", "list").err == "No active alerts.\n"
    assert "closed 2024-05-14 09:30:00 UTC by ada" in pitstop("alert", "list", "--all").out
    assert pitstop("alert", "close", "ffff").status == 3


def test_a_source_that_could_not_be_looked_into_ends_the_check_with_7(pitstop: Pitstop) -> None:
    ended = pitstop("source", "check")
    assert ended.status == 7
    assert "lumen.example does not answer" in ended.out
    assert "1 source could not be looked into: lumen" in ended.err


def test_accounts_are_added_listed_and_given_new_passwords(pitstop: Pitstop, scene: Scene) -> None:
    pitstop.sign_in("admin")
    new = "a long enough password"
    assert pitstop("user", "add", "bea", "--role", "reader", "--password-stdin", stdin=new).status == 0
    assert "bea    reader" in pitstop("user", "list").out
    assert pitstop("user", "add", "bea", "--role", "reader", "--password-stdin", stdin=new).status == 4
    assert pitstop("user", "password", "--password-stdin", stdin=f"{PASSWORD}\n{new}\n").status == 0
    assert scene.passwords["admin"] == new


def test_the_audit_log_tells_what_was_done_from_here(pitstop: Pitstop) -> None:
    pitstop("alert", "close", scenes.ALERT_FAILED)
    ended = pitstop("audit", "list", "--limit", "1")
    entry = ended.out.splitlines()[1]
    assert entry.split(maxsplit=3)[3].split() == [
        "ada",
        "close",
        "alert",
        "done",
        "api",
        "127.0.0.1",
        "a11e27",
    ]


def test_release_notes_are_printed_as_they_are(pitstop: Pitstop) -> None:
    assert pitstop("update", "notes", scenes.HOTFIX).out == scenes.NOTES


def test_a_fresh_system_is_adopted(pitstop: Pitstop, scene: Scene) -> None:
    pitstop.sign_in("admin")
    scene.system = msgspec.structs.replace(scene.system, package_versions=(), current_version="")
    ended = pitstop("system", "adopt", "Lantern=1.2305.0.10")
    assert (ended.status, ended.err) == (0, "Aurora was adopted.\n")
    assert "1.2305.0.10" in ended.out


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("system show", dict),
        ("update list", list),
        (f"update show {scenes.HOTFIX}", dict),
        ("run list", list),
        ("run show", dict),
        ("run events", list),
        ("alert list", list),
        ("source list", list),
        ("audit list", list),
        ("whoami", dict),
    ],
)
def test_every_query_has_json_that_is_indented_and_stable(
    pitstop: Pitstop, arguments: str, kind: type
) -> None:
    ended = pitstop(*arguments.split(), "--json")
    assert (ended.status, ended.err) == (0, "")
    value = json.loads(ended.out)
    assert isinstance(value, kind)
    assert ended.out == json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    assert pitstop(*arguments.split(), "--json").out == ended.out


def test_json_is_the_wire_types_as_the_api_gives_them(pitstop: Pitstop, scene: Scene) -> None:
    updates = msgspec.json.decode(pitstop("update", "list", "--json").out, type=tuple[UpdateView, ...])
    assert updates == tuple(scene.updates.values())
    assert msgspec.json.decode(pitstop("run", "show", "--json").out, type=RunReport) == scenes.report_failed()


def test_a_run_that_is_to_stop_says_how_long_it_is_until_it_stops(pitstop: Pitstop, scene: Scene) -> None:
    report = scenes.report_now()
    run = msgspec.structs.replace(report.run, state="stopping")
    scene.reports = {scenes.RUN_NOW: msgspec.structs.replace(report, run=run)}
    assert "until it stops" in " ".join(pitstop("run", "show").out.split())


# --- watching --------------------------------------------------------------------------------------------


def later(scene: Scene, **changes: object) -> None:
    """Let the running run change in a moment: its waiting step is done, and the head as told."""
    report = scenes.report_now()

    def done(step: StepView) -> StepView:
        inner = tuple(done(child) for child in step.steps)
        if step.status != "waiting" or inner:
            return msgspec.structs.replace(step, steps=inner)
        return msgspec.structs.replace(
            step, status="succeeded", waiting=None, ended=scenes.NOW, seconds=133.0
        )

    run = msgspec.structs.replace(report.run, **changes)
    changed = msgspec.structs.replace(report, run=run, steps=tuple(done(step) for step in report.steps))
    Thread(target=_once_seen, args=(scene, changed)).start()


def _once_seen(scene: Scene, changed: RunReport) -> None:
    """Whoever watches looks for a second time only after having shown what the first look found."""
    limit = time.monotonic() + 60
    while scene.calls["runs.revision"] < 3 and time.monotonic() < limit:
        time.sleep(0.02)
    scene.change_run(changed)


@pytest.fixture
def watched(scene: Scene) -> Scene:
    scene.reports = {scenes.RUN_NOW: scenes.report_now()}
    return scene


def test_a_watch_without_a_terminal_prints_a_line_for_each_change(pitstop: Pitstop, watched: Scene) -> None:
    later(watched, state="succeeded", ended=scenes.NOW)
    ended = pitstop("run", "watch")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines()[-2:] == [
        "09:30:00  [done]    3.1.3.1.4 Answers as healthy: n3  (2 min 13 s)",
        "09:30:00  Succeeded: Northstar1.2305.1.22, 61 %",
    ]


def test_a_watch_of_a_run_that_fails_ends_with_8(pitstop: Pitstop, watched: Scene) -> None:
    later(watched, state="failed", ended=scenes.NOW, finding=scenes.STEP_FAILED)
    ended = pitstop("run", "watch")
    assert ended.status == 8
    assert "no space left on device" in ended.err
    assert "pitstop run resume 7d3c9a52" in ended.err


def test_a_watch_can_print_json_lines(pitstop: Pitstop, watched: Scene) -> None:
    later(watched, state="succeeded", ended=scenes.NOW)
    reports = [
        msgspec.json.decode(line, type=RunReport)
        for line in pitstop("run", "watch", "--json").out.splitlines()
    ]
    assert [report.run.state for report in reports] == ["in-progress", "succeeded"]
    assert [report.run.revision for report in reports] == [40, 41]


def test_a_resume_can_be_watched(pitstop: Pitstop, scene: Scene) -> None:
    def end() -> None:
        report = scene.reports[scenes.RUN_FAILED]
        run = msgspec.structs.replace(report.run, state="succeeded", ended=scenes.NOW)
        scene.change_run(msgspec.structs.replace(report, run=run))

    Timer(0.3, end).start()
    ended = pitstop("run", "resume", "--watch")
    assert ended.status == 0
    assert f"Run {scenes.RUN_FAILED} goes on, attempt 2." in ended.err
    assert ended.out.startswith("In progress: Northstar1.2305.1.22")


def test_an_alert_is_shown_step_by_step_and_closed_with_a_reason(pitstop: Pitstop, scene: Scene) -> None:
    scene.alerts = {scenes.ALERT_FAILED: scenes.alert_failed()}
    shown = pitstop("alert", "show", scenes.ALERT_FAILED)
    assert shown.status == 0
    assert "  1.  It is a known issue: A node is not given up" in shown.out
    assert "  3.  Free at least 120 MB on n3 under /opt" in shown.out
    assert f"The run: /runs/{scenes.RUN_FAILED}" in shown.out
    ended = pitstop("alert", "close", scenes.ALERT_FAILED, "--reason", "on Monday")
    assert ended.status == 0
    assert scene.alerts[scenes.ALERT_FAILED].reason == "on Monday"
    assert "by ada: on Monday" in pitstop("alert", "list", "--all").out
    assert pitstop("alert", "show", "nothing").status == 3


def test_a_channel_is_listed_and_tried(pitstop: Pitstop, scene: Scene) -> None:
    assert "docs/alerts.md" in pitstop("alert", "channel", "list").err
    scene.channels["mail"] = ChannelView(
        name="mail",
        says="e-mail to ada",
        at_least=Severity.WARNING,
        failures=2,
        problem="nobody there",
        due=None,
        took=None,
    )
    assert "failed 2 times: nobody there" in pitstop("alert", "channel", "list").out
    ended = pitstop("alert", "channel", "test", "mail")
    assert (ended.status, ended.err.strip()) == (0, "mail took it: e-mail to ada.")
    assert "works" in pitstop("alert", "channel", "list").out
    assert pitstop("alert", "channel", "test", "none").status == 3
