"""What must hold in a list of known issues beyond the form of its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import re2  # type: ignore[import-untyped]

from pitstop.model.conditions import Comparison
from pitstop.model.errors import InvalidCatalogue, InvalidPlan, InvalidVersion
from pitstop.model.known_issues import KnownIssue, KnownIssues, Mend, Signature
from pitstop.model.plans import GroupMode, Plan, PlanGroup
from pitstop.model.versions import Version
from pitstop.package.content_paths import short_name_problem
from pitstop.package.plan_format import ArgumentCheck, check_plan

CORRECT = "Correct what the message names in the list of issues."
_PATTERN_MEMORY = 1 << 20
"""Bytes that one compiled pattern may take; one that needs more is refused."""
_SHOWN = 10


def check_known_issues(listed: KnownIssues) -> None:
    """Raises InvalidCatalogue with what does not hold, the first ten at most."""
    _refuse(list(_problems(listed)))


def _refuse(problems: list[str]) -> None:
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        told = "; ".join(problems[:_SHOWN])
        raise InvalidCatalogue(f"the list of known issues does not hold: {told}{more}", hint=CORRECT)


def _problems(listed: KnownIssues) -> Iterator[str]:
    if listed.issued.tzinfo is None:
        yield "'issued' names no time zone"
    for name in (listed.publisher, listed.product):
        if problem := short_name_problem(name):
            yield problem
    for name, count in Counter(issue.id for issue in listed.issues).items():
        if count > 1:
            yield f"issue {name} is there {count} times"
    for issue in listed.issues:
        yield from (f"issue {issue.id}: {problem}" for problem in issue_problems(issue))


def issue_problems(issue: KnownIssue) -> Iterator[str]:
    """What does not hold in one issue, beyond the form of its fields."""
    if problem := short_name_problem(issue.id):
        yield problem
    told = issue.applicable
    if told.all_supported == bool(told.families or told.builds):
        yield "it applies either to all supported releases, or to families and builds that are named"
    for build in (*told.builds, *filter(None, [issue.fixed_in])):
        try:
            Version.parse(build)
        except InvalidVersion as error:
            yield error.message
    if issue.link and not issue.link.startswith(("https://", "http://")):
        yield f"{issue.link!r} is no http address"
    for part in ("signatures", "excludes"):
        for number, signature in enumerate(getattr(issue, part)):
            yield from (f"{part}[{number}]: {problem}" for problem in _signature_problems(signature))
    if issue.mend is None and any(signature.mend for signature in issue.signatures):
        yield "a signature is evidence for a mend, and the issue has none"
    if issue.mend is not None and not any(signature.mend for signature in issue.signatures):
        yield "no signature is evidence enough for its mend (`mend = true`): it would never be offered"


def _signature_problems(signature: Signature) -> Iterator[str]:
    told = (signature.said, signature.facts, signature.step)
    if not any(told) and not (signature.states and signature.kinds):
        yield "it names nothing that is said: a pattern, a fact, the step's name, or state and kind together"
    for test in signature.facts:
        several = test.comparison in (Comparison.ONE_OF, Comparison.NONE_OF)
        if len(test.values) > 1 and not several:
            yield f"{test.comparison} takes one value"
    steps = (signature.step,) if signature.step else ()
    said = (expression for group in signature.said for expression in group)
    for expression in (*said, *signature.none, *steps):
        if problem := _pattern_problem(expression):
            yield problem


def _pattern_problem(expression: str) -> str | None:
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    options.max_mem = _PATTERN_MEMORY
    options.log_errors = False
    try:
        if re2.compile(expression, options).search("") is None:
            return None
    except re2.error as error:
        said = error.args[0] if error.args else "it cannot be read"
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"{expression!r} is no pattern of RE2: {why}"
    return f"{expression!r} matches where there is nothing"


def mend_plan(issue: KnownIssue) -> Plan:
    """The issue's mend as a plan, to be checked and laid over nodes as any other."""
    mend = issue.mend or Mend("", (), ())
    rolled = PlanGroup(f"Mend {issue.id}", GroupMode.ROLLING, mend.steps, role="*", verify=mend.verify)
    return Plan(f"Mend {issue.id}", (rolled,))


def check_mends(listed: KnownIssues, kinds: Mapping[str, ArgumentCheck], still: frozenset[str]) -> None:
    """Check the steps of all mends by their kinds.

    Args:
        kinds: what a mend may ask for, by name.
        still: those of them that change nothing: a mend is verified with these alone.

    Raises:
        InvalidCatalogue: unknown kinds, arguments that a kind does not take; names every issue.
    """
    problems: list[str] = []
    for issue in listed.issues:
        if issue.mend is None:
            continue
        try:
            check_plan(mend_plan(issue), kinds)
        except InvalidPlan as error:
            problems.append(f"issue {issue.id}: {error.message}")
        problems += [
            f"issue {issue.id}: {step.name!r} verifies the mend and is of kind {step.kind}, which may change "
            f"something; allowed are {', '.join(sorted(still))}"
            for step in issue.mend.verify
            if step.kind not in still
        ]
    _refuse(problems)
