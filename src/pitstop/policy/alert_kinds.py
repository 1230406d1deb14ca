"""Which alerts there are: when each is raised, when it closes, and whether an update holds it back.

``docs/alerts.md`` shows this table, and a test holds it to what the code raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pitstop.model.findings import Finding

CHANNELS = "channels"
CHECKS = "checks"
NODES = "nodes"
SOURCE = "source"
SUPPORT = "support"
UPDATES = "updates"


class HeldBack(StrEnum):
    """While an update is under way. ``of nodes``: what is said of a node, which the update restarts."""

    NO = "no"
    OF_NODES = "what is said of nodes"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A row of the table.

    Attributes:
        source: the first word of the source that it is settled under; "" for what an event raises.
        codes: its findings' codes; empty: any that the look or the event may end with.
        rest: how long it is left closed by whoever closed it by hand, though its cause is seen again.
    """

    name: str
    source: str
    raised: str
    closes: str
    held: HeldBack = HeldBack.NO
    codes: tuple[str, ...] = ()
    rest: timedelta = timedelta(0)


_A_DAY = timedelta(days=1)

FAILED_RUN = AlertKind(
    "Failed run",
    "",
    "A run fails, or is cancelled with nodes that are not back in service. *Needs attention* (Warning): the "
    "system's own checks, asked after it, pass. *Failed* (Critical): they do not, or say nothing.",
    "The run is resumed, taken back or cancelled, or another run of the update begins.",
    rest=_A_DAY,
)

ALERT_KINDS: tuple[AlertKind, ...] = (
    FAILED_RUN,
    AlertKind(
        "Run that does not get on",
        "",
        "A run breaks again and again outside its steps: its journal cannot be written, for example.",
        "The run has come to an end.",
        codes=("run-not-driven",),
    ),
    AlertKind(
        "System check",
        CHECKS,
        "A round of the system's own checks finds a failure or a warning.",
        "A later round does not find it any more.",
        HeldBack.OF_NODES,
    ),
    AlertKind(
        "Node that differs",
        NODES,
        "A node says that it runs another version than this system has installed.",
        "All nodes say what was installed.",
        HeldBack.OF_NODES,
        ("node-differs",),
    ),
    AlertKind(
        "Nodes file that waits",
        "",
        "The nodes file has changed while a run lasts.",
        "It is in force.",
        codes=("nodes-file-waits",),
    ),
    AlertKind(
        "Source",
        SOURCE,
        "A source cannot be reached or trusted, or says of a build what it did not say before.",
        "A later check of the source is good, or the settings do not name it any more.",
    ),
    AlertKind(
        "Support",
        SUPPORT,
        "The servicing policy does not support the system (Critical), or will not within 30 days (Warning); "
        "or it has a finding: a hotfix or an OEM package that lacks, a contract, knowledge that is stale.",
        "The policy says otherwise: after an update, a newer catalogue, another contract.",
        rest=_A_DAY,
    ),
    AlertKind(
        "New update",
        UPDATES,
        "An update may be installed (Informational).",
        "It is installed, or may not be installed any longer.",
        HeldBack.YES,
        ("update-available",),
        _A_DAY,
    ),
    AlertKind(
        "Import that nobody watches",
        "",
        "What was put into the watched folder or bucket cannot be brought or imported. Its subject begins "
        "with *import*, *package* or *medium*.",
        "By hand; what kept it from coming out of the bucket: once it has come.",
    ),
    AlertKind(
        "Logs of a failed run",
        "",
        "They cannot be collected, or not be sent to where they are to go by themselves.",
        "Logs of the same run are collected, or this bundle is sent there.",
        codes=("logs-not-collected", "logs-not-sent"),
    ),
    AlertKind(
        "Dead channel",
        CHANNELS,
        "A channel for alerts has failed five times in a row. It is not sent through the channel itself.",
        "The channel takes something again (a test message will do), or the settings name it no more.",
        codes=("alerts-not-sent",),
    ),
)


def kind_of(source: str, finding: Finding) -> AlertKind | None:
    """The row of what a look of this source has found."""
    first = source.partition(" ")[0]
    for kind in ALERT_KINDS:
        if first and kind.source == first and (not kind.codes or finding.code in kind.codes):
            return kind
    return None


def held_back(source: str, finding: Finding) -> bool:
    """Whether this finding would be only noise while an update is under way."""
    kind = kind_of(source, finding)
    if kind is None or kind.held is not HeldBack.OF_NODES:
        return kind is not None and kind.held is HeldBack.YES
    return " of node " in finding.subject or finding.subject.startswith("node ")


def rest_of(source: str, finding: Finding) -> timedelta:
    """How long it is left closed, once somebody has closed it."""
    kind = kind_of(source, finding)
    return kind.rest if kind is not None else timedelta(0)


def channel_subject(name: str) -> str:
    """What the alert about a channel is about."""
    return f"channel {name}"
