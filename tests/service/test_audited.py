"""No change without an entry, and no entry that hides what happened."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from pitstop.model.accounts import Actor, Permission, Role
from pitstop.model.audit import AuditEntry
from pitstop.model.errors import Conflict, NoSpace, NotPermitted
from pitstop.service.audit import AuditService
from pitstop.service.audited import Audited
from service.conftest import World
from simulators.clock import SimulatedClock

ADA = Actor("ada", Role.OPERATOR, "test")


@dataclass
class FullAfter:
    """Implements :class:`pitstop.ports.records.AuditLog` on a disk with room for so many entries."""

    room: int
    written: list[AuditEntry] = field(default_factory=list)

    def audit(self, entry: AuditEntry) -> int:
        if len(self.written) >= self.room:
            raise NoSpace("there is no room left")
        self.written.append(entry)
        return len(self.written)

    def entries(self, limit: int = 200) -> list[AuditEntry]:
        return self.written[::-1][:limit]


def change(audited: Audited, error: BaseException | None = None, actor: Actor = ADA) -> list[str]:
    changed: list[str] = []
    with audited.change(actor, Permission.OPERATE, "start", "an update"):
        changed.append("done")
        if error is not None:
            raise error
    return changed


def test_nothing_is_changed_where_it_cannot_be_written_down() -> None:
    log = FullAfter(0)
    changed: list[int] = []
    with (
        pytest.raises(NoSpace),
        Audited(log, SimulatedClock()).change(ADA, Permission.OPERATE, "start", "an update"),
    ):
        changed.append(1)
    assert not changed


def test_a_change_whose_end_cannot_be_written_is_in_the_log_as_begun(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = FullAfter(1)
    assert change(Audited(log, SimulatedClock())) == ["done"]
    assert [entry.outcome for entry in log.written] == ["begun"]
    assert "there is no room left" in caplog.text


@pytest.mark.parametrize("error", [Conflict("meanwhile"), ValueError("oh"), KeyboardInterrupt()])
def test_an_end_that_cannot_be_written_hides_no_error(error: BaseException) -> None:
    with pytest.raises(type(error)):
        change(Audited(FullAfter(1), SimulatedClock()), error)


def test_a_refusal_that_cannot_be_written_is_the_same_refusal() -> None:
    with pytest.raises(NotPermitted):
        change(Audited(FullAfter(0), SimulatedClock()), actor=Actor("rea", Role.READER, "test"))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "done"),
        (Conflict("meanwhile"), "refused: conflict"),
        (ValueError("oh"), "broke: ValueError"),
        (KeyboardInterrupt(), "broke: KeyboardInterrupt"),
    ],
    ids=str,
)
def test_each_act_reads_as_one_line(world: World, error: BaseException | None, outcome: str) -> None:
    with nullcontext() if error is None else pytest.raises(type(error)):
        change(world.audited, error)
    begun, ended = reversed(world.log.entries())
    assert (begun.outcome, ended.outcome, ended.completes) == ("begun", outcome, begun.number)
    assert [entry.outcome for entry in AuditService(world.log).list(ADA)] == [outcome]


def test_an_act_that_was_cut_short_reads_as_begun(world: World) -> None:
    change(world.audited)
    world.log.audit(AuditEntry(world.clock.now(), "ada", "resume run", "r", "test", "begun"))
    read = [(entry.what, entry.outcome) for entry in AuditService(world.log).list(ADA)]
    assert read == [("resume run", "begun"), ("start", "done")]


def test_a_limit_counts_lines(world: World) -> None:
    for _ in range(5):
        change(world.audited)
    assert len(AuditService(world.log).list(ADA, 3)) == 3
    assert len(AuditService(world.log).list(ADA, 9)) == 5
