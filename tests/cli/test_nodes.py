"""``pitstop node``: what an administrator types, and what is said."""

from __future__ import annotations

import json

import pytest

from pitstop.model.node_rules import fingerprint
from pitstop.model.system import Become, JumpHost
from simulators import desk as simulated
from simulators.desk import Scene
from simulators.rack import BROKEN, SPARE, key_of

from .conftest import Pitstop


@pytest.fixture
def begin() -> Scene:
    return simulated.quiet()


@pytest.fixture
def admin(pitstop: Pitstop) -> Pitstop:
    pitstop.sign_in("admin")
    return pitstop


def test_a_node_is_added_with_all_that_is_said_of_it(admin: Pitstop, scene: Scene) -> None:
    said = ["--jump", "gate@10.0.1.1", "--jump", "10.0.2.1:2222", "--role", "web", "--role", "storage"]
    more = ["--become", "sudo", "--fact", "rack=7", "--fault-domain", "A", "--user", "me", "--port", "2200"]
    ended = admin("node", "add", "n5", "--address", SPARE, *said, *more)
    assert ended.status == 0, ended.err
    assert "Node n5 was added." in ended.err
    assert fingerprint(key_of(SPARE)) in ended.out
    assert "Test of n5: passed" in ended.out
    node = scene.nodes.declared.declared["n5"].node
    assert node.jump == (JumpHost("10.0.1.1", 22, "gate"), JumpHost("10.0.2.1", 2222))
    assert (node.roles, node.become, node.facts) == (("web", "storage"), Become.SUDO, {"rack": "7"})
    assert (node.user, node.port, node.fault_domain) == ("me", 2200, "A")


def test_an_unfit_machine_is_refused_with_what_to_mend(admin: Pitstop) -> None:
    ended = admin("node", "add", "n5", "--address", BROKEN)
    assert ended.status == 4
    assert "node n5 did not pass its test" in ended.err
    assert "remedy: Install it: util-linux." in ended.err
    assert "--untested" in ended.err
    assert admin("node", "add", "n5", "--address", BROKEN, "--untested").status == 0


def test_a_test_that_is_not_passed_ends_so(pitstop: Pitstop, scene: Scene) -> None:
    assert pitstop("node", "test", "n4").status == 0
    scene.nodes.broken.add("10.0.0.14")
    ended = pitstop("node", "test", "n4", "--json")
    assert ended.status == 4
    assert [check["passed"] for check in json.loads(ended.out)["checks"]] == [True, False, None]


def test_replace_and_remove_ask_before_they_do(admin: Pitstop, scene: Scene) -> None:
    for command in (("replace", "n4", "--address", SPARE), ("remove", "n4")):
        refused = admin("node", *command)
        assert (refused.status, "--yes" in refused.err) == (2, True)
    assert admin("node", "replace", "n4", "--address", SPARE, "--yes").status == 0
    assert scene.nodes.declared.declared["n4"].node.address == SPARE
    ended = admin("node", "remove", "n4", "--yes")
    assert (ended.status, ended.out, ended.err) == (0, "", "Node n4 was removed.\n")
    assert "n4" not in scene.nodes.declared.declared


def test_what_is_emptied_is_empty_and_what_is_left_out_stays(admin: Pitstop, scene: Scene) -> None:
    assert admin("node", "change", "n4", "--jump", "", "--fault-domain", "").status == 0
    node = scene.nodes.declared.declared["n4"].node
    assert (node.jump, node.fault_domain, node.roles) == ((), "", ("web",))


def test_a_new_host_key_is_trusted_by_its_fingerprint_and_never_unseen(admin: Pitstop, scene: Scene) -> None:
    shown = fingerprint(key_of(SPARE))
    nothing = admin("node", "trust", "n4")
    assert (nothing.status, "nothing to trust anew" in nothing.err) == (2, True)
    scene.nodes.machines["10.0.0.14"] = key_of(SPARE)
    alone = admin("node", "trust", "n4")
    assert alone.status == 2, "without a terminal nobody has compared it"
    assert f"n4 shows the host key {shown}" in alone.err
    assert "--fingerprint SHA256:..." in alone.err
    assert admin("node", "trust", "n4", "--fingerprint", "SHA256:other").status == 6
    ended = admin("node", "trust", "n4", "--fingerprint", shown)
    assert (ended.status, shown in ended.out) == (0, True)
    assert scene.nodes.declared.host_keys.pinned("n4") == key_of(SPARE)


@pytest.mark.parametrize("verb", ["list", "show n4", "test n4"])
def test_every_question_is_answered_as_json_too(pitstop: Pitstop, verb: str) -> None:
    ended = pitstop("node", *verb.split(), "--json")
    assert ended.status == 0
    assert json.loads(ended.out)


def test_a_fact_that_is_none_is_refused(admin: Pitstop) -> None:
    ended = admin("node", "change", "n4", "--fact", "rack")
    assert (ended.status, "'rack' is not NAME=VALUE" in ended.err) == (2, True)
