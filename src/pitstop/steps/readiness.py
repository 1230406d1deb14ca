"""``readiness``: the system's own checks, asked right before anything is changed. Changes nothing."""

from __future__ import annotations

from pitstop.model.errors import NotReady
from pitstop.model.findings import Finding, Severity
from pitstop.steps.kind import Done, StepContext, StepKind, never_known
from pitstop.steps.nothing import NoArgs

_SHOWN = 3


async def _act(context: StepContext, _args: NoArgs) -> Done:
    readiness = context.world.readiness
    if readiness is None:
        return Done("this service checks nothing")
    blockers = await readiness.blockers(context.run.update)
    if not blockers:
        return Done("nothing that the checks have found keeps the update off")
    worst = sorted(blockers, key=lambda finding: finding.severity is not Severity.CRITICAL)
    more = f" and {len(worst) - _SHOWN} more" if len(worst) > _SHOWN else ""
    failure = NotReady(
        "; ".join(f"{each.subject}: {each.what}" for each in worst[:_SHOWN]) + more,
        severity=worst[0].severity,
    )
    for finding in worst:
        failure.add_note(_said(finding))
    raise failure


def _said(finding: Finding) -> str:
    return f"[{finding.severity}] {finding.subject}: {finding.what}\n  remedy: {finding.remedy}"


READINESS = StepKind(
    "readiness", NoArgs, _act, never_known, on_node=False, in_plans=False, changes_nothing=True
)
