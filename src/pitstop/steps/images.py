"""``images``: load container images from archives of the package's content, and give them their names.

An image is known by its id, the digest of its configuration: what a name stands for on the node is asked and
compared with it. What each name stood for before is noted on the node, durably, before anything is changed;
``restore-images`` gives it back. Images that were there stay: containers may run of them.
"""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.packages import ContentFile
from pitstop.steps.content import WHOLE, content_files, require_whole, staged_answer
from pitstop.steps.kind import Done, StepContext, StepKind
from pitstop.steps.refusals import ended


class ImageTool(StrEnum):
    """By which program: ``skopeo`` where a name is a transport's, such as ``docker://registry.example/x:1``."""

    PODMAN = "podman"
    DOCKER = "docker"
    SKOPEO = "skopeo"


class Image(msgspec.Struct, forbid_unknown_fields=True):
    """An image, the archive that holds it, and what it is to be called."""

    archive: Annotated[
        str, Meta(min_length=1, description="A file of the package's content, as `docker save` makes it.")
    ]
    id: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-f]{64}\Z",
            description="The digest of its configuration: what `podman image inspect` shows as its `Id`; "
            "`docker image inspect` too, unless docker keeps images in containerd's store.",
        ),
    ]
    names: Annotated[
        list[Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*\Z")]],
        Meta(min_length=1, description="Names with tags, such as `localhost/lantern:2604`."),
    ]


class ImagesArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Load container images on the node from archives that the package carries, and give them names.

    No registry is asked, unless a name of `skopeo`'s is one. Taken back, the names stand for what they stood
    for before; not with `skopeo`: what was at a name cannot be put back there.
    """

    tool: Annotated[ImageTool, Meta(description="`podman`, `docker` or `skopeo`.")]
    images: Annotated[list[Image], Meta(min_length=1, description="The images.")]


_IDS = {
    ImageTool.PODMAN: "podman image inspect --format '{{.Id}}' \"$1\" 2>/dev/null | sed 's/^sha256://'",
    ImageTool.DOCKER: "docker image inspect --format '{{.Id}}' \"$1\" 2>/dev/null | sed 's/^sha256://'",
    ImageTool.SKOPEO: "skopeo inspect --config --raw \"$1\" 2>/dev/null | sha256sum | cut -d ' ' -f 1",
}
_AS_ASKED = """\
id_of() { # NAME
    %s
}
is() { # NAME ID
    [ "$(id_of "$1")" = "$2" ]
}
"""
_SCRIPT = """\
tried() {
    said=$("$@" 2>&1) && { printf '%s\\n' "$said"; return; }
    [ -z "$PITSTOP_STAGE" ] || rm -rf "$PITSTOP_STAGE"
    printf '%s\\n' "$said" >&2
    case $said in
    *'no space left on device'* | *'No space left on device'*)
        echo "the disk became full while an image was loaded" >&2
        exit 63 ;;
    esac
    exit 1
}
command -v "$tool" >/dev/null || { echo "there is no $tool on this node" >&2; exit 1; }
touch "$note" || exit 1
was() { # NAME
    grep -q "^$1 " "$note" || echo "$1 $(id_of "$1")" >>"$note" || exit 1
}
put() { # ARCHIVE ID NAME...
    archive=$PITSTOP_STAGE/$1 id=$2
    shift 2
    if [ "$tool" = skopeo ]; then
        for name; do
            is "$name" "$id" || tried skopeo copy --quiet "docker-archive:$archive" "$name"
        done
    else
        is "$id" "$id" || tried "$tool" load --quiet --input "$archive"
        is "$id" "$id" || { echo "the archive holds another image than $id" >&2; exit 1; }
        for name; do
            is "$name" "$id" || tried "$tool" tag "$id" "$name"
        done
    fi
    for name; do
        is "$name" "$id" || { echo "$name is not $id, though all has ended well" >&2; exit 1; }
        echo "$name is $id"
    done
}
"""


async def _probe(context: StepContext, args: ImagesArgs) -> Done | None:
    names = [(name, image.id) for image in args.images for name in image.names]
    asks = " && ".join(f"is {shlex.quote(name)} {id_}" for name, id_ in names)
    answer = await context.ask(f"{id_of(args.tool)}{asks}\n")
    return Done("\n".join(f"{name} is {id_}" for name, id_ in names)) if answer.status == 0 else None


async def _act(context: StepContext, args: ImagesArgs) -> Done:
    files = await content_files(context, [image.archive for image in args.images])
    names = [name for image in args.images for name in image.names]
    script = "".join(
        [
            *(WHOLE, id_of(args.tool), note_of(context, context.step.index), _SCRIPT),
            *(f"was {shlex.quote(name)}\n" for name in names),
            'sync "$note"\n',
            *(_put(number, files[number], image) for number, image in enumerate(args.images)),
        ]
    )
    return ended(await staged_answer(context, script, files))


async def _reattach(context: StepContext) -> Done | None:
    answer = await context.earlier_answer()
    if answer is None:
        return None
    await require_whole(context, answer)
    return ended(answer)


def id_of(tool: ImageTool) -> str:
    """Shell text: ``id_of NAME`` prints the id, ``is NAME ID`` compares it; ``tool`` is set."""
    return f"tool={tool}\n{_AS_ASKED % _IDS[tool]}"


def note_of(context: StepContext, index: str) -> str:
    """Shell text that names the note of what names stood for before the step of this index."""
    note = shlex.quote(f"{context.run.id}-images-{index}")
    return f'mkdir -p "$PITSTOP_NOTES" && note="$PITSTOP_NOTES"/{note}\n'


def _put(number: int, file: ContentFile, image: Image) -> str:
    return f"put {number}.{file.sha256} {image.id} {shlex.join(image.names)}\n"


def _undone_by(args: ImagesArgs) -> str | None:
    return None if args.tool is ImageTool.SKOPEO else "restore-images"


def _content(args: ImagesArgs) -> list[str]:
    return [image.archive for image in args.images]


IMAGES = StepKind("images", ImagesArgs, _act, _probe, _reattach, undone_by=_undone_by, content=_content)
