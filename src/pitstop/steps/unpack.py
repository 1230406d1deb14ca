"""``unpack``: take the content out of the volumes, every file checked against the signed manifest."""

from __future__ import annotations

import asyncio

from pitstop.steps.kind import Done, StepContext, StepKind
from pitstop.steps.nothing import NoArgs


async def _probe(context: StepContext, _args: NoArgs) -> Done | None:
    await asyncio.to_thread(context.require_package)
    payloads, package = context.world.payloads, context.package
    if await asyncio.to_thread(payloads.missing_content, package):
        return None
    return await asyncio.to_thread(_done, context)


async def _act(context: StepContext, _args: NoArgs) -> Done:
    await asyncio.to_thread(context.require_package)
    await asyncio.to_thread(context.world.payloads.unpack, context.package, context.report)
    return await asyncio.to_thread(_done, context)


def _done(context: StepContext) -> Done:
    manifest = context.world.payloads.manifest(context.package)
    return Done(f"{len(manifest.files)} files, {manifest.size} bytes, as they were signed")


UNPACK = StepKind("unpack", NoArgs, _act, _probe, on_node=False, in_plans=False, changes_nothing=True)
