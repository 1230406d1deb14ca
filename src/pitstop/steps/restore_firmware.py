"""``restore-firmware``: go back to the firmware that a ``firmware`` step of this run has replaced.

A node that had the new version before the run keeps it. A controller that is still at what that step has
begun is waited for: what it ends with is what is gone back from.
"""

from __future__ import annotations

from pitstop.model.errors import InvalidPlan
from pitstop.steps.firmware import FIRMWARE, FirmwareArgs, update_to
from pitstop.steps.firmware_update import TASK, WAS
from pitstop.steps.kind import Done, StepContext, StepKind, never_known


async def _act(context: StepContext, args: FirmwareArgs) -> Done:
    if args.earlier is None:
        raise InvalidPlan(f"step {context.step.index}: the plan names no firmware to go back to")
    undone = context.earlier(FIRMWARE.name)
    record = undone.record if undone is not None else {}
    if WAS not in record:
        return Done("nothing was begun here")
    if record[WAS] == args.version:
        return Done("it had this firmware before the run")
    update = update_to(context, args, args.earlier)
    if not update.has_begun:
        await update.free(record.get(TASK, ""))
        now = await update.installed()
        if now != args.version:
            return Done(f"{args.component} of {context.here.name} is at {now}, as before")
    await update.whole()
    return Done(f"{args.component} of {context.here.name} is at {update.version} again")


RESTORE_FIRMWARE = StepKind(
    "restore-firmware", FirmwareArgs, _act, never_known, in_plans=False, changes_nothing=True
)
