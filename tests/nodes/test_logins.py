"""Logins: where a password lies is declared; the password itself is read there when it is needed."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.system import Login
from pitstop.nodes.declared import read_system
from pitstop.nodes.logins import password_of

HEAD = '[system]\nname = "r"\nlocation = "north"\nhardware_family = "L"\nhardware_model = "L4"\n'
NODE = '[[node]]\nname = "n1"\naddress = "10.0.0.1"\nagent = "$SSH_AUTH_SOCK"\nroles = []\n'


def declared(tmp_path: Path, *lines: str) -> dict[str, Login]:
    file = tmp_path / "system.toml"
    file.write_text("\n".join([HEAD, "[login.bmc]", *lines, NODE]))
    return dict(read_system(file).logins)


class InMemory(KeyringBackend):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "of the ring" if (service, username) == ("rack/1", "service") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_a_password_is_read_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("of the file\n# not this\n")
    monkeypatch.setenv("BMC_PASSWORD", "of the environment")
    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    try:
        said = {
            where: password_of("bmc", declared(tmp_path, 'user = "u"', f'password = "{where}"')["bmc"])
            for where in ("file:secret", "env:BMC_PASSWORD", "keyring:rack/1/service")
        }
    finally:
        keyring.set_keyring(before)
    assert list(said.values()) == ["of the file", "of the environment", "of the ring"]


def test_one_that_is_not_there_is_named_by_its_place(tmp_path: Path) -> None:
    for where in ("file:/nowhere", "env:PITSTOP_NONE"):
        with pytest.raises(NotFound, match=f"password of login bmc is not there: {where}"):
            password_of("bmc", declared(tmp_path, 'user = "u"', f'password = "{where}"')["bmc"])


def test_a_password_does_not_stand_in_the_nodes_file_itself(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"login\.bmc\.password: .*a password does not stand here itself"):
        declared(tmp_path, 'user = "u"', 'password = "hunter2"')
