"""What rules may ask about a system: gathered by the caller, handed in as one frozen value.

A fact that is not there makes an answer unknown, with the fact named; no rule fills it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pitstop.model.findings import Finding
from pitstop.model.releases import HardwareMatch, ReleaseId
from pitstop.model.system import Installed, NodeVersion
from pitstop.model.updates import UpdateState

HEALTH_CHECK_VALID = timedelta(days=7)
"""How long a passed health check is good for, unless the system is set otherwise."""

STALE_AFTER = timedelta(days=30)
"""Knowledge older than this is stale: answers built on it say "at least"."""


@dataclass(frozen=True, slots=True)
class HardwareContract:
    """What the operator recorded of the support contract with the OEM.

    Attributes:
        valid: whether there is one.
        last_day: its last day, in UTC; None: open.
    """

    valid: bool
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """How long an install of this release took on this system."""

    release: ReleaseId
    minutes: float


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """One system at one moment.

    Attributes:
        installed: the ledger, oldest first.
        at: the moment asked about, aware.
        hardware_family, hardware_model: "" when unknown.
        nodes: number of nodes, for runtimes; None when unknown.
        facts: named facts, such as ``free-memory-gib`` → ``"14"``.
        states: the stored state by update name; an update that is missing has none yet (Ready).
        in_progress: name of the update that a run in progress is for.
        partly_on: name of the update that a cancelled run has left partly installed.
        accepted_risks: names of risks that the operator has accepted.
        overrides: codes of warnings that the operator has set aside by name.
        content: names of required content that is there.
        contract: None while nothing is recorded.
        health_checked: by update name, when its health check last passed.
        last_checked: the last successful check of the platform's sources; None: only the catalogue's own
            date is known.
        measured: installs that were timed on this system, newest first.
        node_versions: what nodes said that they run, when they were asked last.
        checks: what checks have found that still counts, and blocks or would if it was not skipped.
        failed_to_get: by update name, how often in a row its download or preparation has failed by now.
    """

    installed: tuple[Installed, ...]
    at: datetime
    hardware_family: str = ""
    hardware_model: str = ""
    nodes: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, UpdateState] = field(default_factory=dict)
    in_progress: str | None = None
    partly_on: str | None = None
    accepted_risks: frozenset[str] = frozenset()
    overrides: frozenset[str] = frozenset()
    content: frozenset[str] = frozenset()
    contract: HardwareContract | None = None
    health_checked: Mapping[str, datetime] = field(default_factory=dict)
    health_check_valid: timedelta = HEALTH_CHECK_VALID
    last_checked: date | None = None
    stale_after: timedelta = STALE_AFTER
    measured: tuple[MeasuredRun, ...] = ()
    node_versions: tuple[NodeVersion, ...] = ()
    checks: tuple[Finding, ...] = ()
    failed_to_get: Mapping[str, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The policy day: the whole day in UTC."""
        return self.at.astimezone(UTC).date()


def fits_hardware(matches: tuple[HardwareMatch, ...], facts: SystemFacts) -> bool | None:
    """Whether this system is among the hardware named (none named: all are); None when it is not known."""
    if not matches:
        return True
    same_family = [match for match in matches if match.family == facts.hardware_family]
    if any(match.model is None or match.model == facts.hardware_model for match in same_family):
        return True
    if not facts.hardware_family or (same_family and not facts.hardware_model):
        return None
    return False
