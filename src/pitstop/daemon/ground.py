"""What all parts of the service stand on."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.daemon.clock import MachineClock
from pitstop.daemon.settings import Settings
from pitstop.daemon.stored import Stored
from pitstop.daemon.workers import hire
from pitstop.engine.progress import Progress
from pitstop.model.system import SystemDescription
from pitstop.nodes.declared import DeclaredSystem, read_system
from pitstop.ports.clock import Clock
from pitstop.ports.jobs import Worker
from pitstop.service.audited import Audited
from pitstop.service.check_findings import CheckFindings
from pitstop.service.facts import Knowledge


@dataclass(frozen=True, slots=True)
class Ground:
    """Attributes: ``header``: what the nodes file says of the whole; ``systems``: with its nodes now."""

    settings: Settings
    stored: Stored
    clock: Clock
    header: SystemDescription
    systems: DeclaredSystem
    audited: Audited
    standing: CheckFindings
    knowledge: Knowledge
    progress: Progress
    jobs: Worker


def ground(
    settings: Settings, stored: Stored, clock: Clock | None, header: SystemDescription | None
) -> Ground:
    """Raises NotFound, InvalidInput: the nodes file is not there, or does not hold to its form."""
    clock = clock or MachineClock()
    header = header or read_system(settings.system_file)
    systems = DeclaredSystem(header, stored.nodes)
    standing = CheckFindings(stored.checks, stored.runs, settings.checks.habits)
    return Ground(
        settings=settings,
        stored=stored,
        clock=clock,
        header=header,
        systems=systems,
        audited=Audited(stored.audit, clock),
        standing=standing,
        knowledge=Knowledge(
            stored.catalogues,
            stored.ledger,
            stored.runs,
            stored.declarations,
            systems,
            clock,
            standing.standing,
        ),
        progress=Progress(stored.board),
        jobs=hire(settings.database, stored, clock),
    )
