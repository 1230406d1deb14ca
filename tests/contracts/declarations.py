"""What every store of declarations must hold to: shared by the one in the database and the one in memory.

A subclass gives the fixture ``declarations``: a fresh one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pitstop.model.errors import Conflict, NotFound
from pitstop.policy.facts import HardwareContract
from pitstop.policy.windows import Blackout, MaintenanceWindow
from pitstop.ports.records import (
    AcceptedRisk,
    Declarations,
    Declared,
    DeclaredContract,
    DeclaredFact,
    DeclaredTimes,
)

T0 = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = T0 + timedelta(hours=1)
NIGHTS = MaintenanceWindow(
    "nights",
    datetime.fromisoformat("2026-01-03T22:00"),
    "FREQ=WEEKLY;BYDAY=SA",
    timedelta(hours=6, minutes=30),
    "Europe/Berlin",
)
ONCE = MaintenanceWindow("once", datetime.fromisoformat("2026-05-01T08:00"), "", timedelta(days=1), "UTC")
YEAR_END = Blackout(date(2026, 12, 20), date(2027, 1, 6), "year end")


class DeclarationsContract:
    def test_at_first_nothing_is_declared(self, declarations: Declarations) -> None:
        assert declarations.declared() == Declared()
        assert declarations.declared().times.revision == 0

    def test_facts_are_recorded_changed_and_forgotten_by_name(self, declarations: Declarations) -> None:
        declarations.set_facts({"tpm": "2.0", "connected": "no"}, "ada", T0)
        declarations.set_facts({"connected": "yes", "tpm": None, "never-there": None}, "bob", LATER)
        declarations.set_facts({"a-key": "x"}, "ada", LATER)
        assert declarations.declared().facts == (
            DeclaredFact("a-key", "x", "ada", LATER),
            DeclaredFact("connected", "yes", "bob", LATER),
        )

    @pytest.mark.parametrize(
        "contract",
        [HardwareContract(valid=True, last_day=date(2027, 6, 30)), HardwareContract(valid=False)],
        ids=["until", "none"],
    )
    def test_the_last_contract_holds(self, declarations: Declarations, contract: HardwareContract) -> None:
        declarations.set_contract(HardwareContract(valid=True), "ada", T0)
        declarations.set_contract(contract, "bob", LATER)
        assert declarations.declared().contract == DeclaredContract(contract, "bob", LATER)

    def test_what_was_recorded_of_the_contract_can_be_forgotten(self, declarations: Declarations) -> None:
        declarations.set_contract(HardwareContract(valid=True), "ada", T0)
        declarations.set_contract(None, "ada", LATER)
        assert declarations.declared().contract is None

    def test_windows_and_blackouts_are_kept_as_they_are(self, declarations: Declarations) -> None:
        declarations.set_times([NIGHTS, ONCE], [YEAR_END], "ada", T0)
        assert declarations.declared().times == DeclaredTimes((NIGHTS, ONCE), (YEAR_END,), 1, "ada", T0)
        declarations.set_times([ONCE], [], "bob", LATER, expected=1)
        assert declarations.declared().times == DeclaredTimes((ONCE,), (), 2, "bob", LATER)

    def test_windows_that_were_changed_meanwhile_are_not_overwritten(
        self, declarations: Declarations
    ) -> None:
        declarations.set_times([NIGHTS], [], "ada", T0, expected=0)
        before = declarations.declared()
        with pytest.raises(Conflict, match="changed meanwhile"):
            declarations.set_times([], [], "bob", LATER, expected=0)
        assert declarations.declared() == before

    def test_a_risk_is_accepted_by_name_with_the_newest_reason(self, declarations: Declarations) -> None:
        declarations.accept_risk("slow-disks", "we have none", "ada", T0)
        declarations.accept_risk("a-risk", "x", "ada", T0)
        declarations.accept_risk("slow-disks", "they were replaced", "bob", LATER)
        assert declarations.declared().accepted_risks == (
            AcceptedRisk("a-risk", "x", "ada", T0),
            AcceptedRisk("slow-disks", "they were replaced", "bob", LATER),
        )

    def test_a_risk_is_revoked_once(self, declarations: Declarations) -> None:
        declarations.accept_risk("slow-disks", "we have none", "ada", T0)
        declarations.revoke_risk("slow-disks")
        assert declarations.declared().accepted_risks == ()
        with pytest.raises(NotFound, match="slow-disks"):
            declarations.revoke_risk("slow-disks")
