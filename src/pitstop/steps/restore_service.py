"""``restore-service``: bring a service back to whether it ran before a ``service`` step of this run."""

from __future__ import annotations

from pitstop.steps.kind import Done, StepContext, StepKind, never_known, reattach_operation
from pitstop.steps.service import ServiceArgs, functions, note_of

_SCRIPT = """\
was=$(cat "$note" 2>/dev/null)
case $was in
started) verb=start ;;
stopped) verb=stop ;;
*) echo "nothing is known of before: left as it is"; exit 0 ;;
esac
act || exit
rm -f "$note"
echo "$was, as before"
"""


async def _act(context: StepContext, args: ServiceArgs) -> Done:
    return await context.operate(functions("status", args.name) + note_of(context, context.undone) + _SCRIPT)


RESTORE_SERVICE = StepKind(
    "restore-service",
    ServiceArgs,
    _act,
    never_known,
    reattach_operation,
    in_plans=False,
    changes_nothing=True,
)
