"""Wiring of support cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from pitstop.daemon.ground import Ground
from pitstop.diagnostics.case_file import FileCases
from pitstop.diagnostics.redaction import Rules
from pitstop.model.system import SshDefaults
from pitstop.service.case_documents import CaseDocuments
from pitstop.service.cases import CasesService
from pitstop.service.desk import AlertsDesk, PolicyDesk, RunsDesk, SystemDesk
from pitstop.service.logs import LogsService

KEY = "case-key"
SYSTEM = "system.json"
"""In the copy of the state: what the nodes file says of the whole."""


def case_parts(
    on: Ground,
    *,
    system: SystemDesk,
    policy: PolicyDesk,
    alerts: AlertsDesk,
    runs: RunsDesk,
    logs: LogsService,
) -> CasesService:
    settings, stored, knowledge = on.settings, on.stored, on.knowledge
    rules = Rules(dict(settings.logs.own))

    def snapshot(to: Path, run_ids: Sequence[str]) -> None:
        stored.write_snapshot(to, run_ids, rules.text)
        # Nodes are in the database; how they are signed in to is nobody's business.
        header = replace(knowledge.system, nodes=(), ssh=SshDefaults(), logins={})
        (to / SYSTEM).write_bytes(msgspec.json.encode(header))

    return CasesService(
        cases=stored.cases,
        files=FileCases(
            folder=stored.folder / "cases",
            key_file=settings.case_key or stored.folder / KEY,
            packages=stored.folder / "packages",
            snapshot=snapshot,
            system=lambda: knowledge.system.name,
            clock=on.clock,
        ),
        documents=CaseDocuments(settings.contacts, knowledge, system, policy, alerts, runs, rules.text),
        logs=logs,
        shelf=logs.shelf,
        runs=stored.runs,
        jobs=on.jobs,
        audited=on.audited,
    )
