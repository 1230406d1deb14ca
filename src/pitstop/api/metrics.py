"""``/metrics``: what Prometheus reads. Made from the read models of every other face, when it is asked for.

What has a state is a gauge for each state that there may be, 1 for the one that it is in; what has no value
now has no sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from litestar import Response, get
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from pitstop import __version__
from pitstop.api.security import AnyRequest, DeskHere, origin_of, token_of
from pitstop.model.accounts import Actor
from pitstop.model.alerts import AlertState
from pitstop.model.checks import CheckStatus
from pitstop.model.findings import Severity
from pitstop.model.runs import ENDED, RunState
from pitstop.model.system import SystemState
from pitstop.model.updates import UpdateState
from pitstop.policy.support import SupportState
from pitstop.service.desk import Desk
from pitstop.wire.views import RunReport, RunView


@get("/metrics", include_in_schema=False, sync_to_thread=True)
def show_metrics(request: AnyRequest, desk: DeskHere) -> Response[bytes]:
    """In the format that the request prefers: Prometheus' text, or OpenMetrics."""
    actor = desk.metrics.actor(token_of(request), origin_of(request))
    encode, kind = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(_Asked(desk, actor)), headers={"Content-Type": kind})


HANDLERS = (show_metrics,)


@dataclass(frozen=True)
class _Asked(Collector):
    desk: Desk
    actor: Actor

    def collect(self) -> Iterator[Metric]:
        desk, actor = self.desk, self.actor
        yield from _system(desk, actor)
        yield from _support(desk, actor)
        yield from _runs(desk, actor)
        yield from _alerts(desk, actor)
        yield from _checks(desk, actor)
        yield from _sources(desk, actor)
        yield from _channels(desk, actor)


def _system(desk: Desk, actor: Actor) -> Iterator[Metric]:
    system = desk.system.show(actor)
    yield _gauge("pitstop_build_info", "The version of Pitstop.", [({"version": __version__}, 1)])
    said = {
        "system": system.name,
        "location": system.location,
        "version": system.current_version,
        "oem_version": system.current_oem_version,
        "hardware_family": system.hardware_family,
        "hardware_model": system.hardware_model,
    }
    yield _gauge("pitstop_system_info", "The system, and what is installed on it.", [(said, 1)])
    yield _states("pitstop_system_state", "The state of the system as a whole.", SystemState, system.state)
    yield _instant(
        "pitstop_last_install_timestamp_seconds", "When an update was last installed.", system.last_updated
    )
    yield _instant(
        "pitstop_last_check_timestamp_seconds",
        "When all sources were last asked for updates with success: the earliest of them.",
        system.last_checked,
    )
    states = Counter(update.state for update in desk.updates.list(actor))
    yield _counted("pitstop_updates", "Updates that are known, by state.", UpdateState, states)


def _support(desk: Desk, actor: Actor) -> Iterator[Metric]:
    report = desk.policy.support(actor)
    yield _states(
        "pitstop_support_state",
        "Whether the servicing policy supports the system.",
        SupportState,
        report.status,
    )
    behind: list[tuple[dict[str, str], int]] = [] if report.behind is None else [({}, report.behind)]
    yield _gauge(
        "pitstop_support_families_behind", "How many families the system is behind the newest.", behind
    )
    ends = _midnight(report.ends.earliest) if report.ends is not None else None
    yield _instant(
        "pitstop_support_ends_timestamp_seconds",
        "The first day on which the system may be out of support if nothing is installed.",
        ends,
    )


def _runs(desk: Desk, actor: Actor) -> Iterator[Metric]:
    runs = desk.runs.list(actor, limit=None)
    yield _counted(
        "pitstop_runs", "Runs that are remembered, by state.", RunState, Counter(run.state for run in runs)
    )
    ended = CounterMetricFamily("pitstop_runs_ended", "Runs that have ended for good.", labels=["state"])
    for state in sorted(ENDED):
        ended.add_metric([state], sum(run.state == state for run in runs))
    yield ended
    going_on = [desk.runs.show(actor, run.id) for run in runs if run.is_going_on]
    yield from _progress(going_on)
    out = {node for report in going_on for node in report.nodes_out_of_service}
    nodes = [node.name for node in desk.system.show(actor).nodes]
    by_state = {"in-service": len(nodes) - len(out), "out-of-service": len(out)}
    yield _counted("pitstop_nodes", "Nodes, by whether a run has them out of service.", by_state, by_state)
    yield _gauge(
        "pitstop_node_out_of_service",
        "Whether a run has the node out of service.",
        [({"node": name}, int(name in out)) for name in nodes],
    )


