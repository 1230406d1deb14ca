"""The service of logs: what may be asked, what happens by itself, what stays and what goes."""

from __future__ import annotations

import asyncio
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import sqlite
from pitstop.daemon.stored import Stored, open_state
from pitstop.diagnostics.shelf import FileShelf
from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import (
    Conflict,
    InvalidInput,
    InvalidMove,
    NoSpace,
    NotFound,
    NotPermitted,
    Unreachable,
)
from pitstop.model.logs import (
    BUNDLE_MOVES,
    Bundle,
    BundleEvent,
    BundleState,
    Collected,
    Outcome,
    Wanted,
    Why,
    moved,
)
from pitstop.model.releases import ReleaseId
from pitstop.model.runs import Run, RunPurpose, RunState
from pitstop.model.system import Node, SystemDescription
from pitstop.model.versions import Version
from pitstop.ports.logs import FILE, Gathered, Report
from pitstop.service.audited import Audited
from pitstop.service.log_keeping import Keeping, too_much
from pitstop.service.log_sending import SEND, LogSending
from pitstop.service.logs import COLLECT, LogHabits, LogsService
from pitstop.wire.log_views import BundleView, NewBundle
from simulators.clock import SimulatedClock
from simulators.records import MemoryRuns
from simulators.systems import GivenSystem

OPERATOR, READER = Actor("ada", Role.OPERATOR, "test"), Actor("rea", Role.READER, "test")
SUPPORT = Actor("sue", Role.SUPPORT, "test")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Recording:
    """A collector that writes a small file; a test says what it does before."""

    before: Callable[[Bundle], object] = lambda _bundle: None
    hold: asyncio.Event | None = None
    seen: list[Bundle] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def require(self, bundle: Bundle) -> None:
        if "n9" in bundle.wanted.nodes:
            raise InvalidInput("there is no node n9")

    async def collect(self, bundle: Bundle, folder: Path, report: Report) -> Gathered:
        self.seen.append(bundle)
        (folder / "half").write_bytes(b"half")
        report(1, 3)
        self.begun.set()
        self.before(bundle)
        if self.hold is not None:
            await self.hold.wait()
        with zipfile.ZipFile(folder / FILE, "w") as archive:
            archive.writestr("index.html", "x" * 1_000)
        return Gathered((Collected("service", "log", Outcome.COLLECTED),), {"header": 2})


@dataclass
class Place:
    """A target that a test lets fail."""

    name: str = "vendor"
    automatic: bool = False
    says: str = "somewhere"
    fails: Exception | None = None
    got: list[str] = field(default_factory=list)

    async def send(self, file: Path, name: str, report: Report) -> str:
        if self.fails is not None:
            raise self.fails
        self.got.append(name)
        return f"somewhere/{name}"


@dataclass
class Submitted:
    """Jobs that are only noted."""

    jobs: list[tuple[str, str]] = field(default_factory=list)

    def submit(self, job: str, key: str) -> None:
        self.jobs.append((job, key))


@dataclass
class Desk:
    """The service with all that a test has in hand."""

    logs: LogsService
    collector: Recording
    target: Place
    jobs: Submitted
    stored: Stored
    runs: MemoryRuns
    clock: SimulatedClock
    folder: Path

    def collect(self, **asked: object) -> BundleView:
        """Ask for logs, and do the job."""
        begun = self.logs.collect(OPERATOR, NewBundle(**asked))  # type: ignore[arg-type]
        self.work()
        return self.logs.show(OPERATOR, begun.id)

    def work(self) -> None:
        """Do all that was submitted."""

        async def everything() -> None:
            while self.jobs.jobs:
                job, key = self.jobs.jobs.pop(0)
                await (self.logs.work(key) if job == COLLECT else self.logs.sending.work(key))

        asyncio.run(everything())

    def take_up(self) -> None:
        """Do what another start has found unfinished."""
        self.jobs.jobs += [(COLLECT, key) for key in self.logs.unfinished()]
        self.jobs.jobs += [(SEND, key) for key in self.logs.sending.unfinished()]
        self.work()

    def files(self) -> Counter[str]:
        return Counter(path.name for path in self.folder.rglob("*") if path.is_file())


