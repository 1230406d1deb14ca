"""Wiring: from settings and opened state to the desk that faces ask at, and the engine behind it."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.daemon.acting import Acting, acting
from pitstop.daemon.cases import case_parts
from pitstop.daemon.checks import check_rounds, checks_desk
from pitstop.daemon.getting import Getting, getting
from pitstop.daemon.ground import Ground, ground
from pitstop.daemon.logs import log_parts
from pitstop.daemon.running import Running, running
from pitstop.daemon.settings import Settings
from pitstop.daemon.stored import Stored
from pitstop.daemon.telling import Telling, telling
from pitstop.model.system import SystemDescription
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.clock import Clock
from pitstop.service.accounts import AccountsService
from pitstop.service.audit import AuditService
from pitstop.service.cases import CasesService
from pitstop.service.check_rounds import CheckRounds
from pitstop.service.checklists import ChecklistsService
from pitstop.service.desk import Desk
from pitstop.service.logs import LogsService
from pitstop.service.metrics_access import MetricsAccess
from pitstop.service.policy import PolicyService
from pitstop.service.system import SystemService
from pitstop.service.updates import UpdatesService


@dataclass(frozen=True, slots=True)
class Wired:
    """The service with all its parts in place, before its loop runs."""

    ground: Ground
    getting: Getting
    checks: CheckRounds
    acting: Acting
    running: Running
    telling: Telling
    accounts: AccountsService
    system: SystemService
    policy: PolicyService
    log_streams: SshStreams
    logs: LogsService
    cases: CasesService

    @property
    def settings(self) -> Settings:
        return self.ground.settings

    @property
    def desk(self) -> Desk:
        """What faces ask; made anew, of the same parts."""
        return _desk(self)


def wire(
    settings: Settings, stored: Stored, *, clock: Clock | None = None, header: SystemDescription | None = None
) -> Wired:
    """Put everything together.

    Args:
        clock: another than this machine's.
        header: what the system is, instead of what the nodes file says.

    Raises:
        NotFound, InvalidInput: the nodes file is not there, or does not hold to its form.
    """
    on = ground(settings, stored, clock, header)
    got = getting(on)
    rounds = check_rounds(settings, stored, on.knowledge)
    act = acting(on, got, rounds)
    run = running(on, act)
    told = telling(on, rounds, run.runs)
    streams = SshStreams(stored.host_keys, settings.logs.bandwidth)
    logs = log_parts(
        settings.logs, stored, streams=streams, jobs=on.jobs, audited=on.audited, systems=on.systems
    )
    system = SystemService(on.knowledge, stored.alerts, stored.host_keys, act.adoption)
    policy = PolicyService(on.knowledge, stored.declarations, on.audited)
    return Wired(
        ground=on,
        getting=got,
        checks=rounds,
        acting=act,
        running=run,
        telling=told,
        accounts=AccountsService(stored.accounts, on.audited, on.clock),
        system=system,
        policy=policy,
        log_streams=streams,
        logs=logs,
        cases=case_parts(on, system=system, policy=policy, alerts=told.alerts, runs=run.runs, logs=logs),
    )


def _desk(parts: Wired) -> Desk:
    on, run = parts.ground, parts.running
    stored, settings = on.stored, on.settings
    checklists = ChecklistsService(
        stored.checklists,
        on.knowledge,
        stored.journal,
        on.standing,
        stored.alerts,
        settings.contacts,
        run.listed,
        on.audited,
    )
    updates = UpdatesService(
        on.knowledge, run.runs, run.beginning, stored.payloads, on.progress, on.audited, checklists
    )
    return Desk(
        system=parts.system,
        nodes=parts.acting.declarations,
        updates=updates,
        checklists=checklists,
        runs=run.runs,
        issues=run.issues,
        alerts=parts.telling.alerts,
        channels=parts.telling.sending,
        metrics=MetricsAccess(parts.accounts, settings.alerts.metrics_token),
        sources=parts.getting.sources,
        accounts=parts.accounts,
        audit=AuditService(stored.audit),
        policy=parts.policy,
        imports=parts.getting.imports,
        rehearsals=run.rehearsals,
        logs=parts.logs,
        checks=checks_desk(stored, parts.checks, on.standing, on.jobs, on.audited),
        cases=parts.cases,
        transfers=parts.getting.transfers,
    )
