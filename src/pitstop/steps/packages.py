"""``packages``: Debian packages of the package's content, in exactly the versions that the plan says.

apt does it, told of one repository alone: a folder on the node with the files that came along, each checked
there against its signed digest (decision 26). What is interrupted is finished first; packages that the
operator holds are a refusal; configuration files stay as they are, and their new versions lie beside them.

What is replaced or removed is kept on the node before anything is changed, as packages: ``restore-packages``
goes back to them.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.steps.kind import Done, StepContext, StepKind, always
from pitstop.steps.package_files import (
    COMMON,
    Form,
    Held,
    brought_about,
    files_for_node,
    reattach,
    settings,
)
from pitstop.steps.refusals import HELD, ended
from pitstop.steps.shell import node_side

APT = COMMON + node_side("apt.sh")
_DEB = Form(
    ".deb",
    re.compile(r"_([a-z0-9-]+)\.deb\Z"),
    "echo all; dpkg --print-architecture; dpkg --print-foreign-architectures",
)

PackageName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?\Z")]
PackageVersion = Annotated[str, Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+:~-]*\Z")]


class PackagesArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Bring Debian packages to exactly these versions, with apt, from the package's content alone.

    What they depend on is installed or lies in the same folder. Nothing else is removed, and no network is
    asked. Files of other architectures in the folder are left out where their name ends as Debian's do
    (`_amd64.deb`). What is replaced is kept on the node: the very file where the folder or apt's cache has
    it, else made anew of what is installed.
    """

    source: Annotated[
        str, Meta(min_length=1, description="The folder of the package's content that holds `.deb` files.")
    ] = msgspec.field(name="from")
    install: Annotated[
        dict[PackageName, PackageVersion], Meta(description="By name, the version to be installed.")
    ] = {}
    remove: Annotated[
        list[PackageName], Meta(description="Names of packages that are not to be installed afterwards.")
    ] = []
    held: Annotated[
        Held,
        Meta(
            description="`refuse`: fail where a package that the operator holds would change. `change`: "
            "change it, and hold it again."
        ),
    ] = Held.REFUSE

    def __post_init__(self) -> None:
        if not self.install and not self.remove:
            raise ValueError("`install` or `remove` must name a package")
        if both := sorted(set(self.install) & set(self.remove)):
            raise ValueError(f"{both[0]} is both to be installed and to be removed")

    @property
    def said(self) -> str:
        """What is so once it is done."""
        has = [f"{name} {version}" for name, version in self.install.items()]
        return "; ".join([*has, *(f"{name} is not installed" for name in self.remove)])


_AS_ASKED = """\
has() { # NAME VERSION
    state=$(dpkg-query -W -f '${db:Status-Status} ${Version}\\n' "$1" 2>/dev/null | sort -u)
    [ "$state" = "installed $2" ] || { echo "$1 is not $2"; return 1; }
}
lacks() { # NAME
    case $(dpkg-query -W -f '${db:Status-Status}\\n' "$1" 2>/dev/null | sort -u) in
    '' | not-installed | config-files) ;;
    *) echo "$1 is installed"; return 1 ;;
    esac
}
version_of() { # NAME
    dpkg-query -W -f '${Version}' "$1" 2>/dev/null
}
as_asked() {
"""

_SCRIPT = """\
begin
name_files .deb
await_database
index "$PITSTOP_STAGE" brought
finish_interrupted
bring_about
mark_as_before
why=$(as_asked) || refuse 1 "apt has ended well, and $why"
require_clean
for file in $(conffiles_beside); do
    [ ! -e "$file" ] || echo "Kept as it is: ${file%.dpkg-dist}. The new version is beside it, in $file."
done
end
"""


async def _probe(context: StepContext, args: PackagesArgs) -> Done | None:
    """Raises PackagesHeld: what the plan names would be refused, and a rehearsal says so."""
    asked = '[ -z "$(dpkg --audit)" ] && as_asked >/dev/null && exit 0\n'
    answer = await context.ask(APT + _as_asked(args) + asked + _none_held(args) + "exit 1\n")
    if answer.status == HELD:
        return ended(answer)
    return Done(args.said) if answer.status == 0 else None


def _none_held(args: PackagesArgs) -> str:
    """Shell text that refuses where a named package is to be changed and is held."""
    if args.held is Held.CHANGE:
        return ""
    wanted = [(f"has {name} {version}", name, version) for name, version in args.install.items()]
    wanted += [(f"lacks {name}", name, "-") for name in args.remove]
    return "".join(
        f'{is_so} >/dev/null || require_not_held {name} "$(version_of {name})" {new}\n'
        for is_so, name, new in wanted
    )


async def _act(context: StepContext, args: PackagesArgs) -> Done:
    debs = await files_for_node(context, args.source, _DEB, required=bool(args.install))
    as_told = [
        *(f"{name}={version}" for name, version in args.install.items()),
        *(f"{n}-" for n in args.remove),
    ]
    told = {
        "as_told": " ".join(as_told),
        "may_go": " ".join(args.remove),
        "held": args.held,
        "keeps": "yes",
        "purge": "",
    }
    script = settings(context, context.step.index, told) + APT + _as_asked(args) + _SCRIPT
    return await brought_about(context, script, debs)


def _as_asked(args: PackagesArgs) -> str:
    has = (f"has {name} {version}" for name, version in args.install.items())
    lacks = (f"lacks {name}" for name in args.remove)
    return _AS_ASKED + " &&\n".join([*has, *lacks]) + "\n}\n"


PACKAGES = StepKind(
    "packages",
    PackagesArgs,
    _act,
    _probe,
    reattach,
    undone_by=always("restore-packages"),
    content=lambda args: (args.source,),
)
