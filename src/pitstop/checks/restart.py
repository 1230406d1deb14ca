"""``restart``: no machine waits for a restart that an earlier change asks for."""

from __future__ import annotations

from pitstop.checks.kind import CheckKind, Outcome, asked, of_machines, passes, warns
from pitstop.model.findings import Severity

_SCRIPT = """
for file in "$PITSTOP_ROOT/run/reboot-required" "$PITSTOP_ROOT/var/run/reboot-required"; do
    [ -e "$file" ] || continue
    echo "needed"
    [ ! -r "$file.pkgs" ] || head -c 2000 "$file.pkgs"
    echo
    break
done
if [ -z "$PITSTOP_ROOT" ] && command -v needs-restarting >/dev/null 2>&1; then
    needs-restarting -r >/dev/null 2>&1
    [ $? -ne 1 ] || echo "needed"
fi
"""


def judge(said: str) -> Outcome:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if "needed" not in lines:
        return passes("nothing asks for a restart")
    packages = sorted({line for line in lines if line != "needed"})
    because = f", because of {', '.join(packages[:5])}" if packages else ""
    return warns(
        f"it waits for a restart{because}",
        "Restart it in a maintenance window, one node after the other, or see whether the update does so.",
    )


RESTART = CheckKind(
    "check-restart",
    "No restart is pending",
    "Whether the machine says that it must be restarted (`/run/reboot-required`, `needs-restarting`).",
    Severity.WARNING,
    of_machines,
    asked(_SCRIPT, judge),
)
