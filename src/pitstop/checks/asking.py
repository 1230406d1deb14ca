"""Asking checks: all at once, each with its deadline, none in the way of another or of a run.

Whatever a check does (hang, throw, answer nonsense), its answer is *unknown* with the reason, and the others
go on. A node that does not answer is said to be so once, by the check ``nodes``; the others skip it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitstop.checks.kind import CheckKind, NotReached, Outcome, Surroundings, Target, not_looked_at, unknown
from pitstop.model.checks import CheckResult, CheckStatus, severity_of
from pitstop.model.errors import PitstopError
from pitstop.ports.deadlines import Deadline

log = logging.getLogger(__name__)

AT_ONCE = 32
"""So many targets are asked at the same time."""

_LONGEST_TEXT = 500
_LONGEST_DETAIL = 8_000


@dataclass(frozen=True, slots=True)
class _Question:
    """A check of one target."""

    kind: CheckKind
    target: Target


async def ask_all(kinds: Sequence[CheckKind], around: Surroundings) -> Sequence[CheckResult]:
    """The answers of all these checks at all their targets, in the order of the kinds."""
    turn = asyncio.Semaphore(AT_ONCE)
    questions = [question for kind in kinds for question in _questions(kind, around)]

    async def ask(question: _Question | CheckResult) -> CheckResult:
        if isinstance(question, CheckResult):
            return question
        async with turn:
            return await _answer(question, around)

    return await asyncio.gather(*(ask(question) for question in questions))


def _questions(kind: CheckKind, around: Surroundings) -> Sequence[_Question | CheckResult]:
    """One for each target; where these cannot even be listed, that is the answer."""
    try:
        return [_Question(kind, target) for target in kind.targets(around)]
    except Exception as error:
        nobody = _Question(kind, Target("system"))
        return [_result(nobody, _broken(kind, error), around.now(), 0.0)]


async def _answer(question: _Question, around: Surroundings) -> CheckResult:
    begun = time.monotonic()
    deadline = Deadline(question.kind.deadline)
    try:
        async with deadline:
            outcome = await question.kind.look(around, question.target)
        return _result(question, outcome, around.now(), time.monotonic() - begun)
    except TimeoutError:
        seconds = question.kind.deadline.total_seconds()
        outcome = unknown(
            f"it has not answered within {seconds:g} s", "See why it is slow, then run the check again."
        )
    except NotReached as error:
        outcome = not_looked_at(f"skipped: {error.message}", "See the check `nodes`.")
    except Exception as error:
        outcome = _broken(question.kind, error)
    return _result(question, outcome, around.now(), time.monotonic() - begun)


def _broken(kind: CheckKind, error: Exception) -> Outcome:
    if isinstance(error, PitstopError):
        return unknown(error.message, error.hint)
    log.error("check %s broke", kind.name, exc_info=error)
    return unknown(
        f"the check itself broke: {type(error).__name__}: {error}",
        "See the service's log; open a support case with it.",
    )


def _result(question: _Question, outcome: Outcome, at: datetime, seconds: float) -> CheckResult:
    kind = question.kind
    passed = outcome.status is CheckStatus.PASS
    severity = outcome.severity or (kind.severity if passed else severity_of(outcome.status, kind.severity))
    return CheckResult(
        check=kind.name,
        code=kind.code,
        origin=kind.origin,
        title=kind.title,
        target=str(question.target),
        status=outcome.status,
        severity=severity,
        description=outcome.description[:_LONGEST_TEXT],
        remedy=outcome.remedy[:_LONGEST_TEXT],
        at=at,
        took=timedelta(seconds=seconds),
        detail=outcome.detail[:_LONGEST_DETAIL],
        measures=outcome.measures,
    )
