"""What the nodes say that they run is what the ledger has: where one says otherwise, nothing goes on.

A node is asked; what it said is held against the ledger only if it said so after the last entry, and not
while an update is under way or has failed: then nodes differ because the update is half done.
"""

from __future__ import annotations

from collections.abc import Iterator

from pitstop.model.findings import Finding, Severity
from pitstop.model.releases import Release
from pitstop.model.system import Installed, NodeVersion
from pitstop.model.updates import IN_PROGRESS, UpdateState
from pitstop.model.versions import Version
from pitstop.policy.facts import SystemFacts
from pitstop.policy.situation import Situation, Word

NODE_DIFFERS = "node-differs"


def nodes_agree(release: Release, situation: Situation) -> Iterator[Word]:
    if not situation.has(release):
        for finding in differing_nodes(situation):
            yield Word(finding=finding, state=UpdateState.HAS_PREREQUISITE)


def differing_nodes(situation: Situation) -> Iterator[Finding]:
    """One for each node and product that is not as the ledger has it."""
    facts = situation.facts
    if facts.in_progress is not None or any(_is_half_done(state) for state in facts.states.values()):
        return
    for said in facts.node_versions:
        entry = _last_entry(facts, said)
        expected = _expected(situation, entry) if entry is not None else None
        if expected is not None and said.version != str(expected):
            yield Finding(
                NODE_DIFFERS,
                Severity.CRITICAL,
                f"node {said.node}",
                f"Node {said.node} says that it runs {said.product} {said.version}; this system is at "
                f"{expected}.",
                f"Bring {said.node} to {expected}, as the vendor says for a new node; then have it asked "
                f"again: pitstop node test {said.node}",
                "No update goes on: it would begin on nodes that are not alike.",
            )


def _is_half_done(state: UpdateState) -> bool:
    return state in IN_PROGRESS or state is UpdateState.INSTALLATION_FAILED


def _last_entry(facts: SystemFacts, said: NodeVersion) -> Installed | None:
    """The newest of this product; None where there is none, or where it went on after the node had spoken."""
    entries = [entry for entry in facts.installed if entry.release.product == said.product]
    return entries[-1] if entries and said.at >= max(entry.at for entry in entries) else None


def _expected(situation: Situation, entry: Installed) -> Version | None:
    on = situation.on
    return on.version if situation.graph.is_platform(entry.release) else on.oem
