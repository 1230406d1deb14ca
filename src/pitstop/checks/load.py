"""``load``: the machines are not overloaded. Worth knowing, and no reason to keep an update off."""

from __future__ import annotations

from pitstop.checks.kind import CheckKind, Outcome, asked, of_machines, passes, unknown, warns
from pitstop.model.findings import Severity

WARN_PER_PROCESSOR = 4.0
_SCRIPT = """
cut -d ' ' -f 2 /proc/loadavg
getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c '^processor' /proc/cpuinfo
"""


def judge(said: str) -> Outcome:
    words = said.split()
    try:
        load, processors = float(words[0]), max(1, int(words[1]))
    except (ValueError, IndexError):
        return unknown("the machine does not say its load", "See its /proc/loadavg.")
    each = load / processors
    text = f"{load:g} over the last five minutes, {each:.1f} for each of {processors} processors"
    measures = (f"load5={load:g};{WARN_PER_PROCESSOR * processors:g}",)
    if each > WARN_PER_PROCESSOR:
        return warns(text, "See what keeps it busy (`top`): the update will take longer.", measures=measures)
    return passes(text, measures=measures)


LOAD = CheckKind(
    "check-load",
    "Load is bearable",
    f"The load of the service's machine and of every node over five minutes. A warning above "
    f"{WARN_PER_PROCESSOR:g} for each processor.",
    Severity.INFORMATIONAL,
    of_machines,
    asked(_SCRIPT, judge),
)
