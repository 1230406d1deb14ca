"""Looks at what no event says: support, new updates, runs that are still failed, how bad they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.alerts import CHECKS, CLOCK
from pitstop.model.alerts import KEPT, Alert, Owed, Verdict
from pitstop.model.findings import Severity
from pitstop.model.runs import Phase, RunState
from pitstop.policy.applicability import applicabilities
from pitstop.policy.forecast import Forecast
from pitstop.policy.standing import SOON, support_findings, update_findings
from pitstop.policy.support import SupportState, support
from pitstop.service.alert_look import SETTLES, AlertLook
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.facts import Knowledge
from pitstop.wire.issue_views import EvidenceView, IssueView, MendView, OfferView
from simulators.aurora import SYSTEM, AuroraRecords
from simulators.records import MemoryAlerts
from simulators.systems import GivenSystem


@dataclass
class Bench:
    records: AuroraRecords = field(default_factory=AuroraRecords)
    alerts: MemoryAlerts = field(default_factory=MemoryAlerts)
    verdicts: dict[datetime, Verdict] = field(default_factory=dict)

    @property
    def knowledge(self) -> Knowledge:
        known = self.records
        return Knowledge(
            known.catalogues, known.ledger, known.runs, known.declarations, GivenSystem(SYSTEM), known.clock
        )

    @property
    def look(self) -> AlertLook:
        return AlertLook(self.alerts, self.knowledge, self.verdicts.get)

    def codes(self) -> set[str]:
        return {alert.finding.code for alert in self.alerts.alerts(active_only=True)}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_out_of_support_is_an_alert(bench: Bench) -> None:
    graph, facts = bench.knowledge.graph(), bench.knowledge.facts()
    assert support(graph, facts).state is SupportState.OUT_OF_COMPLIANCE
    bench.look.standing()
    (alert,) = [a for a in bench.alerts.alerts() if a.finding.code == "out-of-support"]
    assert (alert.finding.severity, alert.source) == (Severity.CRITICAL, "support")
    assert "pitstop path" in alert.finding.remedy


@pytest.mark.parametrize(("days", "told"), [(0, True), (30, True), (31, False), (400, False)])
def test_an_end_that_is_near_is_told_before(bench: Bench, days: int, told: bool) -> None:
    status = support(bench.knowledge.graph(), bench.knowledge.facts())
    ahead = Forecast(status.at + timedelta(days=days), None, certain=True, why="A fixed end.")
    near = replace(status, state=SupportState.SUPPORTED, forecast=ahead, findings=())
    assert [finding.code for finding in support_findings(near)] == (["support-ends-soon"] if told else [])
    assert timedelta(days=30) == SOON


def test_of_each_product_the_newest_that_may_be_installed_is_told_of(bench: Bench) -> None:
    verdicts = applicabilities(bench.knowledge.graph(), bench.knowledge.facts())
    found = list(update_findings(verdicts))
    installable = [verdict.release for verdict in verdicts.values() if verdict.installable]
    assert {finding.subject for finding in found} <= {f"update {release.name}" for release in installable}
    assert len(found) == len({(release.id.publisher, release.id.product) for release in installable}) > 0
    assert {finding.severity for finding in found} == {Severity.INFORMATIONAL}


def test_what_was_closed_is_gone_after_seven_days(bench: Bench) -> None:
    now = bench.records.clock.now()
    bench.alerts.settle(CHECKS, [CLOCK], now - KEPT)
    bench.alerts.settle(CHECKS, [], now - KEPT)
    bench.look.standing()
    assert len([a for a in bench.alerts.alerts() if a.source == CHECKS]) == 1
    bench.records.clock.advance(timedelta(seconds=1))
    bench.look.standing()
    assert [a for a in bench.alerts.alerts() if a.source == CHECKS] == []


def test_a_run_that_is_still_failed_is_raised_again(bench: Bench) -> None:
    run = replace(bench.records.runs.heads[0], state=RunState.FAILED, finding=CLOCK)
    bench.records.runs.heads[:] = [run]
    bench.look.standing()
    (alert,) = [a for a in bench.alerts.alerts() if a.update]
    assert (alert.update, alert.finding) == (run.update, CLOCK)


def test_held_back_alerts_come_once_no_run_has_moved_for_a_while(bench: Bench) -> None:
    now = bench.records.clock.now()
    bench.alerts.updating = True
    bench.alerts.settle(CHECKS, [CLOCK], now)
    bench.alerts.updating, bench.alerts.moved = False, now
    bench.look.often()
    assert bench.codes() == set()
    bench.records.clock.advance(SETTLES)
    bench.look.often()
    assert bench.codes() == {CLOCK.code}


@pytest.mark.parametrize("verdict", Verdict)
def test_how_bad_a_failed_run_is_is_decided_once_the_checks_have_answered(
    bench: Bench, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = bench.records.clock.now()
    failed = Alert("1", replace(CLOCK, severity=Severity.CRITICAL), at, at, update="U")
    bench.alerts.raised.append(failed)
    monkeypatch.setattr(MemoryAlerts, "undecided", lambda self: [self.alert("1")])
    bench.look.often()
    assert bench.alerts.alert("1").verdict is Verdict.FAILED
    bench.verdicts[at] = verdict
    bench.look.often()
    assert bench.alerts.alert("1").verdict is verdict


def test_what_to_do_about_a_failed_run_ends_with_how_it_goes_on(bench: Bench) -> None:
    run = replace(bench.records.runs.heads[0], state=RunState.FAILED, phase=Phase.INSTALL)
    bench.records.runs.heads[:] = [run]
    finding = replace(CLOCK, remedy="Mend the cause, then resume the run.", links=("https://more.example",))
    alert = Alert("1", finding, run.created, run.created, update=run.update)
    messages = AlertMessages(bench.records.runs, "Rack", "https://pitstop.example", lambda _run: ())
    remediation = messages.remediation(alert)
    assert remediation.steps == (
        "Mend the cause",
        f"Resume the run, on its page or with: pitstop run resume {run.id}",
        f"If it fails again, have its logs ready for support: pitstop logs collect --run {run.id}",
    )
    assert [link.url for link in remediation.links] == [
        f"/runs/{run.id}",
        f"/updates/{run.update}",
        "/nodes/n1",
        "https://more.example",
        "/runbooks/clock-off",
    ]
    assert messages.run_of(replace(alert, raised=run.created - timedelta(seconds=1))) is None


def offer(likeness: str, score: float, index: str = "2.1", **fields: Any) -> OfferView:
    issue = IssueView(
        name="north/full",
        source="north",
        id="full",
        title=f"No room ({score:g})",
        applies="All",
        occurrence="Common",
        symptom="s",
        cause="c",
        remediation="Free space on the node, then resume.",
        mend=MendView(says="Removes old logs.", steps=("Remove",), verify=("Room",)),
    )
    evidence = (EvidenceView(place="error", text="no space"),)
    return OfferView(
        issue=issue, likeness=likeness, score=score, evidence=evidence, index=index, node="n1", **fields
    )


@pytest.mark.parametrize(
    ("offers", "steps", "link"),
    [
        (
            (offer("related", 30), offer("match", 18, mend=True), offer("match", 17)),
            (
                "It is a known issue: No room (18). To read all of it: pitstop issue show north/full",
                "Have it mended, on the run's page or with: pitstop run mend RUN --issue north/full",
            ),
            "#issue-2.1-2",
        ),
        (
            (offer("related", 1), offer("related", 3, "2.2")),
            (
                "It is perhaps related to a known issue: No room (3). To read all of it: pitstop issue show",
                "Free space on the node",
            ),
            "#issue-2.2-1",
        ),
        ((offer("match", 18, mend=True, mended="succeeded"),), (), "#issue-2.1-1"),
        ((offer("match", 18, mend=True, mended="came-back"),), ("It is a", "Free space"), "#issue-2.1-1"),
    ],
)
def test_the_alert_of_a_failed_run_names_the_known_issue_that_it_likeliest_is(
    bench: Bench, offers: tuple[OfferView, ...], steps: tuple[str, ...], link: str
) -> None:
    run = replace(bench.records.runs.heads[0], state=RunState.FAILED, phase=Phase.INSTALL)
    bench.records.runs.heads[:] = [run]
    finding = replace(CLOCK, remedy="Mend the cause, then resume the run.", subject=f"update {run.update}")
    alert = Alert("1", finding, run.created, run.created, update=run.update)
    messages = AlertMessages(
        bench.records.runs, "Rack", "https://pitstop.example", {run.id: offers}.__getitem__
    )
    remediation = messages.remediation(alert)
    assert len(remediation.steps) == len(steps) + 3
    for said, wanted in zip(remediation.steps, steps, strict=False):
        assert said.startswith(wanted.replace("RUN", run.id))
    assert remediation.links[0].words.startswith("Known issue: No room")
    assert remediation.links[0].url == f"/runs/{run.id}{link}"
    told = messages.message(Owed(alert, finding.severity))
    assert told.steps == remediation.steps
    assert told.links[0].url == f"https://pitstop.example/runs/{run.id}{link}"
    closed = messages.remediation(replace(alert, closed=run.created))
    assert closed.links[0].url == f"/runs/{run.id}"
