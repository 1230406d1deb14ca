"""What people declare of the system. Earlier contracts and windows stay as rows: the last one holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from pitstop.model.errors import Conflict, NotFound
from pitstop.policy.facts import HardwareContract
from pitstop.policy.windows import Blackout, MaintenanceWindow
from pitstop.ports.records import AcceptedRisk, Declared, DeclaredContract, DeclaredFact, DeclaredTimes
from pitstop.store.database import Database
from pitstop.store.tables import accepted_risks, contracts, facts, maintenance_times


class SqlDeclarations:
    """Implements :class:`pitstop.ports.records.Declarations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declared(self) -> Declared:
        with self._database.reading() as connection:
            return Declared(
                tuple(
                    DeclaredFact(row.name, row.value, row.by, row.at)
                    for row in connection.execute(select(facts).order_by(facts.c.name))
                ),
                tuple(
                    AcceptedRisk(row.name, row.reason, row.by, row.at)
                    for row in connection.execute(select(accepted_risks).order_by(accepted_risks.c.name))
                ),
                _contract(connection),
                _times(connection),
            )

    def set_facts(self, values: Mapping[str, str | None], by: str, at: datetime) -> None:
        new = [
            {"name": name, "value": value, "by": by, "at": at}
            for name, value in values.items()
            if value is not None
        ]
        with self._database.writing() as connection:
            connection.execute(delete(facts).where(facts.c.name.in_(list(values))))
            if new:
                connection.execute(insert(facts), new)

    def set_contract(self, contract: HardwareContract | None, by: str, at: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(insert(contracts).values(contract=contract, by=by, at=at))

    def set_times(
        self,
        windows: Sequence[MaintenanceWindow],
        blackouts: Sequence[Blackout],
        by: str,
        at: datetime,
        *,
        expected: int | None = None,
    ) -> None:
        with self._database.writing() as connection:
            before = _times(connection).revision
            if expected is not None and expected != before:
                raise Conflict(
                    f"the maintenance windows were changed meanwhile: revision {before}, not {expected}",
                    hint="Look at them again, then repeat what is still wanted.",
                )
            connection.execute(
                insert(maintenance_times).values(
                    revision=before + 1, windows=tuple(windows), blackouts=tuple(blackouts), by=by, at=at
                )
            )

    def accept_risk(self, name: str, reason: str, by: str, at: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(accepted_risks).where(accepted_risks.c.name == name))
            connection.execute(insert(accepted_risks).values(name=name, reason=reason, by=by, at=at))

    def revoke_risk(self, name: str) -> None:
        with self._database.writing() as connection:
            gone = connection.execute(delete(accepted_risks).where(accepted_risks.c.name == name))
            if gone.rowcount == 0:
                raise NotFound(f"the risk {name!r} is not accepted", hint="See `pitstop risk list`.")


def _contract(connection: Connection) -> DeclaredContract | None:
    last = connection.execute(select(contracts).order_by(contracts.c.number.desc()).limit(1)).one_or_none()
    if last is None or last.contract is None:
        return None
    return DeclaredContract(last.contract, last.by, last.at)


def _times(connection: Connection) -> DeclaredTimes:
    newest = select(maintenance_times).order_by(maintenance_times.c.revision.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    if last is None:
        return DeclaredTimes()
    return DeclaredTimes(last.windows, last.blackouts, last.revision, last.by, last.at)
