"""A real machine through the service: added, asked what it runs, installed anew, and trusted again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitstop.daemon.desks import Wired, wire
from pitstop.daemon.settings import read_settings
from pitstop.daemon.start import initialise
from pitstop.daemon.stored import Stored, open_state
from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import NodesChanging
from pitstop.model.node_rules import fingerprint
from pitstop.ports.declared_nodes import LONGEST_LEAVE
from pitstop.wire.node_views import KeyTrust, NewNode
from simulators.ssh_server import RunningServer, make_key, running_server

ADMIN = Actor("admin", Role.ADMINISTRATOR, "test")
SYSTEM = """\
[system]
name = "rack"
location = "north"
hardware_family = "Lumen"
hardware_model = "Lumen R4"

[system.version_probes]
lantern = ["cat", "VERSION"]

[[node]]
name = "n1"
address = "127.0.0.1"
port = 1
key = "key"
connect_timeout = 0.2
"""


@contextmanager
def service(folder: Path) -> Iterator[tuple[Wired, Stored]]:
    settings = folder / "pitstop.toml"
    if not settings.exists():
        make_key(folder / "key")
        (folder / "system.toml").write_text(SYSTEM)
        settings.write_text('system = "system.toml"\nstate = "state"\n')
        initialise(settings)
    with open_state(folder / "state") as stored:
        yield wire(read_settings(settings), stored), stored


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "machine") as running:
        (running.server.root / "VERSION").write_text("1.2305.0.10\n")
        yield running


def new_node(machine: RunningServer) -> NewNode:
    node = machine.server.node()
    return NewNode(
        name="n2", address=node.address, port=node.port, user=node.user, key=node.key, root=node.root
    )


def test_what_a_machine_runs_is_read_from_it_when_it_is_added_and_whenever_it_is_asked(
    machine: RunningServer, tmp_path: Path
) -> None:
    with service(tmp_path) as (wired, stored):
        added = wired.desk.nodes.add(ADMIN, new_node(machine))
        assert [said.version for said in added.node.versions] == ["1.2305.0.10"]
        assert added.node.fingerprint == fingerprint(machine.server.host_line)
        (machine.server.root / "VERSION").write_text("1.2305.1.22\n")
        wired.acting.watch.look()
        versions = [(said.node, said.version) for said in stored.nodes.versions()]
        assert versions == [("n2", "1.2305.1.22")], "who does not answer is left out"


def test_a_machine_that_was_installed_anew_is_refused_until_its_key_is_trusted(
    machine: RunningServer, tmp_path: Path
) -> None:
    with service(tmp_path) as (wired, stored):
        wired.desk.nodes.add(ADMIN, new_node(machine))
        machine.install_anew()
        refused = wired.desk.nodes.test(ADMIN, "n2")
        assert [(check.name, check.passed) for check in refused.checks] == [("connects", False)]
        other = wired.desk.nodes.other_key(ADMIN, "n2")
        before = wired.desk.nodes.show(ADMIN, "n2").since
        trusted = wired.desk.nodes.trust(ADMIN, "n2", KeyTrust(fingerprint=other.shown))
        assert before is not None
        assert trusted.since is not None
        assert trusted.since > before
        assert wired.desk.nodes.test(ADMIN, "n2").passed
        assert stored.host_keys.pinned("n2") is not None


def test_a_service_that_died_in_the_middle_of_a_change_keeps_nobody_off_for_ever(tmp_path: Path) -> None:
    """kubereboot/kured 478, Azure/aksArc 152: a lock whose holder was gone, and a database edited by hand."""
    with service(tmp_path) as (_, stored):
        now = datetime.now(UTC)
        stored.nodes.enter("add node n2", "ada", now, now - timedelta(seconds=1))
        stored.nodes.enter("add node n3", "bob", now, now + LONGEST_LEAVE)
        with pytest.raises(NodesChanging, match="bob is about to add node n3"):
            stored.nodes.enter("add node n4", "eve", now, now)
