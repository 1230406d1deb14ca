"""``drain``: take a node out of service, and note whether it was out already.

What is noted must be the state before the *run* touched the node, also where this step was cut short and is
done again: by then the node may be out by the first attempt's own doing. So the operation itself notes the
former state on the node, durably, before it takes it out, under a name that is the same for every attempt;
a note that is there already is believed. The note becomes this step's record, and ``undrain`` takes it away.
"""

from __future__ import annotations

import re
import shlex

import msgspec

from pitstop.model.errors import StepFailed
from pitstop.model.runs import Step, parent_of
from pitstop.steps.kind import Done, StepContext, StepKind, always, never_known, reattach_operation
from pitstop.steps.shell import Command, quoted

WAS_OUT = "was_out"
_LINE = re.compile(r"^pitstop: was_out=(yes|no)\s*\Z", re.MULTILINE)

_SCRIPT = """\
if [ ! -s "$note" ]; then
    if told_out; then was=yes; else was=no; fi
    mkdir -p "$PITSTOP_NOTES" && echo "$was" >"$note.new" && sync "$note.new" || exit 1
    mv "$note.new" "$note" || exit 1
fi
was=$(cat "$note")
if [ "$was" = no ]; then
    out || exit
    told_out || { echo "the node is not out of service, though the command ended well" >&2; exit 1; }
fi
echo "pitstop: was_out=$was"
"""


class DrainArgs(msgspec.Struct, forbid_unknown_fields=True):
    """How a node is taken out of service and put back; a plan says it as the ``drain`` of a rolling group.

    ``out`` must bear being done again, and ends when the node is out. ``is_out`` changes nothing and ends
    with 0 when the node is out of service and with 1 when it is in service; with any other status it cannot
    tell, and the step fails: a guess could put back what the operator has taken out.
    """

    out: Command
    back: Command
    is_out: Command


_TOLD_OUT = """\
told_out() {
    is_out
    case $? in
    0) return 0 ;;
    1) return 1 ;;
    *) echo "whether the node is out of service cannot be asked: is_out ended with status $?" >&2; exit 1 ;;
    esac
}
"""


def functions(args: DrainArgs) -> str:
    """The three commands as shell functions, and ``told_out``: what ``is_out`` says, where it is clear."""
    commands = {"out": args.out, "back": args.back, "is_out": args.is_out}
    own = (f"{name}() {{ {quoted(command)}; }}\n" for name, command in commands.items())
    return "".join([*own, _TOLD_OUT])


def note(context: StepContext, drain: Step) -> str:
    """Shell text that names the note of this drain: the same for every attempt, and for who puts back."""
    name = f"{context.run.id}-drain-{parent_of(drain.index)}"
    return f'note="$PITSTOP_NOTES"/{shlex.quote(name)}\n'


async def _act(context: StepContext, args: DrainArgs) -> Done:
    return _recorded(await context.operate(functions(args) + note(context, context.step) + _SCRIPT))


async def _reattach(context: StepContext) -> Done | None:
    done = await reattach_operation(context)
    return None if done is None else _recorded(done)


def _recorded(done: Done) -> Done:
    said = _LINE.search(done.output)
    if said is None:
        raise StepFailed("the node does not say whether it was out of service before")
    return Done(done.output[: said.start()], {WAS_OUT: said.group(1)})


DRAIN = StepKind(
    "drain", DrainArgs, _act, never_known, _reattach, in_plans=False, undone_by=always("undrain")
)
"""Never found done by a probe: a node that is out may still have work in flight, which ``out`` waits for."""
