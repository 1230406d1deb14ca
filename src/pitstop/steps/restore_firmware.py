"""``restore-firmware``: go back to the firmware that a ``firmware`` step of this run has replaced.

A node that had the new version before the run keeps it.
"""

from __future__ import annotations

from pitstop.model.errors import InvalidPlan
from pitstop.steps.firmware import FIRMWARE, WAS, FirmwareArgs, Update, attached, until
from pitstop.steps.kind import Done, StepContext, StepKind, never_known


async def _act(context: StepContext, args: FirmwareArgs) -> Done:
    undone = context.earlier(FIRMWARE.name)
    if undone is not None and undone.record.get(WAS) == args.version:
        return Done("it had this firmware before the run")
    update = _back(context, args)
    now = await update.installed()
    if now != args.version:
        return Done(f"{args.component} of {context.here.name} is at {now}, as before")
    await update.whole()
    return Done(f"{args.component} of {context.here.name} is at {update.version} again")


async def _reattach(context: StepContext) -> Done | None:
    args = FIRMWARE.read(context.step.args, f"step {context.step.index}")
    return await attached(_back(context, args))


def _back(context: StepContext, args: FirmwareArgs) -> Update:
    if args.earlier is None:
        raise InvalidPlan(f"step {context.step.index}: the plan names no firmware to go back to")
    return Update(context, args, args.earlier.version, args.earlier.image, until(context))


RESTORE_FIRMWARE = StepKind(
    "restore-firmware", FirmwareArgs, _act, never_known, _reattach, in_plans=False, changes_nothing=True
)
