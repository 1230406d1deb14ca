"""OEM packages: stay within N-2 of the OEM's own line for this hardware. A finding, not loss of support."""

from __future__ import annotations

from pitstop.model.findings import Finding, Severity
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph
from pitstop.policy.installed import Installation
from pitstop.policy.rules.oem_gate import graph_line

OEM_BEHIND = 2
"""The newest OEM package and this many before it are current."""


def oem_findings(graph: ReleaseGraph, facts: SystemFacts, on: Installation) -> tuple[Finding, ...]:
    line = graph_line(graph, facts)
    if not line:
        return ()
    newest = line[0]
    if on.oem is None:
        return (
            Finding(
                "oem-unknown",
                Severity.INFORMATIONAL,
                "OEM package",
                "Which OEM package is installed is not recorded.",
                "Declare it with the baseline, or install an OEM package.",
            ),
        )
    newer = sum(release.version > on.oem for release in line)
    if newer <= OEM_BEHIND:
        return ()
    return (
        Finding(
            "oem-behind",
            Severity.WARNING,
            f"OEM package {on.oem}",
            f"OEM package {on.oem} is {newer} releases behind {newest.version}, "
            "the newest for this hardware.",
            f"Install {newest.name}; the policy is to stay within N-2 of the OEM's line.",
        ),
    )
