"""What the system's checks have found keeps off what could go on now, and clutters nothing else."""

from __future__ import annotations

from dataclasses import replace

from pitstop.model.findings import Finding, Severity
from pitstop.model.updates import UpdateState
from pitstop.policy.applicability import applicabilities
from policy.building import chain, full, graph_of, hotfix, platform, system

BASE = full("1.1.0.1", "a")
FIX = hotfix("1.1.1.1", "a")
NEXT = full("1.2.0.1", "b", "1.1.1.1")
GRAPH = graph_of(platform(chain("a", "b"), BASE, FIX, NEXT))
FACTS = system(GRAPH, "1.1.0.1")
BAD = Finding("check-clock", Severity.CRITICAL, "node n1", "an hour behind", "Set it.")
KNOWN = Finding(
    "check-restart", Severity.INFORMATIONAL, "node n2", "waits", "Restart it.", "Skipped by ada: so"
)


def test_what_blocks_keeps_off_what_could_begin_and_its_state_stays() -> None:
    verdict = applicabilities(GRAPH, replace(FACTS, checks=(BAD, KNOWN)))[FIX.name]
    assert [finding.code for finding in verdict.reasons] == ["check-clock", "check-restart"]
    assert (verdict.state, verdict.installable, verdict.may_begin) == (UpdateState.READY, False, True)
    assert verdict.blocking == (BAD,)


def test_what_is_skipped_is_said_and_keeps_nothing_off() -> None:
    verdict = applicabilities(GRAPH, replace(FACTS, checks=(KNOWN,)))[FIX.name]
    assert verdict.installable
    assert KNOWN in verdict.reasons


def test_what_cannot_begin_anyway_is_not_cluttered() -> None:
    verdicts = applicabilities(GRAPH, replace(FACTS, checks=(BAD,)))
    for release in (BASE, NEXT):
        assert BAD not in verdicts[release.name].reasons
