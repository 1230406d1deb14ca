"""``copy``: bring files of the package's content onto the node, each as a whole or not at all.

The node is asked which of its files differ from the signed manifest (content, size, mode, or not a plain
file); only those are sent, staged beside the operation, and then moved into place one by one: complete under
a temporary name in the target's folder, written out, renamed over the target. Done again, it copies what is
left.

What will be replaced is kept on the node first, all of it, under the run's name: linked where that is
possible, so that no room is needed for it; what is not there is noted so. ``restore-files`` puts it back.

All that was staged is checked on the node once more before the first file is moved.
"""

from __future__ import annotations

import asyncio
import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.model.packages import ContentFile, Manifest
from pitstop.steps.content import WHOLE, require_whole, staged_answer
from pitstop.steps.kind import Done, StepContext, StepKind, always, concluded

_ASKED_AT_ONCE = 2_000
"""Files in one question: the answer, a number for each that differs, must fit into 64 KiB."""

_CHECK = """\
check() {
    p=$PITSTOP_ROOT$5
    if [ -f "$p" ] && [ ! -L "$p" ] && [ "$(stat -c %a:%s -- "$p")" = "$2:$3" ] &&
        [ "$(sha256sum <"$p")" = "$4  -" ]; then
        return
    fi
    echo "differs $1"
}
"""

_PUT = """\
umask 022
keep() {
    [ ! -e "$kept/sure" ] || [ ! -s "$kept/$2" ] || return 0
    [ ! -e "$kept/$2.was" ] || rm -f -- "$kept/$2.was"
    if [ -e "$PITSTOP_ROOT$1" ] || [ -L "$PITSTOP_ROOT$1" ]; then
        ln -P -- "$PITSTOP_ROOT$1" "$kept/$2.was" 2>/dev/null ||
            cp -a -- "$PITSTOP_ROOT$1" "$kept/$2.was" || { echo "cannot keep what $1 is now" >&2; exit 1; }
    fi
    printf '%s' "$1" >"$kept/$2" || exit 1
}
sure() {
    sync -f "$kept" && : >"$kept/sure" && sync "$kept/sure" || exit 1
}
put() {
    target=$PITSTOP_ROOT$4
    folder=${target%/*}
    new=$folder/.pitstop-$3
    mkdir -p -- "$folder/" && mv -f -- "$PITSTOP_STAGE/$1" "$new" && chmod "$2" -- "$new" &&
        sync -- "$new" && mv -f -T -- "$new" "$target" && return
    echo "cannot put $target in place" >&2
    rm -f -- "$new"
    exit 1
}
"""


class CopyArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Copy a file, or all files below a folder, of the package's content to the node, with their modes.

    Folders are made where they are missing. Nothing is removed.
    """

    source: Annotated[
        str, Meta(min_length=1, description="A file or folder of the package's content; `.` is all of it.")
    ] = msgspec.field(name="from")
    to: Annotated[
        str,
        Meta(
            pattern=r"^/[^\0]*\Z",
            description="Absolute path on the node, below its root: of a file, the file's own path (or, with "
            "a slash at the end, the folder it goes into); of a folder, the folder that the content maps to.",
        ),
    ]

    def __post_init__(self) -> None:
        if ".." in self.to.split("/"):
            raise ValueError("`to` must not contain `..`")


@dataclass(frozen=True, slots=True)
class _Target:
    """A content file and the path below the node's root where it is to lie."""

    file: ContentFile
    path: str


async def _probe(context: StepContext, args: CopyArgs) -> Done | None:
    targets = await asyncio.to_thread(_targets, context, args)
    return None if await _differing(context, targets) else _said(0, len(targets))


async def _act(context: StepContext, args: CopyArgs) -> Done:
    targets = await asyncio.to_thread(_targets, context, args)
    differing = await _differing(context, targets)
    if not differing:
        return _said(0, len(targets))
    files = [target.file for target in differing]
    said = _said(len(differing), len(targets) - len(differing)).output
    keeps = (f"keep {shlex.quote(target.path)} {_short(target)}\n" for target in differing)
    puts = (_put(number, target) for number, target in enumerate(differing))
    script = "".join(
        [
            WHOLE,
            kept_folder(context, context.step.index),
            _PUT,
            *keeps,
            "sure\n",
            *puts,
            f"echo {shlex.quote(said)}\n",
        ]
    )
    return concluded(await staged_answer(context, script, files))


async def _reattach(context: StepContext) -> Done | None:
    answer = await context.earlier_answer()
    if answer is None:
        return None
    await require_whole(context, answer)
    return concluded(answer)


def _said(copied: int, unchanged: int) -> Done:
    return Done(f"{copied} copied, {unchanged} unchanged")


def kept_folder(context: StepContext, index: str) -> str:
    """Shell text that makes and names the folder where the copy of this index keeps what it replaces."""
    name = f"{context.run.id}-files-{index}"
    return f'kept="$PITSTOP_NOTES"/{shlex.quote(name)}\nmkdir -p "$kept" || exit 1\n'


def _targets(context: StepContext, args: CopyArgs) -> list[_Target]:
    """What is to lie where.

    Raises:
        InvalidPlan: the package's content has nothing of that name.
        DigestMismatch: the package is not the one that the run began with.
    """
    context.require_package()
    manifest = context.world.payloads.manifest(context.package)
    targets = list(_laid(manifest, args.source.removesuffix("/"), args.to))
    if not targets:
        raise InvalidPlan(
            f"step {context.step.index}: {args.source!r} is no file or folder of the package's content"
        )
    return targets


def _laid(manifest: Manifest, source: str, to: str) -> Sequence[_Target]:
    file = manifest.file(source)
    if file is not None:
        return [_Target(file, f"{to}{source.rpartition('/')[2]}" if to.endswith("/") else to)]
    prefix = 0 if source == "." else len(source) + 1
    return [_Target(file, f"{to.rstrip('/')}/{file.path[prefix:]}") for file in manifest.below(source)]


async def _differing(context: StepContext, targets: Sequence[_Target]) -> list[_Target]:
    """The targets that are not on the node as they should be."""
    differing: list[_Target] = []
    for start in range(0, len(targets), _ASKED_AT_ONCE):
        batch = targets[start : start + _ASKED_AT_ONCE]
        checks = (_check(number, target) for number, target in enumerate(batch))
        answer = await context.ask("".join([_CHECK, *checks, "echo checked\n"]))
        lines = answer.output.splitlines()
        if answer.status != 0 or "checked" not in lines:
            raise StepFailed(f"the files on the node cannot be checked: {answer.output.strip()[-500:]}")
        numbers = [line.removeprefix("differs ") for line in lines if line.startswith("differs ")]
        differing += [batch[int(number)] for number in numbers]
    return differing


def _check(number: int, target: _Target) -> str:
    file = target.file
    return f"check {number} {file.mode:o} {file.size} {file.sha256} {shlex.quote(target.path)}\n"


def _put(number: int, target: _Target) -> str:
    """The temporary name is the target's own, so that what a cut leaves there is overwritten next time."""
    file = target.file
    return f"put {number}.{file.sha256} {file.mode:o} {_short(target)} {shlex.quote(target.path)}\n"


def _short(target: _Target) -> str:
    """A name for this path, always the same."""
    return hashlib.sha256(target.path.encode("utf-8", "surrogateescape")).hexdigest()[:16]


COPY = StepKind(
    "copy",
    CopyArgs,
    _act,
    _probe,
    _reattach,
    undone_by=always("restore-files"),
    content=lambda args: (args.source,),
)
