"""Wiring of what collects, keeps and sends logs."""

from __future__ import annotations

from datetime import timedelta

from pitstop.daemon.log_settings import LogSettings
from pitstop.daemon.own_log import log_folder
from pitstop.daemon.stored import Stored
from pitstop.diagnostics.collecting import LogCollector
from pitstop.diagnostics.shelf import FileShelf
from pitstop.ports.clock import Clock
from pitstop.ports.jobs import Jobs
from pitstop.ports.logs import NodeStreams
from pitstop.ports.systems import Systems
from pitstop.service.audited import Audited
from pitstop.service.log_keeping import Keeping
from pitstop.service.log_sending import LogSending
from pitstop.service.logs import LogHabits, LogsService
from pitstop.service.run_evidence import RunEvidence

_BEYOND = timedelta(minutes=10)
"""A collection ends itself in time; after so much more it is ended."""


def log_parts(
    settings: LogSettings,
    stored: Stored,
    *,
    streams: NodeStreams,
    jobs: Jobs,
    audited: Audited,
    systems: Systems,
) -> LogsService:
    shelf = FileShelf(stored.folder / "logs" / "bundles")
    return LogsService(
        shelf,
        log_collector(settings, stored, streams, audited.clock, systems),
        LogSending(shelf, settings.targets, jobs, stored.alerts, audited),
        Keeping(shelf, audited, settings.keep, settings.keep_of_runs, settings.space),
        jobs,
        stored.runs,
        stored.alerts,
        audited,
        systems,
        LogHabits(settings.automatic, settings.pseudonyms, settings.bounds.long + _BEYOND),
    )


def log_collector(
    settings: LogSettings, stored: Stored, streams: NodeStreams, clock: Clock, systems: Systems
) -> LogCollector:
    return LogCollector(
        streams,
        RunEvidence(stored.journal, stored.runs, clock),
        systems.now,
        log_folder(stored.folder),
        settings.bounds,
        settings.what,
        settings.own,
        people=lambda: [account.name for account in stored.accounts.accounts()],
    )
