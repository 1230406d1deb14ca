"""Rounds of checks: asking them, keeping what they found, and saying what is wrong.

A round has a thread and an event loop of its own: whatever a check does, the service goes on, and so do runs.
What is scheduled is left out while a run goes on: nodes are not as they should be then, and busy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from pitstop.checks.asking import ask_all
from pitstop.checks.kind import CheckHabits, CheckKind
from pitstop.model.alerts import Verdict
from pitstop.model.checks import CheckOrigin, CheckResult, CheckStatus, finding_of, skip_of
from pitstop.model.errors import NotFound
from pitstop.model.findings import Finding, Severity
from pitstop.model.runs import DRIVEN
from pitstop.policy.alert_kinds import CHECKS
from pitstop.ports.checks import CheckRecords, ThisMachine
from pitstop.ports.logs import NodeStreams
from pitstop.ports.records import Alerts
from pitstop.service.check_surroundings import Around, SystemMemory
from pitstop.service.facts import Knowledge

log = logging.getLogger(__name__)

CHECK = "run-checks"
"""The job that asks checks; its key is who asked and which ones, as :func:`key_of` writes it."""

DAILY = "daily"


@dataclass(frozen=True, slots=True)
class CheckRounds:
    """Implements :class:`pitstop.ports.checks.Readiness`, besides.

    Attributes:
        kinds: all checks that there are now.
        streams: new connections, for the event loop that it is called in.
    """

    records: CheckRecords
    alerts: Alerts
    knowledge: Knowledge
    memory: SystemMemory
    machine: ThisMachine
    streams: Callable[[], NodeStreams]
    kinds: Callable[[], Sequence[CheckKind]]
    habits: CheckHabits
    state_folder: str
    _one: Lock = field(default_factory=Lock)

    def run(self, why: str, names: Sequence[str] = (), update: str | None = None) -> Sequence[CheckResult]:
        """Ask these checks (none named: all) and keep what they found. One round at a time; blocks.

        Raises:
            NotFound: there is no check of such a name.
        """
        with self._one:
            kinds = self.named(names)
            begun = self.records.begin(why, names, self.knowledge.clock.now())
            results = asyncio.run(self._asked(kinds, update))
            self.records.end(begun.number, results, self.knowledge.clock.now())
            self.alerts.settle(CHECKS, self.wrong(), self.knowledge.clock.now())
        return results

    def daily(self) -> None:
        """What is scheduled: all checks, unless a run goes on."""
        busy = next((run for run in self.knowledge.runs.runs() if run.state in DRIVEN), None)
        if busy is not None:
            log.info("no checks are run: run %s goes on", busy.id)
            return
        self.run(DAILY)

    async def work(self, key: str) -> None:
        """The job: what somebody asked for."""
        why, names = asked_by(key)
        try:
            await asyncio.to_thread(self.run, why, names)
        except NotFound as error:  # it was taken out meanwhile
            log.info("checks are not run: %s", error)

    async def blockers(self, update: str) -> Sequence[Finding]:
        results = await asyncio.to_thread(self.run, f"before {update}", (), update)
        return self.blocking(results)

    def weighed(self, result: CheckResult) -> Finding | None:
        return finding_of(result, skip_of(result, self.records.skips()), strict=self.habits.strict)

    def blocking(self, results: Sequence[CheckResult]) -> Sequence[Finding]:
        """What of these keeps an update off."""
        return [finding for finding in self.findings(results) if finding.blocks]

    def findings(self, results: Sequence[CheckResult]) -> Sequence[Finding]:
        skips = self.records.skips()
        found = (finding_of(each, skip_of(each, skips), strict=self.habits.strict) for each in results)
        return [finding for finding in found if finding is not None]

    def wrong(self) -> Sequence[Finding]:
        """What of all that is known is to be raised as alerts: failed or warned, and not skipped."""
        bad = (CheckStatus.FAIL, CheckStatus.WARNING)
        return self.blocking([kept.result for kept in self.records.problems() if kept.result.status in bad])

    def verdict(self, since: datetime) -> Verdict | None:
        """What the system's own checks say of how bad a failed run is, by the first round of all of them that
        began after this instant; None: there is none yet.

        They do not pass where one fails that is Critical, or where none says that anything is well. Warnings
        pass: a run that stopped half-way leaves nodes that are out of service, or differ.
        """
        whole = [each for each in self.records.rounds() if not each.checks and each.began >= since]
        if not any(each.ended is not None for each in whole):
            return None
        own = [
            kept.result for kept in self.records.results() if kept.result.origin is not CheckOrigin.PACKAGE
        ]
        broken = any(each.status is CheckStatus.FAIL and each.severity is Severity.CRITICAL for each in own)
        well = any(each.status is CheckStatus.PASS for each in own)
        return Verdict.NEEDS_ATTENTION if well and not broken else Verdict.FAILED

    def named(self, names: Sequence[str]) -> Sequence[CheckKind]:
        """Raises NotFound."""
        kinds = self.kinds()
        unknown = [name for name in names if name not in {kind.name for kind in kinds}]
        if unknown:
            raise NotFound(
                f"there is no check {unknown[0]!r}",
                hint=f"There are: {', '.join(kind.name for kind in kinds)}.",
            )
        return [kind for kind in kinds if not names or kind.name in names]

    async def _asked(self, kinds: Sequence[CheckKind], update: str | None) -> Sequence[CheckResult]:
        around = Around(
            system=self.knowledge.system,
            habits=self.habits,
            state_folder=self.state_folder,
            here=self.machine,
            streams=self.streams(),
            memory=self.memory,
            clock=self.knowledge.clock,
            update=update,
        )
        try:
            return await ask_all(kinds, around)
        finally:
            await around.close()


def key_of(why: str, names: Sequence[str]) -> str:
    return "\n".join([why, *names])


def asked_by(key: str) -> tuple[str, tuple[str, ...]]:
    why, *names = key.split("\n")
    return why, tuple(names)
