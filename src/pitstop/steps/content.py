"""Content of the package on its way to a node: staged beside an operation, whole or not at all.

What is sent was checked when it was unpacked, and may have been changed since: a bad disk, a hand. So all
that was staged is checked on the node once more before anything is done with it. Content found damaged
here is dropped, and the next try brings it again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pitstop.model.errors import DigestMismatch, InvalidPlan, NotFound, StateUnusable, StepFailed
from pitstop.model.packages import ContentFile
from pitstop.ports.nodes import Answer, StagedFile
from pitstop.steps.download import DOWNLOAD
from pitstop.steps.kind import StepContext
from pitstop.steps.nothing import NoArgs
from pitstop.steps.unpack import UNPACK

_SHOWN = 5
_DAMAGED = 65
"""The status that says so; the names of what is damaged stand before it."""

WHOLE = f"""\
whole() {{
    cd "$PITSTOP_STAGE" && for file in *; do echo "${{file#*.}}  $file"; done | sha256sum -c --quiet
}}
(whole) || exit {_DAMAGED}
"""
_FAILED = re.compile(r"^\d+\.([0-9a-f]{64}): FAILED", re.MULTILINE)


async def staged_answer(context: StepContext, script: str, files: Sequence[ContentFile]) -> Answer:
    """The answer of an operation that begins with ``WHOLE`` and acts on these files, staged each under
    ``NUMBER.SHA256``.

    Raises:
        DigestMismatch: something of what was staged is not what was signed; nothing was done with it.
    """
    staged = await _brought(context, files)
    try:
        answer = await context.answer_of(script, files=staged)
    except (NotFound, StateUnusable) as error:
        await _refuse_damaged(context, files, error)
        raise
    await require_whole(context, answer)
    return answer


async def _brought(context: StepContext, files: Sequence[ContentFile]) -> tuple[StagedFile, ...]:
    """This content, to be staged. It was here, but what was damaged was dropped: that is prepared again."""
    with suppress(NotFound):
        return await asyncio.to_thread(_staged, context, files)
    async with context.world.bringing:
        await DOWNLOAD.act(context, NoArgs())
        await UNPACK.act(context, NoArgs())
    return await asyncio.to_thread(_staged, context, files)


def _staged(context: StepContext, files: Sequence[ContentFile]) -> tuple[StagedFile, ...]:
    content = context.world.payloads.content
    return tuple(
        StagedFile(content(file), f"{number}.{file.sha256}", file.mode) for number, file in enumerate(files)
    )


async def sound_file(context: StepContext, path: str) -> Path:
    """Where this file of the package's content lies here, as it was signed.

    Raises:
        InvalidPlan: the content has no such file.
        DigestMismatch: it is not what was signed; or the package is not the one that the run began with.
    """
    return (await _sound(context, path))[path]


async def sound_files(context: StepContext, folder: str) -> Mapping[str, Path]:
    """As ``sound_file``, of all files of the content below this folder, by their paths."""
    return await _sound(context, folder)


async def content_files(context: StepContext, paths: Sequence[str]) -> list[ContentFile]:
    """These files of the package's content, to be staged.

    Raises:
        InvalidPlan: the content has no such file.
        DigestMismatch: the package is not the one that the run began with.
    """
    await asyncio.to_thread(context.require_package)
    manifest = await asyncio.to_thread(context.world.payloads.manifest, context.package)
    found = [manifest.file(path) for path in paths]
    if lacking := [path for path, file in zip(paths, found, strict=True) if file is None]:
        raise InvalidPlan(f"step {context.step.index}: {lacking[0]!r} is no file of the package's content")
    return [file for file in found if file is not None]


async def _sound(context: StepContext, path: str) -> Mapping[str, Path]:
    await asyncio.to_thread(context.require_package)
    manifest = await asyncio.to_thread(context.world.payloads.manifest, context.package)
    file = manifest.file(path)
    files = list(manifest.below(path)) if file is None else [file]
    if not files:
        raise InvalidPlan(f"step {context.step.index}: {path!r} is not in the package's content")
    staged = await _brought(context, files)
    await _refuse_damaged(context, files, StepFailed(f"{path} is damaged"))
    return {each.path: there.source for each, there in zip(files, staged, strict=True)}


async def require_whole(context: StepContext, answer: Answer) -> None:
    """What was staged for the operation that has ended so has arrived.

    Raises:
        DigestMismatch: something of what was staged is not what was signed; nothing was put in place.
    """
    failed = set(_FAILED.findall(answer.output)) if answer.status == _DAMAGED else set()
    if not failed:
        return
    manifest = await asyncio.to_thread(context.world.payloads.manifest, context.package)
    files = [file for file in manifest.files if file.sha256 in failed]
    node = context.here.name
    error = DigestMismatch(
        f"{_named(files)} did not arrive on node {node} as it was sent. Nothing was put in place there",
        hint=f"Check the disk of node {node}, then resume the run.",
    )
    await _refuse_damaged(context, files, error)
    raise error


async def _refuse_damaged(context: StepContext, files: Sequence[ContentFile], error: Exception) -> None:
    """Drop what of these files is damaged here.

    Raises:
        DigestMismatch: something is.
    """
    damaged = await asyncio.to_thread(context.world.payloads.drop_damaged, files)
    if damaged:
        raise DigestMismatch(
            f"{_named(damaged)} in this service's store is not what was signed any more: it was changed "
            f"after it was unpacked. Nothing of it was put in place on node {context.here.name}",
            hint="Check this machine's disk, and who may write to the state folder. What is damaged was "
            "removed from the store: resume the run, and it is brought again.",
        ) from error


def _named(files: Sequence[ContentFile]) -> str:
    names = sorted({file.path for file in files})
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
