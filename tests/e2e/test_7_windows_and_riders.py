"""On a machine of another locale: a new family and its hotfix in one run that keeps to windows; and a start
though a part of the database cannot be read any more."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from demo import processes, stage
from e2e.conftest import Operator
from pitstop.model.runs import WindowUse
from pitstop.model.updates import Verb
from pitstop.store.database import DATABASE_NAME
from pitstop.wire.policy_views import WindowsChange, WindowView
from pitstop.wire.views import RunReport
from simulators.locales import can_be_made, made

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("abroad")]

LOCALE = "tr_TR.ISO-8859-9"
FAMILY, HOTFIX = "Northstar1.2604.0.21", "Northstar1.2604.2.26"
PATIENCE = 120.0


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """All of its stage is of one locale, where that can be made; its family takes its hotfix along."""
    folder = tmp_path_factory.mktemp("abroad")
    with pytest.MonkeyPatch.context() as patched:
        if can_be_made(LOCALE):
            patched.setenv("LOCPATH", str(made(folder, LOCALE)))
        for name in ("LANG", "LC_ALL"):
            patched.setenv(name, LOCALE)
        patched.setenv("TZ", "Asia/Kathmandu")
        stage.build(folder / "demo")
        take_along(folder / "demo" / "publishers")
        with stage.running(folder / "demo") as running:
            yield Operator(running)


def take_along(publishers: Path) -> None:
    fields = publishers / "rides.toml"
    fields.write_text("hotfix_rides = true\n")
    keys = ("--publisher", str(publishers / "northstar"), "--passphrase-file", str(publishers / "passphrase"))
    said = ("--required-hotfix", "none", "--fields", str(fields))
    processes.call(["publish", "revise", FAMILY.removeprefix("Northstar"), *said, *keys])


def declare(operator: Operator, *openings: tuple[datetime, timedelta]) -> None:
    """These windows alone."""
    windows = tuple(
        WindowView(f"window {number}", first.replace(tzinfo=None), "", length.total_seconds(), "UTC")
        for number, (first, length) in enumerate(openings, start=1)
    )
    with operator.client() as client:
        client.set_windows(WindowsChange(windows, (), client.windows().revision))


def until(operator: Operator, run_id: str, *states: str) -> RunReport:
    end = time.monotonic() + PATIENCE
    with operator.client() as client:
        while (report := client.run(run_id)).run.state not in states:
            assert time.monotonic() < end, f"{report.run.state}: {report.now}"
            time.sleep(0.1)
    return report


def test_a_window_that_closes_leaves_every_node_whole_and_the_next_one_ends_the_run(abroad: Operator) -> None:
    """The hotfix that rides goes on in the same run."""
    now = datetime.now(UTC)
    declare(abroad, (now - timedelta(hours=1), timedelta(hours=5)))
    with abroad.client() as client:
        run_id = client.start(FAMILY, Verb.APPLY, WindowUse.SPREAD).id
    first_done(abroad)
    closes, opens = datetime.now(UTC) + timedelta(seconds=1), datetime.now(UTC) + timedelta(seconds=8)
    begin = now - timedelta(hours=1)
    declare(abroad, (begin, closes - begin), (opens, timedelta(hours=5)))
    report = until(abroad, run_id, "stopped")
    assert report.run.goes_on is not None
    assert abs(report.run.goes_on - opens) < timedelta(seconds=1)
    assert report.run.with_updates == (HOTFIX,)
    between = abroad.versions()
    assert sorted(set(between.values())) == ["1.2601.0.12", "1.2604.0.21"], (
        "some have it, whole, and some not"
    )
    assert (abroad.drained(), report.nodes_out_of_service) == ([], ())
    assert abroad.versions() == between, "and nothing goes on meanwhile"
    report = until(abroad, run_id, "succeeded", "failed")
    assert report.run.state == "succeeded"
    assert set(abroad.versions().values()) == {"1.2604.2.26"}
    assert abroad.drained() == []
    states = {update["name"]: update["state"] for update in abroad.asked("update", "list")}
    assert (states[FAMILY], states[HOTFIX]) == ("Installed", "Installed")
    assert [run["id"] for run in abroad.asked("run", "list")] == [run_id], "all of it in one run"
    with abroad.client() as client:
        kinds = [event.kind for event in client.events(run_id)]
    assert kinds.count("run-resumed") == 1


def first_done(operator: Operator) -> None:
    """Until a node says that it has the new version."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):  # one is being started anew
            if "1.2604.0.21" in operator.versions().values():
                return
        time.sleep(0.1)
    raise AssertionError(f"no node has it within {PATIENCE:.0f} s")


def test_a_start_does_not_end_over_what_cannot_be_read_any_more(abroad: Operator) -> None:
    """Reports of earlier runs that could not be read had to be cleared away by hand
    (Azure/AzureLocal-Supportability 143, ClearCorruptReports)."""
    abroad.reach(HOTFIX)
    (run_id,) = [run["id"] for run in abroad.asked("run", "list")]
    service = abroad.stage.service
    assert service is not None
    service.stop()
    database = sqlite3.connect(abroad.stage.folder / "state" / DATABASE_NAME)
    with database:
        for table, column in (("runs", "riders"), ("steps", "args"), ("check_results", "result")):
            database.execute(f"UPDATE {table} SET {column} = '{{\"half of it'")  # noqa: S608
        database.execute("UPDATE events SET data = '{'")
    database.close()
    abroad.stage.start_service()
    (run,) = abroad.asked("run", "list")
    assert (run["state"], run["finding"]["code"]) == ("succeeded", "record-damaged")
    shown = abroad.pitstop("run", "show", run_id)
    assert "cannot be read any more" in shown
    assert "backup" in shown
    assert all(update["state"] for update in abroad.asked("update", "list"))
    report = abroad.ended(install_next(abroad))
    assert report.run.state == "succeeded", "and the next run begins"


def install_next(operator: Operator) -> str:
    updates = operator.asked("update", "list")
    names = [each["name"] for each in updates if any(act["verb"] == "apply" for act in each["actions"])]
    return operator.install(names[0])


def test_logs_are_readable_under_a_foreign_locale(abroad: Operator) -> None:
    logs = list((abroad.stage.folder / "state").glob("**/service.log"))
    assert logs
    for log in logs:
        assert "Traceback" not in log.read_text(encoding="utf-8")
    abroad.pitstop("run", "list")
