"""Keys that lie elsewhere: on a PKCS #11 token (SoftHSM where it is installed), or in a file on a medium."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import boto3  # type: ignore[import-untyped] # it has no types
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from moto.server import ThreadedMotoServer
from tuf.ngclient.updater import Updater

from pitstop.model.errors import InvalidInput, NotFound, TrustError
from pitstop.publish.keys import KeyFolder, import_from_token, named, read_public_key
from pitstop.publish.root_ceremony import RootChange, finish, prepare, sign
from publish.press import PASSPHRASE, Press, a_moment_ago

Client = Callable[[], Updater]
MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
)
PIN = "123456"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token with an ECDSA key in slot 2: the key's address."""
    module = next((path for path in MODULES if path.exists()), None)
    if module is None or shutil.which("softhsm2-util") is None or find_spec("pkcs11") is None:
        pytest.skip("needs SoftHSM (Debian: softhsm2) and securesystemslib[PKCS11] (pitstop[hsm])")
    tokens, settings = tmp_path / "tokens", tmp_path / "softhsm2.conf"
    tokens.mkdir()
    settings.write_text(f"directories.tokendir = {tokens}\n", encoding="utf-8")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    monkeypatch.setenv("PYKCS11LIB", str(module))
    words = [
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        "desk",
        "--pin",
        PIN,
        "--so-pin",
        "87654321",
    ]
    subprocess.run(words, check=True, capture_output=True, env=os.environ)
    _make_key(str(module))
    return "hsm:2?label=desk"


def _make_key(module: str) -> None:
    import pkcs11  # noqa: PLC0415 - where it is installed
    from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415

    library = pkcs11.lib(module)
    library.reinitialize()
    with library.get_token(token_label="desk").open(user_pin=PIN, rw=True) as session:
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        parameters.generate_keypair(mechanism=pkcs11.Mechanism.EC_KEY_PAIR_GEN, id=b"\x02", store=True)


def with_key(press: Press, role: str, name: str, address: str, pin: str = PIN) -> KeyFolder:
    """The publisher's keys with this one, which the root is made to list."""
    folder = press.settings.key_folder
    keys = KeyFolder(folder, PASSPHRASE, {name: address}, press.settings.folder, pin)
    change = RootChange(add=[(role, keys.public(name))], remove=[(role, role)])
    draft = prepare(press.repository, change, a_moment_ago())
    for root_key in ("root-1", "root-2"):
        draft = sign(draft, press.keys.signer(root_key))
    finish(press.repository, keys, draft, a_moment_ago())
    return keys


def test_a_token_signs_a_release(press: Press, client: Client, token: str) -> None:
    address, key = import_from_token(token, PIN)
    press.keys.keep_public("targets-2", key)
    keys = with_key(press, "targets", "targets-2", address)
    (press.settings.key_folder / "targets.pem").unlink()
    press.keys = keys
    press.publish("1.1.0.1")
    client().refresh()


def test_a_wrong_pin_is_told_and_nothing_is_published(press: Press, token: str) -> None:
    address, key = import_from_token(token, PIN)
    press.keys.keep_public("targets-2", key)
    good = with_key(press, "targets", "targets-2", address)
    (press.settings.key_folder / "targets.pem").unlink()
    number = press.repository.read().versions
    press.keys = replace(good, pin="999999")
    with pytest.raises(InvalidInput, match="could not sign"):
        press.publish("1.1.0.1")
    assert press.repository.read().versions == number


def test_a_token_without_such_a_key_is_told(token: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read from its token"):
        import_from_token("hsm:7?label=desk", PIN)
    with pytest.raises(InvalidInput, match="cannot be read from its token"):
        import_from_token("hsm:2?label=nobody", PIN)
    with pytest.raises(InvalidInput, match="no address of a key on a token"):
        import_from_token("hsm:two", PIN)
    assert token


def test_a_key_may_lie_on_a_medium(press: Press, client: Client, tmp_path: Path) -> None:
    medium = KeyFolder(tmp_path / "medium", PASSPHRASE)
    made = medium.generate("timestamp-2")
    press.keys.keep_public("timestamp-2", named(made.public_key, "timestamp-2"))
    keys = with_key(press, "timestamp", "timestamp-2", f"file:{tmp_path}/medium/timestamp-2.pem")
    (press.settings.key_folder / "timestamp.pem").unlink()
    press.repository.renew(keys, a_moment_ago())
    client().refresh()
    shutil.rmtree(tmp_path / "medium")
    with pytest.raises(NotFound, match=r"medium/timestamp-2\.pem is not here"):
        press.repository.renew(keys, a_moment_ago())


def test_a_key_service_is_asked_and_a_signature_that_does_not_hold_is_not_published(
    press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto's KMS stands for a service that signs wrongly: it hashes the digest that it is given again."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        service = boto3.client("kms")
        arn = service.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        der = service.get_public_key(KeyId=arn)["PublicKey"]
        pem = load_der_public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / "service.pem").write_bytes(pem)
        press.keys.keep_public("targets-2", read_public_key(tmp_path / "service.pem"))
        with pytest.raises(InvalidInput, match="could not sign: UnverifiedSignatureError"):
            with_key(press, "targets", "targets-2", f"awskms:{arn}")
    finally:
        server.stop()
    assert press.repository.read().versions["root"] == 1


def test_a_service_that_cannot_be_used_is_told(press: Press) -> None:
    press.keys.keep_public("targets-2", press.keys.public("targets"))
    for address in ("awskms:arn:aws:kms:x", "nothing:1", "hsm:x"):
        keys = replace(press.keys, signers={"targets-2": address})
        with pytest.raises(InvalidInput, match="targets-2"):
            keys.signer("targets-2").sign(b"text")


def test_a_public_key_is_read_back_as_it_was_written(press: Press, tmp_path: Path) -> None:
    key = press.keys.signer("targets").public_key
    assert read_public_key(press.settings.key_folder / "targets.pub").keyid == key.keyid
    (tmp_path / "x.pub").write_text("-----BEGIN PUBLIC KEY-----\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="no public key"):
        read_public_key(tmp_path / "x.pub")
    with pytest.raises(NotFound):
        read_public_key(tmp_path / "y.pub")


def test_a_public_key_of_another_is_refused_in_the_place_of_ones_own(press: Press) -> None:
    stranger = KeyFolder(press.work / "stranger", PASSPHRASE)
    stranger.generate("targets")
    keys = replace(press.keys, folder=stranger.folder)
    with pytest.raises(TrustError, match="not a targets key"):
        press.repository.renew(keys, a_moment_ago(), "targets")
