"""``restore-files``: put back what a ``copy`` of this run has replaced on the node.

What was kept is moved back over what was put; what was not there before is removed. Done again, it does what
is left; where nothing was kept there is nothing to do.
"""

from __future__ import annotations

from pitstop.steps.copy import CopyArgs, kept_folder
from pitstop.steps.kind import Done, StepContext, StepKind, never_known, reattach_operation

_SCRIPT = """\
restored=0
restore() {
    path=$(cat "$1"; echo x)
    target=$PITSTOP_ROOT${path%x}
    if [ -e "$1.was" ] || [ -L "$1.was" ]; then
        new=${target%/*}/.pitstop-restored
        rm -f -- "$new"
        cp -a -- "$1.was" "$new" && sync -- "$new" && mv -f -T -- "$new" "$target"
    else
        rm -f -- "$target"
    fi
}
if [ -e "$kept/sure" ]; then # before that nothing was replaced
    for kept_file in "$kept"/????????????????; do
        [ -s "$kept_file" ] || continue
        restore "$kept_file" || { echo "cannot put back $target" >&2; exit 1; }
        restored=$((restored + 1))
    done
fi
sync -f "$kept"
rm -rf "$kept"
echo "$restored put back"
"""


async def _act(context: StepContext, _args: CopyArgs) -> Done:
    return await context.operate(kept_folder(context, context.undone) + _SCRIPT)


RESTORE_FILES = StepKind(
    "restore-files", CopyArgs, _act, never_known, reattach_operation, in_plans=False, changes_nothing=True
)
