"""``firmware``: bring firmware onto a node by way of its management controller (Redfish).

The controller is asked what it has, told to update, and watched until its task has ended; then the version is
read back, and only that counts. Nothing is begun on a machine of another model. What was there before and the
address of the task are noted with the step, however it ends: a later attempt goes on watching that task and
tells the controller nothing twice (:mod:`pitstop.steps.firmware_update`).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.errors import FirmwareFailed
from pitstop.ports.controllers import ApplyTime
from pitstop.steps.firmware_update import WAS, Update
from pitstop.steps.kind import Done, StepContext, StepKind

_SHARE_OF_DEADLINE = 0.95
"""The wait ends a little before the step's deadline, so that the failure says what was waited for."""

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Earlier(msgspec.Struct, forbid_unknown_fields=True):
    """The firmware to go back to."""

    version: Annotated[Name, Meta(description="As the controller says it.")]
    image: Annotated[Name, Meta(description="The file of the package's content that holds it.")]


class FirmwareArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Bring firmware onto the node, by way of its management controller, which speaks Redfish.

    The node's facts say how it is reached (docs/firmware.md). The image is sent where the controller takes
    it, else the controller fetches it from the service. Done when the controller itself says the version.
    """

    image: Annotated[Name, Meta(description="The file of the package's content that the controller gets.")]
    component: Annotated[
        Name, Meta(description="`Id` in the controller's firmware inventory, such as `BIOS`.")
    ]
    version: Annotated[Name, Meta(description="What the inventory says of it afterwards.")]
    models: Annotated[
        list[Name],
        Meta(min_length=1, description="The models that the image is for, as the controller says them."),
    ]
    apply: Annotated[
        ApplyTime, Meta(description="`immediate`, or `on-reset`: when the machine is restarted.")
    ] = ApplyTime.IMMEDIATE
    restart: Annotated[
        bool,
        Meta(description="Restart the machine afterwards, by the controller, and wait until it is back."),
    ] = False
    earlier: Annotated[
        Earlier | None,
        Meta(
            description="What is gone back to. With it the step can be taken back, and begins nothing on a "
            "node that has yet another version."
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.apply is ApplyTime.ON_RESET and not self.restart:
            raise ValueError(
                "`apply: on-reset` needs `restart: true`: before that the version cannot be read back"
            )


def update_to(context: StepContext, args: FirmwareArgs, to: Earlier) -> Update:
    """Of the step's node, to this version with this image."""
    return Update(
        context,
        component=args.component,
        models=args.models,
        version=to.version,
        image=to.image,
        apply=args.apply,
        restart=args.restart,
        until=context.world.clock.now() + context.step.deadline * _SHARE_OF_DEADLINE,
        noted=dict(context.step.record),
    )


def _forward(context: StepContext, args: FirmwareArgs) -> Update:
    return update_to(context, args, Earlier(args.version, args.image))


async def _probe(context: StepContext, args: FirmwareArgs) -> Done | None:
    """What was begun is brought to its end by the act alone, whatever the controller says meanwhile."""
    if WAS in context.step.record:
        return None
    there = await _forward(context, args).installed() == args.version
    return _done(context, args, args.version) if there else None


async def _act(context: StepContext, args: FirmwareArgs) -> Done:
    update = _forward(context, args)
    if not update.has_begun:
        _require_way_back(context, args, await update.installed())
    await update.whole()
    return _done(context, args, update.noted[WAS])


def _require_way_back(context: StepContext, args: FirmwareArgs, now: str) -> None:
    if args.earlier is not None and now not in (args.version, args.earlier.version):
        raise FirmwareFailed(
            f"{args.component} of node {context.here.name} is at {now}, and the package can go back to "
            f"{args.earlier.version} alone",
            hint=f"Bring the node to {args.earlier.version} first, then resume the run.",
        )


def _done(context: StepContext, args: FirmwareArgs, was: str) -> Done:
    return Done(f"{args.component} of {context.here.name} is at {args.version}", {WAS: was})


def _undone_by(args: FirmwareArgs) -> str | None:
    return None if args.earlier is None else "restore-firmware"


def _content(args: FirmwareArgs) -> tuple[str, ...]:
    return (args.image,) if args.earlier is None else (args.image, args.earlier.image)


FIRMWARE = StepKind("firmware", FirmwareArgs, _act, _probe, undone_by=_undone_by, content=_content)
