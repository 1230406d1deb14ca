"""Aurora's catalogues and what is recorded of it: the system of :mod:`simulators.scenes`, for real rules.

Families 2302 to 2402 of Lantern; Aurora is on 2305, three behind. The way on needs a hotfix, a newer OEM
package, and a risk that nobody can judge until a fact is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pitstop.model.audit import AuditEntry
from pitstop.model.conditions import Comparison, Condition, FactTest, RequiredContent, Risk
from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import (
    Catalogue,
    DatePrecision,
    Family,
    HardwareMatch,
    PublisherKind,
    Release,
    ReleaseDate,
    ReleaseId,
    ReleaseStatus,
    SupportEnd,
    SupportException,
)
from pitstop.model.runs import Phase, Run, RunPurpose, RunState
from pitstop.model.system import Installed, InstalledBy, Node, SystemDescription
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.policy.facts import HardwareContract
from pitstop.policy.windows import Blackout, MaintenanceWindow
from pitstop.ports.feeds import Source
from pitstop.ports.records import AuditLog
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge
from pitstop.service.policy import PolicyService
from simulators.clock import SimulatedClock
from simulators.records import MemoryCatalogues, MemoryDeclarations, MemoryLedger, MemoryRuns
from simulators.scenes import BASE, EXPRESS, FIRMWARE, FULL_2311, FULL_2402, HOTFIX, NODES, NOW, RECALLED
from simulators.systems import GivenSystem

RISK = "sessions-in-memory"
_LUMEN = (HardwareMatch("Lumen"),)
_RUNTIME = (ExpectedRuntime(4, 4, 7), ExpectedRuntime(16, 10, 22))


def v(text: str) -> Version:
    return Version.parse(text)


def _release(name: str, kind: PackageType, title: str, released: str, **more: object) -> Release:
    month = released.count("-") == 1
    when = ReleaseDate(
        date.fromisoformat(f"{released}-01" if month else released),
        DatePrecision.MONTH if month else DatePrecision.DAY,
    )
    oem = kind is PackageType.OEM
    publisher, product = ("lumen", "firmware") if oem else ("northstar", "lantern")
    build = v(name.removeprefix("Northstar").removeprefix("Lumen"))
    fields: dict[str, object] = {"expected_runtimes": _RUNTIME, "size": 73_400_321, **more}
    return Release(
        ReleaseId(publisher, product, build),
        name,
        kind,
        title,
        released=when,
        **fields,  # type: ignore[arg-type]  # fields of a release, by their names
    )


FULL, EXPRESS_TYPE, FIX, OEM = PackageType.FULL, PackageType.EXPRESS, PackageType.HOTFIX, PackageType.OEM

LANTERN = Catalogue(
    "northstar",
    "lantern",
    PublisherKind.PLATFORM,
    datetime(2024, 5, 10, 8, tzinfo=UTC),
    tuple(
        Family(id_, before)
        for id_, before in zip(
            ("2302", "2305", "2308", "2311", "2402"), (None, "2302", "2305", "2308", "2311"), strict=True
        )
    ),
    (
        _release("Northstar1.2302.0.4", FULL, "Lantern 2302", "2023-03", family="2302"),
        _release(BASE, FULL, "Lantern 2305", "2023-06-08", family="2305", restarts_nodes=True),
        _release(HOTFIX, FIX, "Lantern 2305, hotfix 1", "2024-03-20", families=("2305",)),
        _release(
            EXPRESS,
            EXPRESS_TYPE,
            "Lantern 2308",
            "2023-09",
            family="2308",
            required_hotfix=v("1.2305.1.22"),
        ),
        _release(
            RECALLED,
            FIX,
            "Lantern 2308, hotfix 1",
            "2023-10",
            families=("2308",),
            status=ReleaseStatus.WITHDRAWN,
            status_reason="it loses sessions when a node is drained",
        ),
        _release(
            FULL_2311,
            FULL,
            "Lantern 2311",
            "2023-12-05",
            family="2311",
            restarts_nodes=True,
            min_oem_version=v("2.4.0"),
            conditions=(
                Condition(
                    "Every node has at least 12 GiB of free memory.",
                    facts=(FactTest("free-memory-gib", Comparison.AT_LEAST, ("12",)),),
                ),
            ),
        ),
        _release(
            FULL_2402,
            FULL,
            "Lantern 2402",
            "2024-04-23",
            family="2402",
            restarts_nodes=True,
            content=(
                RequiredContent(
                    "lantern-key",
                    "A licence key, on disconnected systems.",
                    when=(FactTest("connected", Comparison.IS, ("no",)),),
                ),
            ),
            risks=(
                Risk(
                    RISK,
                    "Sessions that are kept in memory are lost when their node is drained.",
                    "https://northstar.example/risks/sessions",
                    (FactTest("session-store", Comparison.IS, ("memory",)),),
                ),
            ),
        ),
    ),
    (SupportException(3, "2402", last_day=date(2024, 5, 7), reason="time to move to 2308"),),
    (SupportEnd(date(2024, 3, 31), ("2302",), reason="its kernel is not maintained any longer"),),
)
FIRMWARE_LINE = Catalogue(
    "lumen",
    "firmware",
    PublisherKind.OEM,
    datetime(2024, 5, 2, 8, tzinfo=UTC),
    (),
    (
        _release("Lumen2.3.0", OEM, "Lumen firmware 2.3.0", "2023-02", hardware=_LUMEN),
        _release(FIRMWARE, OEM, "Lumen firmware 2.4.1", "2024-05-02", hardware=_LUMEN, restarts_nodes=True),
    ),
)
SYSTEM = SystemDescription(
    "Aurora",
    "aurora",
    "Lumen",
    "L4",
    tuple(
        Node(name, "127.0.0.1", 2200 + number, facts={"free-memory-gib": "16", "rack-unit": str(number)})
        for number, name in enumerate(NODES, start=1)
    ),
    facts={"connected": "yes"},
)
ADOPTED = NOW - timedelta(days=200)
SATURDAYS = MaintenanceWindow(
    "Saturday night",
    datetime.fromisoformat("2024-01-06T22:00"),
    "FREQ=WEEKLY;BYDAY=SA",
    timedelta(minutes=20),
    "Europe/Berlin",
)
EXAMS = Blackout(date(2024, 5, 13), date(2024, 5, 19), "exams week")


@dataclass
class MemoryAuditLog:
    """Implements :class:`pitstop.ports.records.AuditLog`."""

    written: list[AuditEntry] = field(default_factory=list)

    def audit(self, entry: AuditEntry) -> int:
        self.written.insert(0, entry)
        return len(self.written)

    def entries(self, limit: int = 200) -> list[AuditEntry]:
        return self.written[:limit]


def sources() -> tuple[tuple[Source, Catalogue], ...]:
    return (
        (
            Source(
                "northstar",
                "northstar",
                PublisherKind.PLATFORM,
                "https://northstar.example/repository",
                frozenset({FULL, EXPRESS_TYPE, FIX}),
            ),
            LANTERN,
        ),
        (
            Source("lumen", "lumen", PublisherKind.OEM, "https://lumen.example/repository", frozenset({OEM})),
            FIRMWARE_LINE,
        ),
    )


def _catalogues() -> MemoryCatalogues:
    records = MemoryCatalogues()
    for source, catalogue in sources():
        records.add_source(source)
        records.checked(source.name, catalogue, NOW - timedelta(minutes=18))
    records.states[BASE] = UpdateState.INSTALLED
    return records


def _ledger() -> list[Installed]:
    base = next(release for release in LANTERN.releases if release.name == BASE)
    firmware = FIRMWARE_LINE.releases[0]
    return [
        Installed(base.id, base.type, base.family, ADOPTED, InstalledBy.BASELINE),
        Installed(firmware.id, firmware.type, None, ADOPTED, InstalledBy.BASELINE),
    ]


def _timed_run() -> Run:
    base = next(release for release in LANTERN.releases if release.name == BASE)
    return Run(
        "1f0e6a52-93c4-4d0b-8f57-2f5a3f0f9a01",
        BASE,
        base.id,
        RunPurpose.APPLY,
        RunState.SUCCEEDED,
        ADOPTED - timedelta(minutes=8),
        "ada",
        phase=Phase.INSTALL,
        ended=ADOPTED,
    )


def _declarations() -> MemoryDeclarations:
    records = MemoryDeclarations()
    records.set_times((SATURDAYS,), (EXAMS,), "ada", NOW - timedelta(days=30))
    records.set_contract(HardwareContract(valid=True, last_day=date(2024, 12, 31)), "admin", ADOPTED)
    return records


@dataclass
class AuroraRecords:
    """What is remembered of Aurora, for one scene."""

    catalogues: MemoryCatalogues = field(default_factory=_catalogues)
    ledger: MemoryLedger = field(default_factory=lambda: MemoryLedger(_ledger()))
    runs: MemoryRuns = field(default_factory=lambda: MemoryRuns([_timed_run()]))
    declarations: MemoryDeclarations = field(default_factory=_declarations)
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(NOW))

    def policy(self, log: AuditLog) -> PolicyService:
        """The real service over these."""
        knowledge = Knowledge(
            self.catalogues, self.ledger, self.runs, self.declarations, GivenSystem(SYSTEM), self.clock
        )
        return PolicyService(knowledge, self.declarations, Audited(log, self.clock))