def _progress(going_on: Iterable[RunReport]) -> Iterator[Metric]:
    reports = [(_labels(report.run), report) for report in going_on]
    yield _gauge(
        "pitstop_run_progress_ratio",
        "How far a run that goes on has come.",
        [(labels, report.percent / 100) for labels, report in reports],
    )
    yield _gauge(
        "pitstop_run_started_timestamp_seconds",
        "When a run that goes on has begun.",
        [(labels, report.run.started.timestamp()) for labels, report in reports],
    )
    yield _gauge(
        "pitstop_run_remaining_seconds",
        "How long a run that goes on may still take: in eight of ten cases between least and most.",
        [
            ({**labels, "bound": bound}, seconds)
            for labels, report in reports
            if report.remaining is not None
            for bound, seconds in (("least", report.remaining.least), ("most", report.remaining.most))
        ],
    )


def _labels(run: RunView) -> dict[str, str]:
    return {"run": run.id, "update": run.update, "purpose": run.purpose}


def _alerts(desk: Desk, actor: Actor) -> Iterator[Metric]:
    alerts = desk.alerts.list(actor)
    active = Counter(alert.finding.severity for alert in alerts if alert.state is AlertState.ACTIVE)
    yield _counted(
        "pitstop_alerts_active", "Alerts that are active, by severity.", Severity, active, "severity"
    )
    held = sum(alert.state is AlertState.HELD for alert in alerts)
    yield _gauge("pitstop_alerts_held", "Alerts that are held back while an update goes on.", [({}, held)])


def _checks(desk: Desk, actor: Actor) -> Iterator[Metric]:
    checks = desk.checks.list(actor)
    says = "What the system's checks found last, by status."
    yield _counted("pitstop_check_results", says, CheckStatus, checks.counts, "status")
    yield _gauge(
        "pitstop_check_failing",
        "Each check that does not pass at a target.",
        [
            (
                {
                    "check": each.check,
                    "target": each.target,
                    "status": each.status,
                    "severity": each.severity,
                },
                1,
            )
            for each in checks.results
            if each.status != CheckStatus.PASS
        ],
    )
    last = checks.last_round.ended if checks.last_round is not None else None
    says = "When a round of all checks last came to its end."
    yield _instant("pitstop_last_check_round_timestamp_seconds", says, last)


def _sources(desk: Desk, actor: Actor) -> Iterator[Metric]:
    sources = [source for source in desk.sources.list(actor) if source.connected]
    yield _gauge(
        "pitstop_source_up",
        "Whether the last check of a source found nothing wrong.",
        [({"source": source.name}, int(source.finding is None)) for source in sources],
    )
    yield _gauge(
        "pitstop_source_last_success_timestamp_seconds",
        "When a source was last asked with success.",
        [
            ({"source": source.name}, source.last_checked.timestamp())
            for source in sources
            if source.last_checked is not None
        ],
    )


def _channels(desk: Desk, actor: Actor) -> Iterator[Metric]:
    channels = desk.channels.list(actor)
    yield _gauge(
        "pitstop_alert_channel_failures",
        "How often in a row a channel for alerts has failed.",
        [({"channel": channel.name}, channel.failures) for channel in channels],
    )
    yield _gauge(
        "pitstop_alert_channel_last_success_timestamp_seconds",
        "When a channel for alerts last took something.",
        [
            ({"channel": channel.name}, channel.took.timestamp())
            for channel in channels
            if channel.took is not None
        ],
    )


def _gauge(name: str, says: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Metric:
    family = GaugeMetricFamily(name, says)
    for labels, value in samples:
        family.add_sample(name, dict(labels), value)
    return family


def _states(name: str, says: str, words: Iterable[str], present: str) -> Metric:
    return _gauge(name, says, [({"state": str(word)}, int(word == present)) for word in words])


def _counted(
    name: str, says: str, words: Iterable[str], counts: Mapping[Any, int], label: str = "state"
) -> Metric:
    return _gauge(name, says, [({label: str(word)}, counts.get(str(word), 0)) for word in words])


def _instant(name: str, says: str, at: datetime | None) -> Metric:
    return _gauge(name, says, [] if at is None else [({}, at.timestamp())])


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