def desk(stored: Stored, habits: LogHabits | None = None, runs: MemoryRuns | None = None) -> Desk:
    clock, jobs, heads = SimulatedClock(NOW), Submitted(), runs or MemoryRuns()
    folder = stored.folder / "logs"
    audited, shelf = Audited(stored.audit, clock), FileShelf(folder)
    collector, target = Recording(), Place()
    logs = LogsService(
        shelf,
        collector,
        LogSending(shelf, [target], jobs, stored.alerts, audited),
        Keeping(shelf, audited),
        jobs,
        heads,
        stored.alerts,
        audited,
        GivenSystem(SystemDescription("aurora", "north", "", "", (Node("n1", "192.0.2.1"),))),
        habits or LogHabits(),
    )
    return Desk(logs, collector, target, jobs, stored, heads, clock, folder)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    with open_state(sqlite.laid(tmp_path / "state")) as stored:
        yield desk(stored)


def a_run(state: RunState, ended: datetime | None = NOW) -> Run:
    release = ReleaseId("northstar", "lantern", Version.parse("1.2.0.1"))
    begun = NOW - timedelta(hours=1)
    return Run("r-1", "Northstar1.2.0.1", release, RunPurpose.APPLY, state, begun, "ada", ended=ended)


@pytest.mark.parametrize("state", BundleState)
@pytest.mark.parametrize("event", BundleEvent)
def test_every_state_takes_what_the_table_says_and_refuses_the_rest(
    state: BundleState, event: BundleEvent
) -> None:
    bundle = Bundle("b-1", "ada", Why.ASKED, Wanted(NOW, NOW), state, NOW)
    if (state, event) in BUNDLE_MOVES:
        assert moved(bundle, event) is BUNDLE_MOVES[state, event]
        return
    with pytest.raises(InvalidMove, match=f"b-1 is {state} and cannot be {event}"):
        moved(bundle, event)


def test_the_last_four_hours_are_collected_unless_a_span_is_said(made: Desk) -> None:
    shown = made.collect()
    assert (shown.since, shown.until) == (NOW - timedelta(hours=4), NOW)
    assert (shown.state, shown.failed, shown.removed, shown.by) == ("ready", 0, {"header": 2}, "ada")
    assert made.collect(hours=0.5).since == NOW - timedelta(minutes=30)
    shown = made.collect(since=NOW - timedelta(days=2), until=NOW - timedelta(days=1))
    assert shown.until == NOW - timedelta(days=1)
    assert made.files() == {"bundle.json": 3, FILE: 3}


