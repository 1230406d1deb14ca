"""``undrain``: put a node back into service, if it was this run that took it out."""

from __future__ import annotations

from pitstop.model.errors import InvalidPlan
from pitstop.steps.drain import WAS_OUT, DrainArgs, functions, note
from pitstop.steps.kind import Done, StepContext, StepKind, done_of, reattach_operation
from pitstop.steps.shell import quoted

_LEFT_OUT = Done("was out of service before this run, and is left so")
_IN_SERVICE = 1

_SCRIPT = """\
back || exit
if told_out; then
    echo "the node is still out of service, though the command ended well" >&2
    exit 1
fi
rm -f "$note"
"""


async def _act(context: StepContext, args: DrainArgs) -> Done:
    if _was_out(context):
        return _LEFT_OUT
    return await context.operate(functions(args) + note(context) + _SCRIPT)


async def _probe(context: StepContext, args: DrainArgs) -> Done | None:
    """Done where ``is_out`` says a clear no."""
    if _was_out(context):
        return _LEFT_OUT
    answer = await context.ask(quoted(args.is_out))
    return done_of(answer) if answer.status == _IN_SERVICE else None


def _was_out(context: StepContext) -> bool:
    """As the drain of this node has recorded it.

    Raises:
        InvalidPlan: nothing has.
    """
    record = context.earlier("drain")
    if WAS_OUT not in record:
        raise InvalidPlan(f"step {context.step.index}: no earlier step has taken this node out of service")
    return record[WAS_OUT] == "yes"


UNDRAIN = StepKind("undrain", DrainArgs, _act, _probe, reattach_operation, in_plans=False)
