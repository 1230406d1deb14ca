"""Whether the system is ready for an update, from what its checks and the update's own have said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pitstop.model.checks import CheckOrigin, CheckResult, CheckStatus, KeptResult
from pitstop.model.errors import PitstopError
from pitstop.model.findings import Severity
from pitstop.model.plans import PlanStep
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Step, StepStatus
from pitstop.ports.checks import CheckRecords
from pitstop.ports.journal import Journal
from pitstop.ports.payloads import PayloadStore
from pitstop.service.check_findings import CheckFindings
from pitstop.service.check_views import result_view
from pitstop.service.facts import Knowledge
from pitstop.service.findings import finding_view
from pitstop.steps import check
from pitstop.steps.reach import REACH
from pitstop.steps.readiness import READINESS
from pitstop.wire.check_views import CheckResultView, ReadinessView
from pitstop.wire.formats import count

_OURS = (REACH.name, READINESS.name)
_ENDED = (StepStatus.SUCCEEDED, StepStatus.FAILED)


@dataclass(frozen=True, slots=True)
class ReadinessLooks:
    """Puts together what is known before an update."""

    records: CheckRecords
    findings: CheckFindings
    knowledge: Knowledge
    journal: Journal
    payloads: PayloadStore

    def of(self, update: str) -> ReadinessView:
        """Raises NotFound: there is no such update."""
        self.knowledge.graph().find(update)
        return self.view(update, self._package(update), self.knowledge.clock.now())

    def view(self, update: str, package: Sequence[CheckResultView], now: datetime) -> ReadinessView:
        found = self.findings.standing(now)
        blockers = [finding for finding in found if finding.blocks]
        oldest = self.findings.counts_from(now)
        counting = [kept.result.at for kept in self.records.results() if kept.result.at >= oldest]
        return ReadinessView(
            update=update,
            ready=bool(counting) and not blockers,
            says=_says(bool(counting), len(blockers)),
            checked_at=min(counting, default=None),
            blockers=tuple(finding_view(finding) for finding in blockers),
            skipped=tuple(finding_view(finding) for finding in found if not finding.blocks),
            package=tuple(package),
        )

    def package_checks(self) -> Mapping[str, PlanStep]:
        """The checks of all packages whose documents are here, by name."""
        found: dict[str, PlanStep] = {}
        for release in self.knowledge.releases():
            with suppress(PitstopError):
                for step in self.payloads.plan(release.name).checks:
                    if step.kind == check.CHECK.name:
                        found[str(step.args.get("name"))] = step
        return found

    def _package(self, update: str) -> tuple[CheckResultView, ...]:
        """What the update's own checks said when they were run last."""
        skips, now = self.records.skips(), self.knowledge.clock.now()
        for run in self.knowledge.runs.runs(update):
            results = list(package_results(self.journal.load(run.id)))
            if results:
                kept = [KeptResult(result, result.at) for result in results]
                return tuple(
                    result_view(
                        each, skips, now - self.findings.habits.valid, strict=self.findings.habits.strict
                    )
                    for each in kept
                )
        return ()


def _says(checked: bool, blockers: int) -> str:
    if not checked:
        return "Its checks were not run, or too long ago. They are run again before anything is installed."
    if not blockers:
        return "Nothing that the checks have found keeps an update off."
    return f"{count(blockers, 'finding')} of the checks {'keeps' if blockers == 1 else 'keep'} it off."


def package_results(tree: RunTree) -> Iterator[CheckResult]:
    """What the checks of the package said in this run, in the plan's order. Other kinds pass or fail."""
    for leaf in tree.leaves():
        own = leaf.kind not in _OURS and tree.phase_of(leaf.index) is Phase.HEALTH_CHECK
        if own and leaf.status in _ENDED and leaf.ended is not None and leaf.started is not None:
            yield _result(leaf)


def _result(leaf: Step) -> CheckResult:
    status, severity, said = _said(leaf)
    assert leaf.started is not None  # noqa: S101 - it was asked for
    assert leaf.ended is not None  # noqa: S101
    name = leaf.args.get("name")
    return CheckResult(
        check=name if leaf.kind == check.CHECK.name and isinstance(name, str) else leaf.name,
        code=check.CODE if leaf.finding is None else leaf.finding.code,
        origin=CheckOrigin.PACKAGE,
        title=leaf.name,
        target=f"node {leaf.node}" if leaf.node else "system",
        status=status,
        severity=severity,
        description=said,
        remedy=leaf.finding.remedy if leaf.finding else "",
        at=leaf.ended,
        took=leaf.ended - leaf.started,
        detail=leaf.output,
    )


def _said(leaf: Step) -> tuple[CheckStatus, Severity, str]:
    if leaf.finding is not None:
        warned = leaf.finding.severity is not Severity.CRITICAL
        return (CheckStatus.WARNING if warned else CheckStatus.FAIL), leaf.finding.severity, leaf.finding.what
    if check.STATUS in leaf.record:
        record = leaf.record
        return CheckStatus(record[check.STATUS]), Severity(record[check.SEVERITY]), record[check.SAID]
    return CheckStatus.PASS, Severity.CRITICAL, leaf.output.strip().rpartition("\n")[2] or "as it should be"
