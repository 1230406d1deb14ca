"""What a nodes file that was read anew means for the nodes that are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from contracts.declared_nodes import KEY, N1, N2, OTHER, T0
from pitstop.model.node_changes import FileTaken, file_taken
from pitstop.model.system import DeclaredIn, DeclaredNode, Node

NOW = T0 + timedelta(days=9)
FILE_NODE = replace(N2, since=None)


def present(*nodes: Node, where: DeclaredIn = DeclaredIn.FILE) -> list[DeclaredNode]:
    return [DeclaredNode(node, where, "ada", T0) for node in nodes]


def since_of(taken: FileTaken) -> dict[str, object]:
    return {declared.node.name: declared.node.since for declared in taken.put}


def test_the_first_file_of_a_system_says_nothing_of_since_when() -> None:
    taken = file_taken([], [N1, FILE_NODE], {}, NOW)
    assert taken.said == ("add n1", "add n2")
    assert since_of(taken) == {"n1": None, "n2": None}


def test_a_node_that_is_added_to_a_system_is_new_since_now() -> None:
    taken = file_taken(present(N1), [N1, FILE_NODE], {}, NOW)
    assert (taken.said, since_of(taken)) == (("add n2",), {"n2": NOW})


def test_a_file_that_says_the_same_changes_nothing() -> None:
    assert file_taken(present(replace(N1, since=T0)), [N1], {"n1": KEY}, NOW) == FileTaken((), (), ())


def test_another_address_is_the_same_machine_until_it_shows_another_key() -> None:
    taken = file_taken(present(replace(N1, since=T0)), [replace(N1, address="10.9.0.1")], {"n1": KEY}, NOW)
    assert (taken.said, since_of(taken)) == (("change n1",), {"n1": T0})


def test_another_declared_host_key_is_another_machine() -> None:
    declared = replace(N1, host_key=OTHER)
    assert file_taken(present(N1), [declared], {"n1": KEY}, NOW).said == ("replace n1",)
    before = replace(N1, host_key=KEY)
    assert since_of(file_taken(present(before), [declared], {}, NOW)) == {"n1": NOW}


def test_a_host_key_that_is_declared_as_it_was_pinned_is_no_other_machine() -> None:
    declared = replace(N1, host_key=f"{KEY} root@n1")
    assert file_taken(present(N1), [declared], {"n1": KEY}, NOW).said == ("change n1",)


def test_what_the_file_no_longer_has_goes_and_what_the_service_declared_stays() -> None:
    known = [*present(N1), *present(replace(N1, name="n9"), where=DeclaredIn.SERVICE)]
    taken = file_taken(known, [FILE_NODE], {}, NOW)
    assert (taken.removed, taken.said) == (("n1",), ("add n2", "remove n1"))


def test_a_node_of_the_service_that_the_file_declares_is_the_files_from_then_on() -> None:
    known = present(replace(N1, since=T0), where=DeclaredIn.SERVICE)
    (declared,) = file_taken(known, [N1], {}, NOW).put
    assert (declared.where, declared.node.since) == (DeclaredIn.FILE, T0)
