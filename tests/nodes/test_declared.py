"""The nodes file is taken whole or refused with everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.system import Become, JumpHost, Node, SshDefaults, SystemDescription
from pitstop.nodes.declared import read_system
from simulators.ssh_server import make_key

WHOLE = """\
[system]
name = "rack 1"
location = "north-1"
hardware_family = "Lumen"
hardware_model = "Lumen R4"

[system.version_probes]
lantern = ["cat", "opt/lantern/VERSION"]

[[node]]
name = "n1"
address = "10.0.0.11"
port = 2201
user = "operator"
key = "keys/operator"
host_key = "HOST_KEY"
root = "/srv/n1"
roles = ["controller", "storage"]
fault_domain = "fd1"
facts = { lantern_url = "http://10.0.0.11:8080" }

[[node]]
name = "n2"
address = "10.0.0.12"
key = "/KEY"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "host").write_text(make_key(tmp_path / "keys/operator"))
    return tmp_path


def read(folder: Path, text: str) -> SystemDescription:
    key = str(folder / "keys/operator").removeprefix("/")
    text = text.replace("HOST_KEY", (folder / "host").read_text()).replace("/KEY", f"/{key}")
    (folder / "system.toml").write_text(text, encoding="utf-8")
    return read_system(folder / "system.toml")


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidInput, match=r"system\.toml") as refused:
        read(folder, text)
    return [line.strip() for line in refused.value.message.splitlines()[1:]]


def test_a_whole_file_is_the_system_it_says(folder: Path) -> None:
    key = str(folder / "keys/operator")
    first = Node(
        "n1",
        "10.0.0.11",
        2201,
        "operator",
        key,
        (folder / "host").read_text(),
        "/srv/n1",
        ("controller", "storage"),
        "fd1",
        {"lantern_url": "http://10.0.0.11:8080"},
    )
    assert read(folder, WHOLE) == SystemDescription(
        "rack 1",
        "north-1",
        "Lumen",
        "Lumen R4",
        (first, Node("n2", "10.0.0.12", key=key)),
        {"lantern": ("cat", "opt/lantern/VERSION")},
    )


GENERAL = """\
[ssh]
user = "ops"
agent = "$SSH_AUTH_SOCK"
jump = ["hop@10.0.0.1:2222", { address = "10.0.1.1", key = "keys/operator", host_key = "HOST_KEY" }]
become = "sudo"
connect_timeout = 3
keepalive = 2.5
connections = 64

"""


def test_what_holds_for_all_nodes_is_said_once_and_a_node_may_say_otherwise(folder: Path) -> None:
    key, host = str(folder / "keys/operator"), (folder / "host").read_text()
    alone = 'name = "n2"\naddress = "10.0.0.12"\njump = "[fd00::1]:22"\nbecome = ""\nuser = "me"\n'
    system = read(
        folder, GENERAL + WHOLE.replace('name = "n2"\naddress = "10.0.0.12"\nkey = "/KEY"\n', alone)
    )
    general = SshDefaults(
        user="ops",
        agent="$SSH_AUTH_SOCK",
        jump=(JumpHost("10.0.0.1", 2222, "hop"), JumpHost("10.0.1.1", 22, "", key, host)),
        become=Become.SUDO,
        connect_timeout=3,
        keepalive=2.5,
        connections=64,
    )
    assert system.ssh == general
    first, second = system.nodes
    assert (first.user, first.key, first.jump, first.become) == ("operator", key, general.jump, Become.SUDO)
    assert (first.connect_timeout, first.keepalive) == (3, 2.5)
    assert (second.user, second.key, second.agent) == ("me", "", "$SSH_AUTH_SOCK")
    assert (second.jump, second.become) == ((JumpHost("fd00::1", 22),), Become.NOBODY)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('become = "sudo"', 'become = "su"', "ssh.become: 'su' is not known; known are 'sudo'"),
        ("connections = 64", "connections = 0", "ssh.connections: must be at least 1"),
        ("connect_timeout = 3", 'connect_timeout = "3"', "ssh.connect_timeout: must be a number of seconds"),
        (
            "keepalive = 2.5",
            "keepalive = 0",
            "node n1: keepalive: must be more than 0 and at most 600 seconds",
        ),
        ("hop@10.0.0.1:2222", "hop@:2222", "ssh.jump: 'hop@:2222' is no jump host"),
        (
            "hop@10.0.0.1:2222",
            "hop@10.0.0.1:0",
            "node n1: jump: 10.0.0.1:0: port must be a number from 1 to 65535",
        ),
        ('"HOST_KEY" }', '"none" }', "node n1: jump: 10.0.1.1:22: host_key must be a public key"),
        ("[ssh]", "[ssh]\nroot = 1", "ssh.root: is not known here"),
    ],
)
def test_what_is_wrong_with_the_way_to_a_node_is_named(
    folder: Path, old: str, new: str, problem: str
) -> None:
    text = GENERAL + WHOLE.replace('key = "/KEY"\n', "")
    assert old in text
    said = problems(folder, text.replace(old, new, 1))
    assert said[0].startswith(problem)


