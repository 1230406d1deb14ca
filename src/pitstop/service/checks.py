"""Checks: seeing what they found, running them, and skipping one by name with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitstop.model.accounts import Actor, Permission
from pitstop.model.checks import CheckOrigin, CheckRound, CheckSkip, CheckStatus, KeptResult
from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.findings import Severity
from pitstop.ports.checks import CheckRecords
from pitstop.ports.jobs import Jobs
from pitstop.service.audited import Audited
from pitstop.service.check_rounds import CHECK, CheckRounds, key_of
from pitstop.service.check_views import change_view, result_view, round_view, skip_view
from pitstop.service.readiness import ReadinessLooks
from pitstop.wire.check_views import (
    CheckResultView,
    CheckRoundView,
    CheckRunAsked,
    ChecksView,
    CheckView,
    ReadinessView,
)

LONGEST_ROUND = timedelta(minutes=15)
"""A round that has not ended by then was cut short."""

_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class ChecksService:
    """Implements :class:`pitstop.service.desk.ChecksDesk`."""

    records: CheckRecords
    rounds: CheckRounds
    jobs: Jobs
    audited: Audited
    looks: ReadinessLooks

    def list(self, actor: Actor) -> ChecksView:
        actor.require(Permission.SEE)
        now = self.audited.clock.now()
        rounds, skips = self.records.rounds(), self.records.skips()
        results = self._in_order(self.records.results())
        whole = (each for each in rounds if each.ended is not None and not each.checks)
        return ChecksView(
            results=self._views(results, skips, now),
            counts=_counts(results),
            rounds=tuple(round_view(each) for each in rounds),
            running=_running(rounds, now),
            last_round=next((round_view(each) for each in whole), None),
            skips=tuple(skip_view(skip) for skip in skips),
            valid_hours=self.rounds.habits.valid / timedelta(hours=1),
            strict=self.rounds.habits.strict,
        )

    def show(self, actor: Actor, name: str) -> CheckView:
        actor.require(Permission.SEE)
        title, says, origin, severity = self._about(name)
        now, skips = self.audited.clock.now(), self.records.skips()
        mine = [kept for kept in self.records.results() if kept.result.check == name]
        return CheckView(
            name=name,
            title=title,
            says=says,
            origin=origin,
            severity=severity,
            results=self._views(mine, skips, now),
            changes=tuple(change_view(change) for change in self.records.changes(name)),
            skips=tuple(skip_view(skip) for skip in skips if skip.check == name),
        )

    def _views(
        self, results: Iterable[KeptResult], skips: Sequence[CheckSkip], now: datetime
    ) -> tuple[CheckResultView, ...]:
        oldest, strict = self.looks.findings.counts_from(now), self.rounds.habits.strict
        return tuple(result_view(kept, skips, oldest, strict=strict) for kept in results)

    def _about(self, name: str) -> tuple[str, str, str, str]:
        """Title, what it looks at, whose it is, and how bad a fail is. Raises NotFound."""
        package = self.looks.package_checks()
        if name in package and name not in {kind.name for kind in self.rounds.kinds()}:
            step = package[name]
            says = step.description or "Asked of nodes when an update is prepared."
            return step.name, says, CheckOrigin.PACKAGE, str(step.args.get("severity", Severity.CRITICAL))
        kind = self.rounds.named([name])[0]
        return kind.title, kind.says, kind.origin, kind.severity

    def run(self, actor: Actor, names: tuple[str, ...] = ()) -> CheckRunAsked:
        said = ", ".join(names) or "all checks"
        with self.audited.change(actor, Permission.OPERATE, "run checks", said[:200]):
            self.rounds.named(names)
            last = next(iter(self.records.rounds(1)), None)
            self.jobs.submit(CHECK, key_of(f"asked by {actor.name}", names))
            return CheckRunAsked(after=last.number if last else 0)

    def skip(self, actor: Actor, name: str, target: str, reason: str) -> CheckView:
        reason = reason.strip()
        where = f"{name} of {target}" if target else name
        with self.audited.change(actor, Permission.OPERATE, f"skip check: {reason[:200]}", where[:200]):
            self._require(name, target)
            if not reason or len(reason) > _LONGEST_REASON:
                raise InvalidInput(
                    f"the reason must have 1 to {_LONGEST_REASON} characters",
                    hint="Say why this system may be updated in spite of it: others will read it later.",
                )
            self.records.skip(CheckSkip(name, target, reason, actor.name, self.audited.clock.now()))
        return self.show(actor, name)

    def unskip(self, actor: Actor, name: str, target: str = "") -> CheckView:
        where = f"{name} of {target}" if target else name
        with self.audited.change(actor, Permission.OPERATE, "no longer skip check", where[:200]):
            self.records.unskip(name, target)
        return self.show(actor, name)

    def readiness(self, actor: Actor, update: str) -> ReadinessView:
        actor.require(Permission.SEE)
        return self.looks.of(update)

    def _require(self, name: str, target: str) -> None:
        """Raises NotFound: there is no such check, or it has never looked at such a target."""
        if self._about(name)[2] == CheckOrigin.PACKAGE:
            known = [f"node {node.name}" for node in self.rounds.knowledge.system.nodes]
        else:
            known = [kept.result.target for kept in self.records.results() if kept.result.check == name]
        if target and target not in known:
            there = ", ".join(known) or "none yet: run it first"
            raise NotFound(f"the check {name} has no target {target!r}", hint=f"Its targets: {there}.")

    def _in_order(self, results: Iterable[KeptResult]) -> Sequence[KeptResult]:
        """As the table of kinds has them; what no kind stands for any more comes last."""
        place = {kind.name: number for number, kind in enumerate(self.rounds.kinds())}
        return sorted(results, key=lambda kept: place.get(kept.result.check, len(place)))


def _counts(results: Iterable[KeptResult]) -> dict[str, int]:
    counted = Counter(kept.result.status for kept in results)
    return {status.value: counted[status] for status in CheckStatus}


def _running(rounds: Iterable[CheckRound], now: datetime) -> CheckRoundView | None:
    newest = next(iter(rounds), None)
    if newest is None or newest.ended is not None or now - newest.began > LONGEST_ROUND:
        return None
    return round_view(newest)
