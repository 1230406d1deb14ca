"""Signing in, the profile that keeps the session, and which service a token may go to."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pitstop.cli import profile
from pitstop.cli.profile import Profile
from pitstop.model.errors import InvalidInput
from simulators.desk import PASSWORD, Scene

from .conftest import Pitstop


@pytest.fixture
def nobody(pitstop: Pitstop, monkeypatch: pytest.MonkeyPatch) -> Pitstop:
    """Without a token, and without the address in the environment."""
    monkeypatch.delenv("PITSTOP_TOKEN")
    monkeypatch.delenv("PITSTOP_URL")
    return pitstop


def profile_of(pitstop: Pitstop) -> Path:
    return pitstop.folder / "config" / "profile.toml"


def sign_in(pitstop: Pitstop, name: str = "ada") -> None:
    ended = pitstop("login", name, "--url", pitstop.url, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert ended.status == 0, ended.err


def test_a_sign_in_is_kept_for_the_next_calls_and_for_the_owner_alone(nobody: Pitstop) -> None:
    sign_in(nobody)
    file = profile_of(nobody)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert PASSWORD not in file.read_text()
    assert nobody("whoami").out == f"ada (operator) at {nobody.url}\n"


def test_a_password_can_come_from_a_file(nobody: Pitstop, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\nsecond line\n")
    ended = nobody("login", "rea", "--url", nobody.url, "--password-file", str(secret))
    assert (ended.status, ended.out) == (0, "")
    assert "as rea (reader)" in ended.err


def test_a_wrong_password_leaves_the_former_session(nobody: Pitstop) -> None:
    sign_in(nobody)
    before = profile_of(nobody).read_bytes()
    ended = nobody("login", "ada", "--password-stdin", stdin="wrong\n")
    assert (ended.status, ended.out) == (5, "")
    assert "wrong" not in ended.err.replace("is wrong", "")
    assert profile_of(nobody).read_bytes() == before


def test_without_a_terminal_nothing_is_asked(nobody: Pitstop) -> None:
    assert "pitstop login NAME" in nobody("login").err
    ended = nobody("login", "ada")
    assert ended.status == 2
    assert "--password-stdin" in ended.err


@pytest.mark.parametrize("stdin", ["", "\n"])
def test_an_empty_password_is_no_password(nobody: Pitstop, stdin: str) -> None:
    assert nobody("login", "ada", "--password-stdin", stdin=stdin).status == 2


def test_a_password_file_that_is_not_there_is_named(nobody: Pitstop) -> None:
    ended = nobody("login", "ada", "--password-file", "/nowhere/secret")
    assert ended.status == 2
    assert "/nowhere/secret" in ended.err


def test_a_sign_out_ends_the_session_on_both_sides(nobody: Pitstop, scene: Scene) -> None:
    sign_in(nobody)
    assert scene.tokens
    assert nobody("logout").status == 0
    assert "token" not in profile_of(nobody).read_text()
    assert nobody("whoami").status == 5
    assert nobody("logout").err == "Nobody is signed in.\n"


def test_a_sign_out_works_though_the_service_is_gone(nobody: Pitstop) -> None:
    profile.write(profile_of(nobody), Profile("http://127.0.0.1:1", "ada", "t0k3n"))
    ended = nobody("logout")
    assert ended.status == 0
    assert "does not answer" in ended.err
    assert "t0k3n" not in profile_of(nobody).read_text()


def test_a_token_goes_to_the_service_that_gave_it_and_to_no_other(tmp_path: Path) -> None:
    environment = {"PITSTOP_CONFIG": str(tmp_path)}
    profile.write(
        profile.profile_file(environment), Profile("https://a.example", "ada", "t0k3n", Path("/ca.pem"))
    )
    assert profile.current(environment).token == "t0k3n"
    other = profile.current({**environment, "PITSTOP_URL": "https://b.example"})
    assert (other.token, other.ca, other.name) == (None, None, "")
    named = profile.current({**environment, "PITSTOP_URL": "https://b.example", "PITSTOP_TOKEN": "own"})
    assert named.token == "own"


def test_the_profile_lies_where_the_environment_says(tmp_path: Path) -> None:
    assert profile.profile_file({"PITSTOP_CONFIG": "/p"}) == Path("/p/profile.toml")
    assert profile.profile_file({"XDG_CONFIG_HOME": "/x"}) == Path("/x/pitstop/profile.toml")
    assert profile.profile_file({"HOME": "/h"}) == Path("/h/.config/pitstop/profile.toml")
    assert profile.current({"PITSTOP_CONFIG": str(tmp_path)}) == Profile("http://127.0.0.1:8460")


def test_a_profile_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    profile.write(file, Profile(token="t0k3n"))
    file.chmod(0o640)
    with pytest.raises(InvalidInput, match="may be read by others") as refused:
        profile.read(file)
    assert "chmod 600" in refused.value.hint
    assert "t0k3n" not in refused.value.message


@pytest.mark.parametrize("content", [b"url = ", b"url = 3\n", b"\xff\xfe"])
def test_a_damaged_profile_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "profile.toml"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(InvalidInput, match=r"profile\.toml"):
        profile.read(file)


def test_every_text_comes_back_from_the_profile_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    kept = Profile("https://a.example", 'a "b" \\ \t ü', "t\u007f0", Path('/with "quotes"'))
    profile.write(file, kept)
    assert profile.read(file) == kept
    assert [left.name for left in tmp_path.iterdir()] == ["profile.toml"]
