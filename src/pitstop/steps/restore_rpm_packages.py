"""``restore-rpm-packages``: go back to the packages that an ``rpm-packages`` step of this run has replaced.

What was kept is installed again, what was not there before is removed. Done again, it does what is left;
where nothing was kept there is nothing to do.
"""

from __future__ import annotations

from pitstop.steps.kind import Done, StepContext, StepKind, never_known
from pitstop.steps.package_files import brought_about, reattach, settings
from pitstop.steps.rpm_packages import DNF, RpmPackagesArgs, told

_SCRIPT = """\
[ -s "$kept/before" ] || { echo "nothing was replaced here"; exit 0; }
begin
await_database
with_dnf restore
rm -rf "$kept"
end
"""


async def _act(context: StepContext, args: RpmPackagesArgs) -> Done:
    return await brought_about(
        context, settings(context, context.undone, {"told": told(args)}) + DNF + _SCRIPT
    )


RESTORE_RPM_PACKAGES = StepKind(
    "restore-rpm-packages",
    RpmPackagesArgs,
    _act,
    never_known,
    reattach,
    in_plans=False,
    changes_nothing=True,
)
