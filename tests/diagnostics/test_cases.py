"""The file of a case: what was signed is what comes out, and nothing else is believed."""

from __future__ import annotations

import base64
import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pitstop.diagnostics.case_file import FileCases
from pitstop.diagnostics.case_format import SIGNATURE, fingerprint
from pitstop.diagnostics.case_reading import opened_case
from pitstop.model.errors import CaseNotGenuine, InvalidCase, NotFound, PitstopError, StateUnusable
from pitstop.ports.cases import CaseParts
from simulators.clock import SimulatedClock


def files(folder: Path) -> FileCases:
    def snapshot(to: Path, runs: Sequence[str]) -> None:
        to.mkdir()
        (to / "pitstop.db").write_text(f"runs: {', '.join(runs)}")

    (folder / "packages" / "Northstar1.0").mkdir(parents=True, exist_ok=True)
    (folder / "packages" / "Northstar1.0" / "plan.json").write_text("{}")
    return FileCases(
        folder / "cases", folder / "case-key", folder / "packages", snapshot, lambda: "rack", SimulatedClock()
    )


def made(folder: Path) -> Path:
    logs = folder / "logs.zip"
    with zipfile.ZipFile(logs, "w") as archive:
        archive.writestr("index.html", "logs")
    cases = files(folder)
    size, digest = cases.make(7, CaseParts({"case.json": b'{"case": 7}'}, logs, ["r1", "r2"]))
    assert cases.file(7).stat().st_size == size
    assert len(digest) == 64
    return cases.file(7)


def rewritten(path: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """The archive with its members changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    other = path.with_name("other.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return other


def refused(path: Path, key: str | None = None) -> PitstopError:
    with pytest.raises(PitstopError) as caught, opened_case(path, key) as opened:
        opened.check_all()
    return caught.value


def test_what_is_made_is_what_comes_out(tmp_path: Path) -> None:
    key = files(tmp_path).key()
    with opened_case(made(tmp_path), key.pem) as opened:
        assert opened.check_all() == 4
        assert opened.case() == b'{"case": 7}'
        assert opened.contents.system == "rack"
        assert opened.fingerprint == key.fingerprint
        opened.unpack(tmp_path / "out")
    assert (tmp_path / "out" / "pitstop.db").read_text() == "runs: r1, r2"
    assert (tmp_path / "out" / "packages" / "Northstar1.0" / "plan.json").read_text() == "{}"
    assert [path.name for path in (tmp_path / "cases").iterdir()] == ["case-7.zip"]


def test_the_key_stays_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    assert files(tmp_path).key() == files(tmp_path).key()
    assert (tmp_path / "case-key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "case-key").write_text("no key")
    with pytest.raises(StateUnusable, match="cannot be used"):
        files(tmp_path).key()


def test_a_file_of_another_system_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = files(tmp_path / "other").key()
    error = refused(made(tmp_path), other.pem)
    assert isinstance(error, CaseNotGenuine)
    assert other.fingerprint in error.message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda members: members.update({"case.json": b'{"case": 8}'}), "case.json is not what was signed"),
        (lambda members: members.update({"case.json": b'{"case": 7}' * 9}), "larger than what was signed"),
        (lambda members: members.pop("case.json"), "case.json is missing"),
    ],
)
def test_a_changed_member_is_found(
    tmp_path: Path, change: Callable[[dict[str, bytes]], object], says: str
) -> None:
    error = refused(rewritten(made(tmp_path), change))
    assert isinstance(error, CaseNotGenuine)
    assert says in error.message


def test_what_was_not_signed_is_not_looked_at(tmp_path: Path) -> None:
    path = rewritten(made(tmp_path), lambda members: members.update({"state/../../evil": b"x", "new": b"y"}))
    with opened_case(path) as opened:
        opened.check_all()
        opened.unpack(tmp_path / "out")
    assert not (tmp_path / "evil").exists()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["packages", "pitstop.db"]


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = made(tmp_path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("case.json", '{"case": 9}')
    assert "case.json is there 2 times" in refused(path).message


def payload_changed(change: Callable[[dict[str, object]], object]) -> Callable[[dict[str, bytes]], None]:
    """Change the signed list, and leave the signature."""

    def put(members: dict[str, bytes]) -> None:
        envelope = json.loads(members[SIGNATURE])
        said = json.loads(base64.b64decode(envelope["payload"]))
        change(said)
        envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
        members[SIGNATURE] = json.dumps(envelope).encode()

    return put


def test_a_changed_list_is_not_what_was_signed(tmp_path: Path) -> None:
    error = refused(rewritten(made(tmp_path), payload_changed(lambda said: said.update(case=8))))
    assert isinstance(error, CaseNotGenuine)
    assert "the signature is wrong" in error.message


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"[]",
        b"{}",
        b'{"payload": "e30=", "payloadType": "application/vnd.pitstop.case+json", "signatures": []}',
        b'{"payload": "e30=", "payloadType": "text/plain", "signatures": []}',
        b'{"payload": 3, "payloadType": "application/vnd.pitstop.case+json", "signatures": 4}',
        b'{"payload": "e30=", "payloadType": 7, "signatures": [{"keyid": 1, "sig": "x"}]}',
    ],
)
def test_what_is_no_envelope_is_refused(tmp_path: Path, signature: bytes) -> None:
    path = rewritten(made(tmp_path), lambda members: members.update({SIGNATURE: signature}))
    assert isinstance(refused(path), InvalidCase)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../b", "a\\b", SIGNATURE.upper(), "nul\0"])
def test_a_signed_list_with_names_that_no_folder_should_be_given_is_refused(
    tmp_path: Path, name: str
) -> None:
    """Also where whoever signs is the attacker: its key is not known here."""
    member = {"size": 1, "sha256": "0" * 64}
    change = payload_changed(lambda said: said.update(members={name: member}))
    assert isinstance(refused(rewritten(made(tmp_path), change)), InvalidCase)


def test_absurd_sizes_are_refused(tmp_path: Path) -> None:
    member = {"size": 1 << 60, "sha256": "0" * 64}
    change = payload_changed(lambda said: said.update(members={"a": member}))
    assert isinstance(refused(rewritten(made(tmp_path), change)), InvalidCase)


def test_no_file_no_archive_no_key(tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path / "none"), NotFound)
    (tmp_path / "text").write_text("no archive")
    assert isinstance(refused(tmp_path / "text"), InvalidCase)
    assert isinstance(refused(made(tmp_path), "no key"), InvalidCase)
    path = made(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    assert isinstance(refused(path), InvalidCase)
    with pytest.raises(InvalidCase):
        fingerprint("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")


def test_a_break_while_it_is_made_leaves_the_file_before_as_it_was(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = path.read_bytes()
    with pytest.raises(StateUnusable):
        files(tmp_path).make(7, CaseParts({}, tmp_path / "gone.zip", []))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["case-7.zip"]
    shutil.rmtree(tmp_path / "cases")
