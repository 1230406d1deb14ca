"""``undrain``: put a node back into service, if it was this run that took it out.

What the drain has recorded says so; where the drain was cut short before it could, its note on the node does,
and a node without a note was never taken out.
"""

from __future__ import annotations

import shlex

from pitstop.model.errors import InvalidPlan
from pitstop.model.runs import Step
from pitstop.steps.drain import WAS_OUT, DrainArgs, functions, note
from pitstop.steps.kind import Done, StepContext, StepKind, always, done_of, reattach_operation
from pitstop.steps.shell import quoted

_LEFT_OUT = Done("was out of service before this run, and is left so")
_IN_SERVICE = 1

_SCRIPT = """\
[ -n "$was" ] || was=$(cat "$note" 2>/dev/null || echo untouched)
if [ "$was" != no ]; then
    echo "this run has not taken the node out of service"
    exit 0
fi
back || exit
if told_out; then
    echo "the node is still out of service, though the command ended well" >&2
    exit 1
fi
rm -f "$note"
"""


async def _act(context: StepContext, args: DrainArgs) -> Done:
    drain = _drain(context)
    if _was_out(drain):
        return _LEFT_OUT
    was = f"was={shlex.quote(drain.record.get(WAS_OUT, ''))}\n"
    return await context.operate(functions(args) + note(context, drain) + was + _SCRIPT)


async def _probe(context: StepContext, args: DrainArgs) -> Done | None:
    """Done where ``is_out`` says a clear no."""
    if _was_out(_drain(context)):
        return _LEFT_OUT
    answer = await context.ask(quoted(args.is_out))
    return done_of(answer) if answer.status == _IN_SERVICE else None


def _drain(context: StepContext) -> Step:
    """The drain whose node is put back.

    Raises:
        InvalidPlan: there is none.
    """
    drain = context.earlier("drain")
    if drain is None:
        raise InvalidPlan(f"step {context.step.index}: no earlier step has taken this node out of service")
    return drain


def _was_out(drain: Step) -> bool:
    return drain.record.get(WAS_OUT) == "yes"


UNDRAIN = StepKind(
    "undrain", DrainArgs, _act, _probe, reattach_operation, in_plans=False, undone_by=always("drain")
)
