"""``services``: no service of the machine has failed, as systemd says."""

from __future__ import annotations

from pitstop.checks.kind import (
    CheckKind,
    Outcome,
    asked,
    fails,
    not_looked_at,
    of_machines,
    passes,
    shown,
    unknown,
)
from pitstop.model.findings import Severity

_MOST = 10
_SCRIPT = """
[ -z "$PITSTOP_ROOT" ] || PATH=$PITSTOP_ROOT/usr/bin:$PATH
if [ -d "$PITSTOP_ROOT/run/systemd/system" ]; then
    systemctl list-units --state=failed --plain --no-legend --no-pager 2>&1
    echo "status $?"
else
    echo "no systemd"
fi
"""


def judge(said: str) -> Outcome:
    *lines, last = said.splitlines() or [""]
    if last == "no systemd":
        return not_looked_at("skipped: no systemd runs there, so nobody says which services have failed")
    if last != "status 0":
        return unknown(
            f"systemctl does not say it: {shown(said)}", "See what `systemctl --failed` says there."
        )
    failed = [line.split()[0] for line in lines if line.split()]
    if not failed:
        return passes("systemd knows no service that has failed")
    more = f" and {len(failed) - _MOST} more" if len(failed) > _MOST else ""
    return fails(
        f"failed: {', '.join(failed[:_MOST])}{more}",
        f"See why (`systemctl status {failed[0]}`) and start it again, or `systemctl reset-failed` it where "
        "it is not needed.",
        detail="\n".join(lines),
    )


SERVICES = CheckKind(
    "check-services",
    "No service has failed",
    "What systemd lists as failed, on the service's machine and on every node.",
    Severity.WARNING,
    of_machines,
    asked(_SCRIPT, judge),
)
