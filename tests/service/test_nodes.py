"""Nodes through the service: who may, what is refused and why, what is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import (
    Conflict,
    DeclaredInFile,
    HostKeyChanged,
    InvalidInput,
    NodesChanging,
    NodeUnfit,
    NotAllowed,
    NotFound,
    NotPermitted,
    PitstopError,
    RunLasts,
    Unreachable,
)
from pitstop.model.node_rules import fingerprint
from pitstop.model.system import Become, DeclaredIn, JumpHost
from pitstop.ports.declared_nodes import LONGEST_LEAVE
from pitstop.service.audited import Audited
from pitstop.service.nodes import MOST_AT_ONCE, WAITS, NodesService
from pitstop.wire.node_views import KeyTrust, NewNode, NodeChange
from simulators.aurora import MemoryAuditLog
from simulators.clock import SimulatedClock
from simulators.node_tests import SimulatedExaminer
from simulators.rack import BROKEN, FILE, HEADER, SPARE, SimulatedRack, key_of
from simulators.records import MemoryAlerts

ADMIN = Actor("admin", Role.ADMINISTRATOR, "test")
ADA = Actor("ada", Role.OPERATOR, "test")
REA = Actor("rea", Role.READER, "test")


@dataclass
class Bench:
    """The service, and what it stands on."""

    rack: SimulatedRack = field(default_factory=SimulatedRack)
    log: MemoryAuditLog = field(default_factory=MemoryAuditLog)
    alerts: MemoryAlerts = field(default_factory=MemoryAlerts)
    clock: SimulatedClock = field(default_factory=SimulatedClock)

    def __post_init__(self) -> None:
        self.examiner: SimulatedExaminer = self.rack.examiner
        nodes = self.rack.declared
        audited = Audited(self.log, self.clock)
        self.service = NodesService(nodes, nodes.host_keys, self.examiner, HEADER, self.alerts, audited)

    def outcomes(self) -> list[tuple[str, str, str]]:
        return [(entry.what, entry.subject, entry.outcome) for entry in reversed(self.log.written)]

    def pinned(self, name: str) -> str | None:
        return self.rack.declared.host_keys.pinned(name)


@pytest.fixture
def bench() -> Bench:
    return Bench()


NEW = NewNode(name="n5", address=SPARE, roles=("web",), jump=("gate@10.0.1.1",), become="sudo")


def test_a_node_is_added_tested_pinned_and_says_what_it_runs(bench: Bench) -> None:
    added = bench.service.add(ADMIN, NEW)
    assert (added.node.declared_in, added.node.declared_by, added.node.user) == ("service", "admin", "ops")
    assert added.node.fingerprint == fingerprint(key_of(SPARE))
    assert [(said.product, said.version) for said in added.node.versions] == [("Lantern", "1.2305.0.10")]
    assert added.report is not None
    assert added.report.passed
    node = bench.rack.declared.declared["n5"].node
    assert (node.since, node.become, node.key) == (bench.clock.now(), Become.SUDO, HEADER.ssh.key)
    assert node.jump == (JumpHost("10.0.1.1", user="gate"),)
    assert bench.outcomes()[-2:] == [("add node", "n5", "begun"), ("add node", "n5", "done")]


def test_a_machine_that_does_not_pass_its_test_is_not_declared_unless_somebody_says_so(bench: Bench) -> None:
    unfit = NewNode(name="n6", address=BROKEN)
    with pytest.raises(NodeUnfit, match="nothing was changed") as refused:
        bench.service.add(ADMIN, unfit)
    (finding,) = refused.value.findings
    assert (finding.subject, finding.what, finding.remedy) == (
        "node n6",
        "programs: flock",
        "Install it: util-linux.",
    )
    assert "n6" not in bench.rack.declared.declared
    assert bench.pinned("n6") is None
    nowhere = NewNode(name="n6", address="10.9.9.9", untested=True)
    added = bench.service.add(ADMIN, nowhere)
    assert added.report is not None
    assert not added.report.passed
    assert added.node.fingerprint == "", "the next contact is the first"


def test_a_host_key_that_was_handed_in_must_be_shown(bench: Bench) -> None:
    with pytest.raises(NodeUnfit) as refused:
        bench.service.add(ADMIN, NewNode(name="n5", address=SPARE, host_key=key_of(BROKEN)))
    assert "another host key" in refused.value.findings[0].what
    added = bench.service.add(ADMIN, NewNode(name="n5", address=SPARE, host_key=key_of(SPARE)))
    assert added.node.host_key == key_of(SPARE)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (NewNode(name="n 5", address=SPARE), "name: 'n 5' must be letters"),
        (NewNode(name="n5"), "address: '' must be the name or the number"),
        (NewNode(name="n5", address=SPARE, port=0), "port: must be a number from 1 to 65535"),
        (NewNode(name="n5", address=SPARE, root="srv"), "root: 'srv' must be an absolute path"),
        (NewNode(name="n5", address=SPARE, key=""), "key: is missing, and no agent"),
        (NewNode(name="n5", address=SPARE, jump=("@",)), "'@' is no jump host"),
        (NewNode(name="n5", address=SPARE, become="su"), "become: 'su' is not known"),
        (NewNode(name="n5", address=SPARE, host_key="none"), "host_key: must be a public key"),
        (NewNode(name="n5", address="-oProxyCommand=x y"), "address: '-oProxyCommand=x y' must be"),
        (NewNode(name="n5", address=SPARE, roles=("a b",)), "roles: 'a b' must be a word"),
    ],
)
def test_what_is_no_node_is_refused_with_the_field(bench: Bench, wanted: NewNode, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bench.service.add(ADMIN, wanted)
    assert problem in refused.value.message
    assert set(bench.rack.declared.declared) == {"n1", "n2", "n3", "n4"}


def test_a_name_is_given_once(bench: Bench) -> None:
    with pytest.raises(Conflict, match="there is a node n4 already"):
        bench.service.add(ADMIN, NewNode(name="n4", address=SPARE))


def test_another_machine_under_the_old_name_is_new_since_then_and_shows_its_own_key(bench: Bench) -> None:
    bench.clock.advance(timedelta(days=1))
    before = bench.service.show(REA, "n4")
    replaced = bench.service.replace(ADMIN, "n4", NodeChange(address=SPARE))
    assert replaced.node.address == SPARE
    assert replaced.node.since == bench.clock.now()
    assert replaced.node.fingerprint == fingerprint(key_of(SPARE)) != before.fingerprint
    assert (replaced.node.roles, replaced.node.jump) == (before.roles, before.jump), "the rest stays"


def test_the_same_machine_declared_otherwise_is_not_new_and_keeps_its_key(bench: Bench) -> None:
    before = bench.service.show(REA, "n4")
    after = bench.service.change(ADMIN, "n4", NodeChange(roles=("storage",), jump=(), facts={"rack": "7"}))
    assert (after.node.roles, after.node.jump, after.node.facts) == (("storage",), (), {"rack": "7"})
    assert (after.node.since, after.node.fingerprint) == (before.since, before.fingerprint)
    assert after.report is None
    with pytest.raises(InvalidInput, match="host key of a machine that is here"):
        bench.service.change(ADMIN, "n4", NodeChange(host_key=key_of(SPARE)))


def test_a_node_of_the_nodes_file_is_changed_there_alone(bench: Bench) -> None:
    for refused in (
        lambda: bench.service.change(ADMIN, "n1", NodeChange(port=23)),
        lambda: bench.service.replace(ADMIN, "n1", NodeChange(address=SPARE)),
        lambda: bench.service.remove(ADMIN, "n1"),
    ):
        with pytest.raises(DeclaredInFile, match="n1 is declared in the nodes file") as error:
            refused()
        assert "Change it in the nodes file" in error.value.hint


def test_a_node_is_removed_and_the_last_one_is_not(bench: Bench) -> None:
    bench.service.remove(ADMIN, "n4")
    assert [node.name for node in bench.service.list(REA)] == ["n1", "n2", "n3"]
    alone = bench.service.add(ADMIN, NEW).node.name
    for name in ("n1", "n2", "n3"):
        del bench.rack.declared.declared[name]
    with pytest.raises(NotAllowed, match="only node"):
        bench.service.remove(ADMIN, alone)


def test_while_a_run_lasts_the_nodes_stay_as_they_are_and_it_is_said_which(bench: Bench) -> None:
    bench.rack.declared.run = "7d3c"
    for change in (
        lambda: bench.service.add(ADMIN, NEW),
        lambda: bench.service.change(ADMIN, "n4", NodeChange(port=23)),
        lambda: bench.service.replace(ADMIN, "n4", NodeChange(address=SPARE)),
        lambda: bench.service.remove(ADMIN, "n4"),
    ):
        with pytest.raises(RunLasts, match="run 7d3c is in progress") as refused:
            change()
        assert "Wait until the run has ended" in refused.value.hint
    assert {outcome for *_, outcome in bench.outcomes()} == {"begun", "refused: run-lasts"}
    assert bench.service.test(ADA, "n4").passed, "to test changes nothing"


Begin = Callable[[], None]


def test_while_a_machine_is_looked_at_no_run_begins_and_no_other_change(bench: Bench) -> None:
    refused: list[PitstopError] = []

    def meanwhile() -> None:
        bench.examiner.meanwhile = lambda: None
        begins: tuple[Begin, ...] = (
            lambda: bench.rack.declared.begin_run("run-1", bench.clock.now()),
            lambda: bench.service.remove(ADMIN, "n4"),
        )
        for begin in begins:
            with pytest.raises(NodesChanging, match="admin is about to add node n5") as error:
                begin()
            refused.append(error.value)

    bench.examiner.meanwhile = meanwhile
    bench.service.add(ADMIN, NEW)
    assert len(refused) == 2
    bench.rack.declared.begin_run("run-1", bench.clock.now())


def test_leave_is_given_back_also_when_the_change_breaks(bench: Bench) -> None:
    def breaks() -> None:
        raise RuntimeError

    bench.examiner.meanwhile = breaks
    with pytest.raises(RuntimeError):
        bench.service.add(ADMIN, NEW)
    bench.rack.declared.begin_run("run-1", bench.clock.now())


def test_a_change_that_took_longer_than_its_leave_changes_nothing(bench: Bench) -> None:
    def sleeps() -> None:
        bench.clock.advance(LONGEST_LEAVE + timedelta(seconds=1))
        bench.rack.declared.begin_run("run-1", bench.clock.now())

    bench.examiner.meanwhile = sleeps
    with pytest.raises(NodesChanging, match="took too long"):
        bench.service.add(ADMIN, NEW)
    assert "n5" not in bench.rack.declared.declared


@pytest.mark.parametrize("actor", [ADA, REA])
def test_only_administrators_change_nodes_and_who_tried_is_written_down(bench: Bench, actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        bench.service.add(actor, NEW)
    with pytest.raises(NotPermitted):
        bench.service.trust(actor, "n4", KeyTrust(fingerprint="SHA256:x"))
    assert bench.outcomes()[0] == ("add node", "n5", "refused: not-permitted")


def test_readers_see_and_operators_test(bench: Bench) -> None:
    assert bench.service.show(REA, "n4").jump == ("gate@10.0.1.1:22",)
    with pytest.raises(NotPermitted):
        bench.service.test(REA, "n4")
    report = bench.service.test(ADA, "n4")
    assert [(check.name, check.passed) for check in report.checks] == [
        ("connects", True),
        ("programs", True),
        ("locale", None),
    ]
    with pytest.raises(NotFound, match="no node 'n9'"):
        bench.service.test(ADA, "n9")


def test_so_many_nodes_are_asked_at_once_and_no_more(bench: Bench) -> None:
    asked = 0

    def again() -> None:
        nonlocal asked
        asked += 1
        if asked < MOST_AT_ONCE:
            bench.service.test(ADA, "n4")
        else:
            with pytest.raises(Conflict, match="nodes are being asked just now"):
                bench.service.test(ADA, "n4")

    bench.examiner.meanwhile = again
    assert bench.service.test(ADA, "n4").passed
    assert asked == MOST_AT_ONCE
    bench.examiner.meanwhile = lambda: None
    assert bench.service.test(ADA, "n4").passed


class TestAnotherHostKey:
    @pytest.fixture
    def changed(self, bench: Bench) -> Bench:
        """n1 (of the file) and n4 show the keys of other machines."""
        for address in (FILE[0].address, "10.0.0.14"):
            bench.rack.machines[address] = key_of(SPARE)
        return bench

    def test_it_is_shown_beside_the_pinned_one(self, changed: Bench) -> None:
        other = changed.service.other_key(ADA, "n4")
        assert (other.name, other.shown) == ("n4", fingerprint(key_of(SPARE)))
        assert other.pinned == fingerprint(key_of("10.0.0.14"))
        assert changed.service.other_key(ADA, "n2").shown == ""

    @pytest.mark.parametrize("name", ["n1", "n4"])
    def test_it_is_trusted_once_somebody_names_its_fingerprint(self, changed: Bench, name: str) -> None:
        trusted = changed.service.trust(ADMIN, name, KeyTrust(fingerprint=fingerprint(key_of(SPARE))))
        assert changed.pinned(name) == key_of(SPARE)
        assert trusted.since == changed.clock.now(), "what runs did there before was done on another machine"
        what, subject, outcome = changed.outcomes()[-1]
        assert what == f"trust host key {fingerprint(key_of(SPARE))} of node"
        assert (subject, outcome) == (name, "done")

    def test_the_same_machine_with_another_key_is_not_new(self, changed: Bench) -> None:
        before = changed.service.show(REA, "n4").since
        wanted = KeyTrust(fingerprint=fingerprint(key_of(SPARE)), same_machine=True)
        assert changed.service.trust(ADMIN, "n4", wanted).since == before

    def test_another_one_than_was_compared_is_refused(self, changed: Bench) -> None:
        with pytest.raises(HostKeyChanged, match=r"shows the host key SHA256:.*, not SHA256:compared"):
            changed.service.trust(ADMIN, "n4", KeyTrust(fingerprint="SHA256:compared"))
        assert changed.pinned("n4") == key_of("10.0.0.14")

    def test_where_the_pinned_one_is_shown_there_is_nothing_to_trust(self, changed: Bench) -> None:
        with pytest.raises(Conflict, match="shows the pinned host key"):
            changed.service.trust(ADMIN, "n2", KeyTrust(fingerprint=fingerprint(key_of(FILE[1].address))))

    def test_of_a_node_that_is_away_nothing_is_trusted(self, changed: Bench) -> None:
        del changed.rack.machines["10.0.0.14"]
        with pytest.raises(Unreachable):
            changed.service.trust(ADMIN, "n4", KeyTrust(fingerprint=fingerprint(key_of(SPARE))))


def test_the_nodes_file_waits_for_the_end_of_a_run_and_says_so(bench: Bench) -> None:
    bench.rack.declared.order = []
    del bench.rack.declared.declared["n3"]
    bench.rack.declared.run = "7d3c"
    bench.service.take_file_that_waits()
    assert bench.alerts.alerts() == [], "nothing waits yet"
    bench.service.take_file()
    bench.service.take_file_that_waits()
    (alert,) = bench.alerts.alerts(active_only=True)
    assert (alert.finding.code, alert.finding.subject) == (WAITS, "the nodes file")
    assert "7d3c" in alert.finding.what
    bench.rack.declared.run = None
    bench.service.take_file_that_waits()
    assert bench.alerts.alerts(active_only=True) == []
    assert bench.rack.declared.declared["n3"].where is DeclaredIn.FILE
    assert bench.outcomes() == [("nodes file: add n3", "n3", "done")]
