"""``memory``: there is memory left, on the service's machine and on nodes.

A limit that is set for the service (a control group's) counts like the machine's own end.
"""

from __future__ import annotations

import re

from pitstop.checks.kind import CheckKind, Outcome, asked, fails, of_machines, passes, unknown, warns
from pitstop.model.findings import Severity
from pitstop.wire.formats import size

WARN_BYTES = 256 << 20
FAIL_BYTES = 64 << 20
_REMEDY = (
    "See what takes the memory (`ps aux --sort -rss`), or give the machine, or the service's unit, more."
)
_SCRIPT = """
grep -E '^(MemTotal|MemAvailable):' /proc/meminfo
group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
[ -r "$group/memory.max" ] || group=/sys/fs/cgroup
[ ! -r "$group/memory.max" ] || echo "limit $(cat "$group/memory.max")"
[ ! -r "$group/memory.current" ] || echo "used $(cat "$group/memory.current")"
[ ! -r "$group/memory.stat" ] || grep '^inactive_file ' "$group/memory.stat"
"""
_LINE = re.compile(r"^(\w+):? +(\d+)( kB)?$", re.ASCII | re.MULTILINE)


def judge(said: str) -> Outcome:
    numbers = {name: int(value) * (1024 if kib else 1) for name, value, kib in _LINE.findall(said)}
    if "MemAvailable" not in numbers:
        return unknown("the machine does not say how much memory is available", "See its /proc/meminfo.")
    left = [numbers["MemAvailable"]]
    if "limit" in numbers and "used" in numbers:
        left.append(numbers["limit"] - numbers["used"] + numbers.get("inactive_file", 0))
    free = max(0, min(left))
    whole = min(numbers.get("MemTotal", 0), numbers.get("limit", numbers.get("MemTotal", 0)))
    text = f"{size(free)} of {size(whole)} are available"
    measures = (f"available={free}B;{WARN_BYTES}:;{FAIL_BYTES}:;0;{whole}",)
    if free < FAIL_BYTES:
        return fails(text, _REMEDY, measures=measures)
    if free < WARN_BYTES:
        return warns(text, _REMEDY, measures=measures)
    return passes(text, measures=measures)


MEMORY = CheckKind(
    "check-memory",
    "Memory is left",
    f"What is available on the service's machine, within its own limit, and on every node. A warning below "
    f"{size(WARN_BYTES)}, failed below {size(FAIL_BYTES)}.",
    Severity.CRITICAL,
    of_machines,
    asked(_SCRIPT, judge),
)
