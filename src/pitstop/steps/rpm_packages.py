"""``rpm-packages``: RPM packages of the package's content, in exactly the versions that the plan says.

dnf's library does it, told of the files that came along and of nothing else (decisions 26 and 30). What is
interrupted is finished first; packages that the operator holds are a refusal; configuration files stay as
they are, and their new versions lie beside them. What is replaced must be at hand before anything is changed:
``restore-rpm-packages`` goes back to it.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.steps.kind import Done, StepContext, StepKind
from pitstop.steps.package_files import (
    COMMON,
    Form,
    brought_about,
    files_for_node,
    reattach,
    settings,
)
from pitstop.steps.packages import PackagesArgs
from pitstop.steps.shell import node_side

_PROGRAM = ("rpm_kept", "rpm_configs", "dnf_held", "dnf_here", "dnf_transaction", "dnf_packages")
"""What runs on the node, each after those that it imports."""

_ARCHITECTURES = (
    "noarch|src|nosrc|x86_64(_v[234])?|i[3-6]86|aarch64|armv[5-8]\\w+|ppc64(le)?|s390x?|riscv64|loongarch64"
)
_RPM = Form(
    ".rpm",
    re.compile(rf"\.({_ARCHITECTURES})\.rpm\Z"),
    "rpm --showrc | sed -n 's/^compatible archs *: //p'",
)
_OF_ARCHITECTURE = re.compile(rf"(.+)\.({_ARCHITECTURES})\Z")

RpmName = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_][0-9A-Za-z_.+-]*\Z")]
RpmVersion = Annotated[str, Meta(pattern=r"^([0-9]+:)?[0-9A-Za-z_.+~^]+-[0-9A-Za-z_.+~^]+\Z")]


class WayBack(StrEnum):
    """Whether what is replaced is kept."""

    KEPT = "kept"
    GIVEN_UP = "given-up"


class RpmPackagesArgs(PackagesArgs, forbid_unknown_fields=True):
    """Bring RPM packages to exactly these versions, with dnf 4, from the package's content alone.

    What they depend on is installed or lies in the same folder. Nothing else is removed, and no network is
    asked. Files of other architectures in the folder are left out where their name ends as RPM's do
    (`.x86_64.rpm`). What is replaced is kept on the node: the very file that was installed, where the folder
    or dnf's cache has it. Where neither has, nothing is changed, unless the way back is given up.

    The node needs dnf 4, with its Python library, and rpm; where there is dnf 5, yum or zypper alone, the
    step is refused by name.
    """

    source: Annotated[
        str, Meta(min_length=1, description="The folder of the package's content that holds `.rpm` files.")
    ] = msgspec.field(name="from")
    install: Annotated[
        dict[RpmName, RpmVersion],
        Meta(
            description="By name, or name and architecture (`lamp.x86_64`), the version and release to be "
            "installed: `1.0-1`, or `2:1.0-1` with its epoch."
        ),
    ] = msgspec.field(default_factory=dict)
    remove: Annotated[
        list[RpmName], Meta(description="Names of packages that are not to be installed afterwards.")
    ] = msgspec.field(default_factory=list)
    way_back: Annotated[
        WayBack,
        Meta(
            description="`kept`: fail where what is replaced cannot be had. `given-up`: do not ask for it; "
            "the step is a point of no return, unless it has an `undo`."
        ),
    ] = WayBack.KEPT


def _program() -> str:
    """Shell text of a function that runs the node's side: PYTHON VERB TOLD."""
    texts = {name: node_side(f"on_node/{name}.py") for name in _PROGRAM}
    return f"""\
on_node() {{
    $1 - "$2" "$3" <<'END OF PROGRAM'
import sys, types
try:
    import dnf, rpm
except ImportError as error:
    print(error)
    sys.exit(68)
for name, text in {texts!r}.items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name + ".py", "exec"), module.__dict__)
END OF PROGRAM
}}
"""


DNF = COMMON + node_side("dnf.sh") + _program()

_ASK = """\
find_python || exit 1
export kept work
on_node "$python" asked "$told" >/dev/null 2>&1
"""
_SCRIPT = """\
begin
name_files .rpm
await_database
with_dnf replace
end
"""


async def _probe(context: StepContext, args: RpmPackagesArgs) -> Done | None:
    answer = await context.ask(settings(context, context.step.index, {"told": told(args)}) + DNF + _ASK)
    return Done(args.said) if answer.status == 0 else None


async def _act(context: StepContext, args: RpmPackagesArgs) -> Done:
    rpms = await files_for_node(context, args.source, _RPM, required=bool(args.install))
    script = settings(context, context.step.index, {"told": told(args)}) + DNF + _SCRIPT
    return await brought_about(context, script, rpms)


def told(args: RpmPackagesArgs) -> str:
    """As :file:`on_node/dnf_packages.py` has it."""
    return json.dumps(
        {
            "install": [(*_split(name), _with_epoch(version)) for name, version in args.install.items()],
            "remove": [_split(name) for name in args.remove],
            "held": args.held,
            "way_back": args.way_back,
        }
    )


def _split(name: str) -> tuple[str, str]:
    found = _OF_ARCHITECTURE.match(name)
    return (found[1], found[2]) if found else (name, "")


def _with_epoch(version: str) -> str:
    return version if ":" in version else f"0:{version}"


def _undone_by(args: RpmPackagesArgs) -> str | None:
    return "restore-rpm-packages" if args.way_back is WayBack.KEPT else None


RPM_PACKAGES = StepKind(
    "rpm-packages",
    RpmPackagesArgs,
    _act,
    _probe,
    reattach,
    undone_by=_undone_by,
    content=lambda args: (args.source,),
)
