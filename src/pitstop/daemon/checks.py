"""Wiring of checks: built in, and the operator's own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from pitstop.checks.kind import CheckKind, Drained
from pitstop.checks.nagios import kinds_of
from pitstop.checks.table import KINDS
from pitstop.daemon.settings import Settings
from pitstop.daemon.stored import Stored
from pitstop.diagnostics.operator_checks import FolderChecks
from pitstop.diagnostics.this_machine import LocalMachine
from pitstop.model.runs import Run, Step
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.jobs import Jobs
from pitstop.service.audited import Audited
from pitstop.service.check_findings import CheckFindings
from pitstop.service.check_rounds import CheckRounds
from pitstop.service.check_surroundings import SystemMemory
from pitstop.service.checks import ChecksService
from pitstop.service.facts import Knowledge
from pitstop.service.readiness import ReadinessLooks
from pitstop.service.reports import nodes_out_of_service
from pitstop.service.update_needs import UpdateNeeds
from pitstop.steps.drain import DRAIN
from pitstop.steps.shell import quoted


def check_rounds(settings: Settings, stored: Stored, knowledge: Knowledge) -> CheckRounds:
    own = FolderChecks(settings.checks.folder, settings.checks.named)

    def kinds() -> Sequence[CheckKind]:
        return [*KINDS, *kinds_of(own.all(), {kind.name for kind in KINDS})]

    def out_of_service(run: Run) -> Mapping[str, Drained]:
        out = nodes_out_of_service(stored.journal.load(run.id))
        return {node: _drained(drain) for node, drain in out.items()}

    return CheckRounds(
        records=stored.checks,
        alerts=stored.alerts,
        knowledge=knowledge,
        memory=SystemMemory(
            sources=stored.catalogues.sources,
            runs=stored.runs,
            out_of_service=out_of_service,
            needs=UpdateNeeds(knowledge, stored.payloads).of,
            integrity=stored.integrity,
        ),
        machine=LocalMachine(),
        streams=lambda: SshStreams(stored.host_keys),
        kinds=kinds,
        habits=settings.checks.habits,
        state_folder=str(stored.folder),
    )


def _drained(drain: Step) -> Drained:
    args = DRAIN.read(drain.args, f"step {drain.index}")
    return Drained(is_out=quoted(args.is_out), back=shlex.join(args.back))


def checks_desk(
    stored: Stored, rounds: CheckRounds, standing: CheckFindings, jobs: Jobs, audited: Audited
) -> ChecksService:
    looks = ReadinessLooks(stored.checks, standing, rounds.knowledge, stored.journal, stored.payloads)
    return ChecksService(stored.checks, rounds, jobs, audited, looks)