def test_all_problems_are_said_at_once_with_their_places(folder: Path) -> None:
    text = WHOLE.replace('name = "rack 1"\n', "colour = 1\n").replace("2201", "70000")
    text = text.replace('"HOST_KEY"', '"ssh-ed25519 nonsense"').replace('root = "/srv/n1"', 'root = "srv/.."')
    text = text.replace('name = "n2"', 'name = "n1"').replace('["cat", "opt/lantern/VERSION"]', "[]")
    text = text.replace('"keys/operator"', '"keys/none"').replace('"storage"]', "3]")
    known = "name, location, hardware_family, hardware_model, version_probes, facts"
    assert problems(folder, text) == [
        f"system.colour: is not known here; known are {known}",
        "system.name: is missing",
        f"node n1: key: there is no file {folder}/keys/none",
        "node n1: roles: must be a list of texts",
        "node n1: port: must be a number from 1 to 65535",
        "node n1: host_key: must be a public key as OpenSSH writes it, such as 'ssh-ed25519 AAAA...'",
        "node n1: root: 'srv/..' must be an absolute path without '..'",
        "node: the name n1 is given 2 times",
        "system.version_probes.lantern: must be a command with its arguments",
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('address = "10.0.0.11"\n', "", "node n1: address"),
        ('address = "10.0.0.11"', "address = 10", "node n1: address"),
        ('name = "n2"', 'name = "n/2"', "node n/2: name"),
        ('name = "n2"\n', "", "node number 2: name"),
        ('key = "/KEY"', 'key = ""', "node n2: key"),
        ("port = 2201", "port = true", "node n1: port"),
        ("port = 2201", "prot = 2201", "node n1: prot"),
        ('"http://10.0.0.11:8080"', "8080", "node n1: facts.lantern_url"),
        ('facts = { lantern_url = "http://10.0.0.11:8080" }', "facts = 3", "node n1: facts"),
        ('location = "north-1"', 'location = "north 1"', "system.location"),
        ('hardware_model = "Lumen R4"\n', "", "system.hardware_model"),
        ("[system.version_probes]", "[system.other]", "system.other"),
    ],
)
def test_each_problem_names_its_place(folder: Path, old: str, new: str, place: str) -> None:
    assert old in WHOLE
    (only,) = problems(folder, WHOLE.replace(old, new))
    assert only.startswith(f"{place}: ")


@pytest.mark.parametrize("text", ["", "[system]\n", "node = 3\n", "node = [3]\n", "system = 3\n"])
def test_half_a_file_is_refused_whole(folder: Path, text: str) -> None:
    assert problems(folder, text)


def test_what_is_no_toml_is_refused_with_the_place(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="line 2"):
        read(folder, "[system]\nname = = 3\n")


def test_no_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="none"):
        read_system(tmp_path / "none")
