"""The nodes file and the nodes of the service, over starts of the service; host keys of an older Pitstop."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitstop.daemon.desks import wire
from pitstop.daemon.old_host_keys import OLD_NAME, take_over
from pitstop.daemon.settings import read_settings
from pitstop.daemon.start import initialise
from pitstop.daemon.stored import open_state
from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import StateUnusable
from pitstop.model.system import DeclaredIn
from pitstop.wire.node_views import NewNode
from simulators.declared_nodes import MemoryHostKeys
from simulators.ssh_server import make_key

ADMIN = Actor("admin", Role.ADMINISTRATOR, "test")
SYSTEM = """\
[system]
name = "rack"
location = "north"
hardware_family = "Lumen"
hardware_model = "Lumen R4"

[ssh]
user = "ops"
key = "key"
connect_timeout = 0.2

"""


def node(number: int) -> str:
    return f'[[node]]\nname = "n{number}"\naddress = "127.0.0.1"\nport = 1\n'


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    make_key(tmp_path / "key")
    (tmp_path / "system.toml").write_text(SYSTEM + node(1) + node(2))
    (tmp_path / "pitstop.toml").write_text('system = "system.toml"\nstate = "state"\n')
    return tmp_path / "pitstop.toml"


def test_nodes_come_and_go_with_the_file_and_those_of_the_service_stay(settings: Path) -> None:
    initialise(settings)
    with open_state(settings.parent / "state") as stored:
        wired = wire(read_settings(settings), stored)
        added = wired.desk.nodes.add(ADMIN, NewNode(name="n9", address="127.0.0.1", port=1, untested=True))
        assert added.node.user == "ops", "as the nodes file has it for all"
        assert [each.name for each in wired.desk.system.show(ADMIN).nodes] == ["n1", "n2", "n9"]
    (settings.parent / "system.toml").write_text(SYSTEM + node(2) + node(3))
    initialise(settings)
    with open_state(settings.parent / "state") as stored:
        wired = wire(read_settings(settings), stored)
        where = {each.node.name: each.where for each in stored.nodes.nodes()}
        assert where == {"n2": DeclaredIn.FILE, "n3": DeclaredIn.FILE, "n9": DeclaredIn.SERVICE}
        assert [each.name for each in wired.desk.system.show(ADMIN).nodes] == ["n2", "n3", "n9"]
        said = [entry.what for entry in reversed(stored.audit.entries()) if "nodes file" in entry.what]
        assert said == [f"nodes file: {change}" for change in ("add n1", "add n2", "add n3", "remove n1")]


def test_keys_that_an_older_pitstop_pinned_in_a_file_are_taken_over_once(tmp_path: Path) -> None:
    (tmp_path / OLD_NAME).write_text("n1 ssh-ed25519 AAAA\n\nn2 ssh-ed25519 BBBB\n")
    keys = MemoryHostKeys({"n2": "ssh-ed25519 CCCC"})
    take_over(tmp_path, keys)
    assert keys.keys == {"n1": "ssh-ed25519 AAAA", "n2": "ssh-ed25519 CCCC"}
    assert [file.name for file in tmp_path.iterdir()] == [f"{OLD_NAME}.old"]
    take_over(tmp_path, keys)


def test_a_file_of_keys_that_cannot_be_read_is_no_first_contact(tmp_path: Path) -> None:
    (tmp_path / OLD_NAME).mkdir()
    with pytest.raises(StateUnusable, match="cannot be read"):
        take_over(tmp_path, MemoryHostKeys())
