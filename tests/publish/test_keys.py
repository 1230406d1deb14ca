"""Keys: encrypted, readable by their owner alone, and never made over another."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pitstop.model.errors import Conflict, InvalidInput, NotFound, TrustError
from pitstop.publish.keys import KeyFolder, find_passphrase

SECRET = "a long passphrase"


def test_a_key_is_encrypted_and_its_owners_alone(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys", SECRET)
    made = folder.generate("targets")
    path = tmp_path / "keys" / "targets.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert folder.signer("targets").public_key == made.public_key
    signature = folder.signer("targets").sign(b"text")
    made.public_key.verify_signature(signature, b"text")


def test_a_wrong_passphrase_is_told(tmp_path: Path) -> None:
    KeyFolder(tmp_path, SECRET).generate("targets")
    with pytest.raises(InvalidInput, match="wrong passphrase"):
        KeyFolder(tmp_path, "something else").signer("targets")


def test_a_short_passphrase_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="at least 12"):
        KeyFolder(tmp_path, "short").generate("targets")
    assert not list(tmp_path.iterdir())


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path, SECRET)
    made = folder.generate("targets")
    with pytest.raises(Conflict, match=r"targets.pem already"):
        folder.generate("targets")
    assert folder.signer("targets").public_key == made.public_key


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path, SECRET)
    folder.generate("targets")
    (tmp_path / "targets.pem").chmod(0o640)
    with pytest.raises(TrustError, match="0640"):
        folder.signer("targets")


def test_a_key_that_is_not_encrypted_is_refused(tmp_path: Path) -> None:
    plain = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "targets.pem").touch(mode=0o600)
    (tmp_path / "targets.pem").write_bytes(plain)
    with pytest.raises(TrustError, match="not encrypted"):
        KeyFolder(tmp_path, SECRET).signer("targets")


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"root-1.pem is not here"):
        KeyFolder(tmp_path, SECRET).signer("root-1")


def test_the_passphrase_comes_from_the_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from the file\nsecond line\n", encoding="utf-8")
    environment = {"PITSTOP_KEY_PASSPHRASE": "from the environment"}
    assert find_passphrase(environment, file) == "from the file"
    assert find_passphrase(environment, None) == "from the environment"
    with pytest.raises(InvalidInput, match="missing"):
        find_passphrase({}, None)
    with pytest.raises(InvalidInput, match="cannot be read"):
        find_passphrase(environment, tmp_path / "nothing")
    file.write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match="missing"):
        find_passphrase(environment, file)
