"""``restore-images``: let names stand for the container images that they stood for before."""

from __future__ import annotations

from pitstop.steps.images import ImagesArgs, id_of, note_of
from pitstop.steps.kind import Done, StepContext, StepKind, never_known, reattach_operation

_SCRIPT = """\
[ -s "$note" ] || { echo "nothing was named here"; exit 0; }
while read -r name id; do
    if [ "$(id_of "$name")" = "$id" ]; then
        continue
    elif [ -n "$id" ]; then
        "$tool" tag "$id" "$name" </dev/null || exit
    elif [ "$tool" = podman ]; then
        podman untag "$name" "$name" </dev/null || exit
    else
        docker image rm --no-prune "$name" </dev/null || exit
    fi
    echo "$name stands for ${id:-nothing} again"
done <"$note"
rm -f "$note"
"""


async def _act(context: StepContext, args: ImagesArgs) -> Done:
    return await context.operate(id_of(args.tool) + note_of(context, context.undone) + _SCRIPT)


RESTORE_IMAGES = StepKind(
    "restore-images",
    ImagesArgs,
    _act,
    never_known,
    reattach_operation,
    in_plans=False,
    changes_nothing=True,
)