@pytest.mark.parametrize(
    "asked",
    [
        {"hours": 0.0},
        {"hours": -1.0},
        {"hours": 9e9},
        {"hours": float("nan")},
        {"hours": 2.0, "since": NOW},
        {"since": NOW + timedelta(hours=1)},
        {"since": NOW - timedelta(days=40)},
        {"since": datetime(2026, 11, 20, 8, 0)},  # noqa: DTZ001 - a span without a zone is refused
        {"nodes": ("n9",)},
    ],
)
def test_what_is_no_span_is_refused_and_nothing_begun(made: Desk, asked: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        made.collect(**asked)
    assert made.logs.list(OPERATOR) == ()
    assert made.stored.audit.entries()[0].outcome == "refused: invalid-input"


def test_a_run_that_is_not_there_is_said(made: Desk) -> None:
    with pytest.raises(NotFound):
        made.collect(run="r-9")


def test_support_collects_reads_and_sends_but_removes_nothing(made: Desk) -> None:
    begun = made.logs.collect(SUPPORT, NewBundle())
    made.work()
    assert made.logs.file(SUPPORT, begun.id).read_bytes()[:2] == b"PK"
    assert made.logs.send(SUPPORT, begun.id, "vendor").sent[0].by == "sue"
    with pytest.raises(NotPermitted):
        made.logs.remove(SUPPORT, begun.id)


def test_a_reader_gets_none_of_it(made: Desk) -> None:
    bundle = made.collect()
    for use in (
        lambda: made.logs.list(READER),
        lambda: made.logs.show(READER, bundle.id),
        lambda: made.logs.file(READER, bundle.id),
        lambda: made.logs.collect(READER, NewBundle()),
        lambda: made.logs.cancel(READER, bundle.id),
        lambda: made.logs.pin(READER, bundle.id, pinned=True),
        lambda: made.logs.send(READER, bundle.id, "vendor"),
        lambda: made.logs.remove(READER, bundle.id),
        lambda: made.logs.offer(READER),
    ):
        with pytest.raises(NotPermitted):
            use()


def test_what_is_done_with_logs_is_in_the_audit_log(made: Desk) -> None:
    bundle = made.collect(nodes=("n1",))
    made.logs.file(OPERATOR, bundle.id)
    made.logs.pin(OPERATOR, bundle.id, pinned=True)
    made.logs.pin(OPERATOR, bundle.id, pinned=False)
    made.logs.send(OPERATOR, bundle.id, "vendor")
    made.work()
    made.logs.remove(OPERATOR, bundle.id)
    done = [entry.what for entry in made.stored.audit.entries() if entry.outcome == "done"]
    assert done[::-1] == [
        "collect logs",
        "fetch logs",
        "pin logs",
        "unpin logs",
        "send logs to vendor",
        "remove logs",
    ]


def test_a_failure_is_the_bundles_own_finding_and_leaves_no_files(made: Desk) -> None:
    def full(_bundle: Bundle) -> None:
        raise NoSpace("512 bytes are free")

    made.collector.before = full
    shown = made.collect()
    assert (shown.state, shown.size) == ("failed", 0)
    assert [finding.code for finding in shown.findings] == ["logs-not-collected"]
    assert "512 bytes are free" in shown.findings[0].what
    assert made.files() == {"bundle.json": 1}
    with pytest.raises(Conflict, match="it has no file"):
        made.logs.file(OPERATOR, shown.id)


def test_what_breaks_is_a_finding_too(made: Desk) -> None:
    def breaks(_bundle: Bundle) -> None:
        raise ZeroDivisionError

    made.collector.before = breaks
    assert "ZeroDivisionError" in made.collect().findings[0].what


def test_what_takes_for_ever_is_ended(made: Desk) -> None:
    made.logs = replace(made.logs, habits=LogHabits(limit=timedelta(seconds=0.2)))

    async def scene() -> None:
        made.collector.hold = asyncio.Event()
        begun = made.logs.collect(OPERATOR, NewBundle())
        await made.logs.work(begun.id)
        assert "not done after" in made.logs.show(OPERATOR, begun.id).findings[0].what

    asyncio.run(scene())


def test_one_that_is_under_way_shows_how_far_and_can_be_cancelled(made: Desk) -> None:
    async def scene() -> None:
        made.collector.hold = asyncio.Event()
        begun = made.logs.collect(OPERATOR, NewBundle())
        task = asyncio.create_task(made.logs.work(begun.id))
        await made.collector.begun.wait()
        shown = made.logs.show(OPERATOR, begun.id)
        assert (shown.state, shown.parts_done, shown.parts) == ("collecting", 1, 3)
        with pytest.raises(Conflict):
            made.logs.remove(OPERATOR, begun.id)
        assert (await asyncio.to_thread(made.logs.cancel, OPERATOR, begun.id)).state == "cancelled"
        await asyncio.wait_for(task, 5)
        assert made.files() == {"bundle.json": 1}
        with pytest.raises(InvalidMove):
            made.logs.cancel(OPERATOR, begun.id)

    asyncio.run(scene())


def test_one_that_waits_can_be_cancelled_and_is_never_begun(made: Desk) -> None:
    begun = made.logs.collect(OPERATOR, NewBundle())
    made.logs.cancel(OPERATOR, begun.id)
    made.work()
    assert made.collector.seen == []
    assert made.logs.show(OPERATOR, begun.id).state == "cancelled"


def test_one_that_the_services_end_cut_short_is_collected_anew(made: Desk) -> None:
    async def killed() -> str:
        made.collector.hold = asyncio.Event()
        begun = made.logs.collect(OPERATOR, NewBundle())
        task = asyncio.create_task(made.logs.work(begun.id))
        await made.collector.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return begun.id

    bundle_id = asyncio.run(killed())
    again = desk(made.stored)
    again.take_up()
    assert again.logs.show(OPERATOR, bundle_id).state == "ready"
    assert again.files() == {"bundle.json": 1, FILE: 1}


def test_one_that_kills_the_service_each_time_is_given_up(made: Desk) -> None:
    begun = made.logs.collect(OPERATOR, NewBundle())
    shelf = made.logs.shelf
    shelf.put(replace(shelf.get(begun.id), state=BundleState.COLLECTING, attempts=3))
    made.work()
    assert "begun 3 times" in made.logs.show(OPERATOR, begun.id).findings[0].what
    assert made.collector.seen == []


def test_for_a_run_that_has_failed_logs_are_collected_once_for_each_end(made: Desk) -> None:
    made.runs.heads = [a_run(RunState.FAILED)]
    made.logs.after_run("r-1")
    made.logs.after_run("r-1")
    made.work()
    (shown,) = made.logs.list(OPERATOR)
    assert (shown.why, shown.run, shown.by, shown.state) == ("run-failed", "r-1", "pitstop", "ready")
    assert shown.since == NOW - timedelta(hours=1, minutes=10)
    made.clock.advance(timedelta(hours=2))
    made.runs.heads = [a_run(RunState.FAILED, made.clock.now())]
    made.logs.after_run("r-1")
    assert len(made.logs.list(OPERATOR)) == 2


@pytest.mark.parametrize(
    "run", [a_run(RunState.SUCCEEDED), a_run(RunState.STOPPED), a_run(RunState.IN_PROGRESS, None)]
)
def test_for_other_runs_nothing_is_collected(made: Desk, run: Run) -> None:
    made.runs.heads = [run]
    made.logs.after_run("r-1")
    made.logs.after_run("r-none")
    assert made.logs.list(OPERATOR) == ()


def test_by_itself_nothing_is_collected_where_the_settings_say_so(made: Desk) -> None:
    quiet = desk(made.stored, LogHabits(automatic=False), MemoryRuns([a_run(RunState.FAILED)]))
    quiet.logs.after_run("r-1")
    assert quiet.logs.list(OPERATOR) == ()


def test_of_a_run_that_ended_right_before_the_service_did_logs_are_collected_at_its_start(made: Desk) -> None:
    made.runs.heads = [a_run(RunState.FAILED)]
    made.clock.advance(timedelta(minutes=61))
    made.logs.catch_up()
    assert made.logs.list(OPERATOR) == ()
    made.runs.heads = [a_run(RunState.FAILED, made.clock.now() - timedelta(minutes=59))]
    made.logs.catch_up()
    assert made.logs.list(OPERATOR)[0].run == "r-1"


def test_lists_leave_out_what_bundles_hold(made: Desk) -> None:
    bundle = made.collect()
    assert len(bundle.collected) == 1
    assert made.logs.list(OPERATOR)[0].collected == ()


def test_of_a_run_that_took_days_the_last_day_is_collected(made: Desk) -> None:
    made.runs.heads = [replace(a_run(RunState.FAILED), created=NOW - timedelta(days=9))]
    made.logs.after_run("r-1")
    assert made.logs.list(OPERATOR)[0].since == NOW - timedelta(hours=24)


def test_a_failure_that_nobody_waits_for_is_an_alert(made: Desk) -> None:
    def full(_bundle: Bundle) -> None:
        raise NoSpace("nothing is free")

    made.runs.heads, made.collector.before = [a_run(RunState.FAILED)], full
    made.logs.after_run("r-1")
    made.work()
    assert [alert.finding.code for alert in made.stored.alerts.alerts()] == ["logs-not-collected"]
    made.collector.before = lambda _bundle: None
    made.collect(run="r-1")
    assert made.stored.alerts.alerts(active_only=True) == []


# --- sending --------------------------------------------------------------------------------


def test_a_bundle_is_sent_and_says_where_it_is(made: Desk) -> None:
    bundle = made.collect()
    begun = made.logs.send(OPERATOR, bundle.id, "vendor")
    assert begun.sent[0].done is None
    with pytest.raises(Conflict, match="on its way"):
        made.logs.send(OPERATOR, bundle.id, "vendor")
    made.work()
    sent = made.logs.show(OPERATOR, bundle.id).sent[0]
    assert (sent.place, sent.finding) == (f"somewhere/{bundle.file_name}", None)
    assert made.target.got == [bundle.file_name]


def test_a_target_that_nobody_named_is_refused(made: Desk) -> None:
    bundle = made.collect()
    with pytest.raises(NotFound, match="no target 'elsewhere'"):
        made.logs.send(OPERATOR, bundle.id, "elsewhere")


def test_what_was_not_sent_says_why_and_can_be_sent_again(made: Desk) -> None:
    bundle = made.collect()
    made.target.fails = Unreachable("it does not answer")
    made.logs.send(OPERATOR, bundle.id, "vendor")
    made.work()
    finding = made.logs.show(OPERATOR, bundle.id).sent[0].finding
    assert finding is not None
    assert (finding.code, "it does not answer" in finding.what) == ("logs-not-sent", True)
    made.target.fails = None
    made.logs.send(OPERATOR, bundle.id, "vendor")
    made.work()
    assert made.logs.show(OPERATOR, bundle.id).sent[1].finding is None


def test_what_was_on_its_way_goes_on_at_the_next_start(made: Desk) -> None:
    bundle = made.collect()
    made.logs.send(OPERATOR, bundle.id, "vendor")
    again = desk(made.stored)
    again.take_up()
    assert again.target.got == [bundle.file_name]
    again.work()
    assert len(again.target.got) == 1


def test_what_was_collected_by_itself_is_sent_by_itself_where_that_is_wanted(made: Desk) -> None:
    made.target.automatic = True
    made.collect()
    assert made.target.got == []
    made.runs.heads = [a_run(RunState.FAILED)]
    made.logs.after_run("r-1")
    made.target.fails = Unreachable("it does not answer")
    made.work()
    assert [alert.finding.code for alert in made.stored.alerts.alerts()] == ["logs-not-sent"]
    made.target.fails = None
    (of_run,) = (bundle.id for bundle in made.logs.list(OPERATOR) if bundle.why == "run-failed")
    made.logs.send(OPERATOR, of_run, "vendor")
    made.work()
    assert made.stored.alerts.alerts(active_only=True) == []


# --- keeping --------------------------------------------------------------------------------


def test_bundles_stay_for_ninety_days_and_those_of_runs_for_six_months(made: Desk) -> None:
    asked, pinned = made.collect(), made.collect()
    made.logs.pin(OPERATOR, pinned.id, pinned=True)
    made.runs.heads = [a_run(RunState.FAILED)]
    made.logs.after_run("r-1")
    made.work()
    (of_run,) = (bundle.id for bundle in made.logs.list(OPERATOR) if bundle.why == "run-failed")

    def left(days: int) -> set[str]:
        made.clock.advance(timedelta(days=days))
        made.logs.keeping.tidy()
        return {bundle.id for bundle in made.logs.list(OPERATOR)}

    everything = {bundle.id for bundle in made.logs.list(OPERATOR)}
    assert left(89) == everything
    assert left(1) == everything - {asked.id}
    assert left(89) == everything - {asked.id}
    assert of_run in everything
    assert left(1) == {pinned.id}
    assert made.stored.audit.entries()[0].origin == "retention: too old"


def test_a_pinned_bundle_is_removed_by_nobody(made: Desk) -> None:
    bundle = made.collect()
    made.logs.pin(OPERATOR, bundle.id, pinned=True)
    with pytest.raises(Conflict, match="is pinned"):
        made.logs.remove(OPERATOR, bundle.id)


def test_beyond_the_bound_on_space_the_oldest_goes_but_none_that_is_pinned(made: Desk) -> None:
    bundles = []
    for _ in range(5):
        made.clock.advance(timedelta(minutes=1))
        bundles.append(made.collect())
    made.logs.pin(OPERATOR, bundles[0].id, pinned=True)
    size = bundles[0].size
    made.logs = replace(made.logs, keeping=replace(made.logs.keeping, space=3 * size))
    made.logs.keeping.make_room()
    assert [bundle.id for bundle in made.logs.list(OPERATOR)] == [bundles[index].id for index in (4, 3, 0)]


def test_the_newest_bundle_stays_whatever_the_bound(made: Desk) -> None:
    made.logs = replace(made.logs, keeping=replace(made.logs.keeping, space=1))
    made.collect()
    made.clock.advance(timedelta(minutes=1))
    newest = made.collect()
    assert [bundle.id for bundle in made.logs.list(OPERATOR)] == [newest.id]
    assert list(too_much([], 0)) == []
