"""What every store of declared nodes must do: the database's, and the one in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from pitstop.model.errors import NodesChanging, NotFound, RunLasts
from pitstop.model.system import Become, DeclaredIn, DeclaredNode, JumpHost, Node, NodeVersion
from pitstop.ports.declared_nodes import DeclaredNodes, Leave
from pitstop.ports.host_keys import HostKeys

T0 = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
N1 = Node("n1", "10.0.0.1", roles=("host",), facts={"rack": "7"})
N2 = Node(
    "n2",
    "10.0.0.2",
    2222,
    "ops",
    "/keys/ops",
    agent="$SSH_AUTH_SOCK",
    jump=(JumpHost("10.0.1.1", user="gate"),),
    become=Become.SUDO,
    connect_timeout=3,
    since=T0,
)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


@dataclass(frozen=True)
class NodesBench:
    """A store of nodes without any, and a run that begins and ends beside it."""

    nodes: DeclaredNodes
    host_keys: HostKeys
    begin_run: Callable[[datetime], None]
    end_run: Callable[[datetime], None]

    def leave(self, minutes: float = 0, *, lasts: float = 5) -> Leave:
        return self.nodes.enter("add node n9", "ada", at(minutes), at(minutes + lasts))

    def placed(self, node: Node, key: str | None = None) -> DeclaredNode:
        declared = DeclaredNode(node, DeclaredIn.SERVICE, "ada", T0)
        self.nodes.place(self.leave(), declared, key)
        return declared

    def names(self) -> list[str]:
        return [each.node.name for each in self.nodes.nodes()]


class NodesContract:
    """``bench`` is a fixture of the adapter's."""

    def test_what_is_placed_is_there_as_it_was_declared(self, bench: NodesBench) -> None:
        declared = bench.placed(N2, KEY)
        assert bench.nodes.nodes() == [declared]
        assert bench.host_keys.pinned("n2") == KEY

    def test_another_machine_under_the_name_has_its_own_key_or_none_yet(self, bench: NodesBench) -> None:
        bench.placed(N1, KEY)
        bench.nodes.saw("n1", {"lantern": "1"}, T0)
        bench.placed(replace(N1, address="10.0.0.9"), OTHER)
        assert bench.host_keys.pinned("n1") == OTHER
        assert bench.nodes.versions() == [], "what the one before said is forgotten"
        bench.placed(N1)
        assert bench.host_keys.pinned("n1") is None
        assert [each.node.address for each in bench.nodes.nodes()] == ["10.0.0.1"]

    def test_the_same_machine_declared_otherwise_keeps_its_key_and_what_it_said(
        self, bench: NodesBench
    ) -> None:
        declared = bench.placed(N1, KEY)
        bench.nodes.saw("n1", {"lantern": "1"}, T0)
        after = replace(declared, node=replace(N1, roles=("storage",)), by="bob", at=at(1))
        bench.nodes.change(bench.leave(), after)
        assert bench.nodes.nodes() == [after]
        assert bench.host_keys.pinned("n1") == KEY
        assert bench.nodes.versions() == [NodeVersion("n1", "lantern", "1", T0)]

    def test_what_is_removed_leaves_nothing(self, bench: NodesBench) -> None:
        bench.placed(N1, KEY)
        bench.nodes.saw("n1", {"lantern": "1"}, T0)
        bench.nodes.remove(bench.leave(), "n1")
        assert bench.names() == []
        assert bench.host_keys.pinned("n1") is None
        assert bench.nodes.versions() == []

    def test_what_is_not_there_is_neither_changed_nor_removed(self, bench: NodesBench) -> None:
        with pytest.raises(NotFound):
            bench.nodes.remove(bench.leave(), "n1")
        bench.nodes.leave(bench.leave(6))
        with pytest.raises(NotFound):
            bench.nodes.change(bench.leave(6), DeclaredNode(N1, DeclaredIn.SERVICE, "ada", T0))
        with pytest.raises(NotFound):
            bench.nodes.is_new("n1", T0)

    def test_while_a_run_lasts_nobody_gets_leave(self, bench: NodesBench) -> None:
        bench.begin_run(at(1))
        with pytest.raises(RunLasts, match="in progress"):
            bench.leave(2)
        bench.end_run(at(3))
        assert bench.leave(4).what == "add node n9"

    def test_while_somebody_has_leave_no_run_begins_and_nobody_else_gets_it(self, bench: NodesBench) -> None:
        leave = bench.leave(0)
        with pytest.raises(NodesChanging, match="ada is about to add node n9"):
            bench.begin_run(at(1))
        with pytest.raises(NodesChanging, match="ada is about to add node n9"):
            bench.leave(1)
        bench.nodes.leave(leave)
        bench.begin_run(at(2))

    def test_a_change_gives_the_leave_back(self, bench: NodesBench) -> None:
        bench.placed(N1)
        bench.begin_run(at(1))

    def test_leave_of_a_worker_that_is_gone_ends_by_itself(self, bench: NodesBench) -> None:
        """kubereboot/kured 478: a lock held by a node that was gone kept all others out for months."""
        bench.leave(0, lasts=5)
        bench.begin_run(at(5.1))

    def test_leave_that_was_given_before_the_clock_was_set_back_ends(self, bench: NodesBench) -> None:
        bench.leave(24 * 60)
        bench.leave(0)

    def test_who_was_away_for_longer_than_the_leave_changes_nothing(self, bench: NodesBench) -> None:
        for meanwhile in (bench.begin_run, lambda moment: bench.nodes.enter("remove", "bob", moment, moment)):
            leave = bench.leave(0, lasts=5)
            meanwhile(at(6))
            with pytest.raises(NodesChanging, match="took too long"):
                bench.nodes.place(leave, DeclaredNode(N1, DeclaredIn.SERVICE, "ada", T0), KEY)
            assert bench.names() == []
            assert bench.host_keys.pinned("n1") is None
            if meanwhile == bench.begin_run:
                bench.end_run(at(7))

    def test_the_files_nodes_come_first_and_in_its_order(self, bench: NodesBench) -> None:
        bench.nodes.take_file([N1], T0)
        bench.placed(Node("a9", "10.0.0.9"))
        bench.nodes.take_file([N2, N1], at(1))
        assert bench.names() == ["n2", "n1", "a9"]
        assert [each.where for each in bench.nodes.nodes()] == [
            DeclaredIn.FILE,
            DeclaredIn.FILE,
            DeclaredIn.SERVICE,
        ]

    def test_the_file_as_it_is_already_in_force_needs_no_leave(self, bench: NodesBench) -> None:
        bench.nodes.take_file([N1], T0)
        bench.begin_run(at(1))
        assert bench.nodes.take_file([N1], at(2)).said == ()
        with pytest.raises(RunLasts):
            bench.nodes.take_file([N1, N2], at(2))
        assert bench.names() == ["n1"], "while a run lasts the nodes stay as they are"

    def test_what_the_file_no_longer_declares_is_gone_with_its_key(self, bench: NodesBench) -> None:
        bench.nodes.take_file([N1, N2], T0)
        bench.host_keys.pin("n1", KEY)
        bench.nodes.take_file([N2], at(1))
        assert bench.names() == ["n2"]
        assert bench.host_keys.pinned("n1") is None

    def test_a_machine_that_is_new_is_so_since_then(self, bench: NodesBench) -> None:
        bench.placed(N1)
        bench.nodes.is_new("n1", at(9))
        (declared,) = bench.nodes.nodes()
        assert declared.node.since == at(9)

    def test_the_last_thing_that_a_node_said_of_a_product_counts(self, bench: NodesBench) -> None:
        bench.nodes.saw("n1", {"lantern": "1", "firmware": "7"}, T0)
        bench.nodes.saw("n1", {"lantern": "2"}, at(1))
        bench.nodes.saw("n1", {}, at(2))
        assert list(bench.nodes.versions()) == [
            NodeVersion("n1", "firmware", "7", T0),
            NodeVersion("n1", "lantern", "2", at(1)),
        ]


class HostKeysContract:
    """``keys`` is a fixture of the adapter's: empty."""

    def test_the_first_contact_decides_and_a_later_one_does_not(self, keys: HostKeys) -> None:
        assert keys.pinned("n1") is None
        assert keys.pin("n1", KEY) == KEY
        assert keys.pin("n1", OTHER) == KEY
        assert keys.all_pinned() == {"n1": KEY}

    def test_what_is_trusted_holds_and_what_is_forgotten_is_pinned_anew(self, keys: HostKeys) -> None:
        keys.trust("n1", KEY)
        keys.trust("n1", OTHER)
        keys.trust("10.0.0.1:22", KEY)
        assert keys.all_pinned() == {"n1": OTHER, "10.0.0.1:22": KEY}
        keys.forget("n1")
        keys.forget("nobody")
        assert keys.pin("n1", KEY) == KEY
