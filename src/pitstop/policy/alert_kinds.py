"""Which alerts there are: when each is raised, when it closes, and whether an update holds it back.

``docs/alerts.md`` shows this table, and a test holds it to what the code raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pitstop.model.findings import Finding


class HeldBack(StrEnum):
    """During updates. ``of nodes``: what is said of a node, for the update restarts and changes nodes."""

    NO = "no"
    OF_NODES = "what is said of nodes"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A row of the table.

    Attributes:
        source: the first word of the source that it is settled under; "" for what an event raises.
        codes: its findings' codes; empty: any that the source or event may end with.
    """

    name: str
    source: str
    raised: str
    closes: str
    held: HeldBack = HeldBack.NO
    codes: tuple[str, ...] = ()


ALERT_KINDS: tuple[AlertKind, ...] = (
    AlertKind(
        "System check",
        "checks",
        "A round of the system's own checks finds a failure or a warning.",
        "A later round does not find it any more.",
        HeldBack.OF_NODES,
    ),
)


def held_back(source: str, finding: Finding) -> bool:
    """Whether this finding, of a look of this source, would be only noise while an update is under way."""
    for kind in ALERT_KINDS:
        if kind.source == source.partition(" ")[0] and (not kind.codes or finding.code in kind.codes):
            about_node = finding.subject.startswith("node ")
            return kind.held is HeldBack.YES or (kind.held is HeldBack.OF_NODES and about_node)
    return False
