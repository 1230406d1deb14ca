"""What was agreed to beforehand is done, also where whoever drove the run was lost before it came to that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from engine.bench import Bench
from engine.test_mending import MEND, failed
from pitstop.model.known_issues import Failure, Signature
from pitstop.model.runs import Run, RunState
from pitstop.service.audited import Audited
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.known_issues import KnownIssuesService
from pitstop.service.offers import Offers
from pitstop.service.runs import RunsService
from service.test_disputes import Submitted
from service.test_known_issues import FULL, listed
from simulators.aurora import MemoryAuditLog
from simulators.records import MemoryKnownIssues

ISSUE = "north/full"


@dataclass
class Runs:
    """What the service asks of the runs, of the bench's one run."""

    bench: Bench

    @property
    def runs(self) -> Any:
        return self

    def __call__(self, *, limit: int) -> list[Run]:
        return [self.bench.tree().run][:limit]

    def resume_by(self, run_id: str, by: str) -> None:
        self.bench.journal.resume(run_id, by, self.bench.clock.now())

    def view(self, run: Run) -> Run:
        return run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return failed(tmp_path)


@pytest.fixture
def service(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> KnownIssuesService:
    """The worker is lost right after the run has failed: nothing has been done about it."""
    said = Failure(error="two says no")
    monkeypatch.setattr("pitstop.service.offers.failure_of", lambda *_: said)
    lists = MemoryKnownIssues()
    issue = replace(FULL, mend=MEND, signatures=(Signature(said=(("says no",),), mend=True),))
    lists.keep_issue_list("north", listed("north", issue), bench.clock.now())
    offers = Offers(ListedIssues(lists), cast(Any, None), lambda _since, _until: ())
    runs, audited = cast(RunsService, Runs(bench)), Audited(MemoryAuditLog(), bench.clock)
    return KnownIssuesService(offers, bench.journal, runs, Submitted(), audited)


def agree(service: KnownIssuesService, bench: Bench, after: timedelta = -timedelta(days=1)) -> None:
    ended = bench.tree().run.ended
    assert ended is not None
    service.offers.listed.lists.consent(ISSUE, "ada", ended + after)


def test_what_was_agreed_to_is_done_though_its_worker_was_lost(
    service: KnownIssuesService, bench: Bench
) -> None:
    agree(service, bench)
    service.look_after()
    assert bench.tree().run.state is RunState.FAILED  # whoever drove it may be about to
    bench.clock.advance(timedelta(minutes=2))
    service.look_after()
    assert bench.tree().run.state is RunState.MENDING
    service.look_after()
    assert bench.drive().run.state is RunState.FAILED
    bench.fails.clear()
    bench.clock.advance(timedelta(minutes=2))
    service.look_after()
    assert bench.drive().run.state is RunState.SUCCEEDED
    service.look_after()
    assert (bench.times()["mend@n2"], bench.times()["verify@n2"]) == (1, 1)


def test_what_is_agreed_to_later_is_not_meant_for_a_run_that_had_failed(
    service: KnownIssuesService, bench: Bench
) -> None:
    agree(service, bench, timedelta(seconds=1))
    bench.clock.advance(timedelta(minutes=2))
    service.look_after()
    assert bench.tree().run.state is RunState.FAILED
