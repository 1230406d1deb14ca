"""``restore-packages``: go back to the packages that a ``packages`` step of this run has replaced.

What was kept is installed again, what was not there before is removed with its configuration. Done again, it
does what is left; where nothing was kept there is nothing to do.
"""

from __future__ import annotations

from pitstop.steps.kind import Done, StepContext, StepKind, never_known
from pitstop.steps.package_files import brought_about, reattach, settings
from pitstop.steps.packages import APT, PackagesArgs

_SCRIPT = """\
[ -s "$kept/before" ] || { echo "nothing was replaced here"; exit 0; }
begin
await_database
index "$kept/debs" kept
finish_interrupted
version_of() {
    dpkg-query -W -f '${db:Status-Status} ${Version}\\n' "$1" 2>/dev/null
}
while read -r name old marks; do
    case $old,$(version_of "$name") in
    -, | -,not-installed*) ;;
    -,*) as_told="$as_told $name-" may_go="$may_go $name" ;;
    *,"installed $old") ;;
    *) as_told="$as_told $name=$old" ;;
    esac
done <"$kept/before"
[ -z "$as_told" ] || bring_about
mark_as_before
while read -r name old marks; do
    case $old,$(version_of "$name") in
    -, | -,not-installed* | *,"installed $old") ;;
    *) refuse 1 "apt has ended well, and $name is not as it was before" ;;
    esac
done <"$kept/before"
require_clean
for file in $(conffiles_beside); do
    grep -qxF "$file" "$kept/beside" || rm -f "$file"
done
rm -rf "$kept"
end
echo "the packages are as before"
"""


async def _act(context: StepContext, _args: PackagesArgs) -> Done:
    told = {"as_told": "", "may_go": "", "held": "change", "purge": "--purge", "keeps": "no"}
    return await brought_about(context, settings(context, context.undone, told) + APT + _SCRIPT)


RESTORE_PACKAGES = StepKind(
    "restore-packages",
    PackagesArgs,
    _act,
    never_known,
    reattach,
    in_plans=False,
    changes_nothing=True,
)
