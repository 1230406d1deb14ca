"""What every store of alerts must hold to: shared by the one in the database and the one in memory.

A subclass gives the fixture ``bench``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from pitstop.model.alerts import ITSELF, AlertState
from pitstop.model.errors import NotFound
from pitstop.model.findings import Finding, Severity
from pitstop.ports.records import Alerts

T0 = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
CHECKS = "checks"
CLOCK = Finding("clock-off", Severity.WARNING, "node n1", "It is 3 s behind.", "Set it.")
DISK = Finding("disk-full", Severity.CRITICAL, "this machine", "It is full.", "Make room.")
EVENT = Finding("logs-not-sent", Severity.WARNING, "logs 1 for vendor", "It was not sent.", "Send it again.")


def later(seconds: int) -> datetime:
    return T0 + timedelta(seconds=seconds)


@dataclass(frozen=True)
class AlertsBench:
    """Alerts under test, and the beginning and the end of a run: the end is at the instant given."""

    alerts: Alerts
    begin_run: Callable[[], None]
    end_run: Callable[[datetime], None]

    def active(self) -> list[Finding]:
        return [alert.finding for alert in self.alerts.alerts(active_only=True)]

    def states(self) -> list[AlertState]:
        return [alert.state for alert in self.alerts.alerts()]


class AlertsContract:
    def test_of_a_source_exactly_what_was_found_stays(self, bench: AlertsBench) -> None:
        bench.alerts.settle(CHECKS, [CLOCK, DISK], T0)
        bench.alerts.settle(CHECKS, [DISK], later(5))
        gone, stays = bench.alerts.alerts()[::-1]
        assert (gone.finding, gone.closed, gone.closed_by) == (CLOCK, later(5), ITSELF)
        assert (stays.finding, stays.raised, stays.refreshed) == (DISK, T0, later(5))
        bench.alerts.settle(CHECKS, [], later(9))
        assert bench.active() == []

    def test_what_is_found_again_after_it_was_gone_is_another_alert(self, bench: AlertsBench) -> None:
        for second, findings in enumerate([[DISK], [], [DISK]]):
            bench.alerts.settle(CHECKS, findings, later(second))
        new, old = bench.alerts.alerts()
        assert (new.state, old.state) == (AlertState.ACTIVE, AlertState.CLOSED)
        assert new.id != old.id

    def test_sources_do_not_close_each_others_alerts(self, bench: AlertsBench) -> None:
        bench.alerts.settle(CHECKS, [DISK], T0)
        bench.alerts.settle("source north", [EVENT, DISK], T0)
        bench.alerts.raise_alert(EVENT, T0)
        bench.alerts.settle("source north", [], later(1))
        assert bench.active() == [EVENT, DISK]
        bench.alerts.close_alerts(DISK.code, DISK.subject, ITSELF, later(2))
        assert bench.active() == [EVENT, DISK]
        assert {alert.source for alert in bench.alerts.alerts(active_only=True)} == {CHECKS, ""}

    def test_of_what_is_found_twice_the_worse_counts(self, bench: AlertsBench) -> None:
        worse = replace(CLOCK, severity=Severity.CRITICAL)
        bench.alerts.settle(CHECKS, [CLOCK, worse, CLOCK], T0)
        assert bench.active() == [worse]

    def test_what_gets_worse_stays_one_alert(self, bench: AlertsBench) -> None:
        worse = replace(CLOCK, severity=Severity.CRITICAL, what="It is an hour behind.")
        bench.alerts.settle(CHECKS, [CLOCK], T0)
        bench.alerts.settle(CHECKS, [worse], later(5))
        (alert,) = bench.alerts.alerts()
        assert (alert.finding, alert.raised, alert.refreshed) == (worse, T0, later(5))

    def test_closed_by_hand_with_a_reason_it_comes_again_if_it_is_still_so(self, bench: AlertsBench) -> None:
        bench.alerts.settle(CHECKS, [DISK], T0)
        (alert,) = bench.alerts.alerts()
        closed = bench.alerts.close_alert(alert.id, "ada", later(1), "made room")
        assert (closed.closed, closed.closed_by, closed.reason) == (later(1), "ada", "made room")
        assert bench.alerts.close_alert(alert.id, "bob", later(2), "me too") == closed
        assert bench.alerts.alert(alert.id) == closed
        bench.alerts.settle(CHECKS, [DISK], later(3))
        assert bench.active() == [DISK]
        assert len(bench.alerts.alerts()) == 2
        with pytest.raises(NotFound, match="nothing"):
            bench.alerts.close_alert("nothing", "ada", T0)
        with pytest.raises(NotFound, match="nothing"):
            bench.alerts.alert("nothing")

    def test_what_was_closed_long_ago_is_forgotten(self, bench: AlertsBench) -> None:
        bench.alerts.settle(CHECKS, [CLOCK, DISK], T0)
        bench.alerts.settle(CHECKS, [DISK], later(10))
        bench.alerts.forget(later(10))
        assert len(bench.alerts.alerts()) == 2
        bench.alerts.forget(later(11))
        assert [alert.finding for alert in bench.alerts.alerts()] == [DISK]


class HoldingBackContract:
    """While a run is driven."""

    def test_noise_is_held_back_and_what_is_none_is_not(self, bench: AlertsBench) -> None:
        bench.begin_run()
        bench.alerts.settle(CHECKS, [CLOCK, DISK], T0)
        bench.alerts.raise_alert(EVENT, T0)
        assert bench.active() == [EVENT, DISK]
        assert bench.states() == [AlertState.ACTIVE, AlertState.ACTIVE, AlertState.HELD]

    def test_what_was_active_before_stays_so(self, bench: AlertsBench) -> None:
        bench.alerts.settle(CHECKS, [CLOCK], T0)
        bench.begin_run()
        bench.alerts.settle(CHECKS, [CLOCK], later(5))
        assert bench.active() == [CLOCK]

    def test_it_comes_when_it_is_seen_again_afterwards(self, bench: AlertsBench) -> None:
        bench.begin_run()
        bench.alerts.settle(CHECKS, [CLOCK], T0)
        bench.end_run(later(5))
        assert bench.active() == []
        bench.alerts.settle(CHECKS, [CLOCK], later(10))
        (alert,) = bench.alerts.alerts(active_only=True)
        assert (alert.raised, alert.refreshed) == (later(10), later(10))

    def test_it_never_comes_if_it_is_gone_by_then(self, bench: AlertsBench) -> None:
        bench.begin_run()
        bench.alerts.settle(CHECKS, [CLOCK], T0)
        bench.end_run(later(5))
        bench.alerts.settle(CHECKS, [], later(10))
        assert bench.alerts.alerts() == []

    def test_it_is_released_once_nothing_has_moved_for_a_while(self, bench: AlertsBench) -> None:
        bench.begin_run()
        bench.alerts.settle(CHECKS, [CLOCK], T0)
        bench.alerts.release(later(100), later(100))
        assert bench.active() == []
        bench.end_run(later(200))
        bench.alerts.release(later(199), later(210))
        assert bench.active() == []
        bench.alerts.release(later(200), later(211))
        (alert,) = bench.alerts.alerts(active_only=True)
        assert alert.raised == later(211)

    def test_it_can_be_closed_by_hand(self, bench: AlertsBench) -> None:
        bench.begin_run()
        bench.alerts.settle(CHECKS, [CLOCK], T0)
        (alert,) = bench.alerts.alerts()
        assert bench.alerts.close_alert(alert.id, "ada", later(1), "known").state is AlertState.CLOSED
