"""``pitstop publish key``: make keys, and name keys that lie elsewhere."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Annotated

import typer

from pitstop.cli.nouns import noun_app
from pitstop.cli.publishing import HERE, PassphraseFile, Publisher, keys_of, opened

app = noun_app("Keys: make one, name one that a token or a key service holds, list them.")

Name = Annotated[str, typer.Argument(help="Its name: a role, or ROLE-2 and so on; root-4, timestamp-2.")]


@app.command()
def new(
    name: Name,
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
    folder: Annotated[
        Path | None, typer.Option(help="Make it here instead, where no publisher is (an offline machine).")
    ] = None,
) -> None:
    """Make a key: NAME.pem, encrypted with the passphrase, and NAME.pub. It is of no use before a root
    lists it."""
    from pitstop.publish.keys import KeyFolder, find_passphrase

    if folder is not None:
        keys = KeyFolder(folder, find_passphrase(os.environ, passphrase_file))
    else:
        keys = keys_of(opened(publisher), passphrase_file)
    made = keys.generate(name)
    typer.echo(f"Made {keys.folder / name}.pem and .pub ({made.public_key.keyid[:12]}).")


@app.command()
def add(
    name: Name,
    address: Annotated[
        str, typer.Argument(help="Where it is: hsm:2?label=NAME, awskms:ARN, gcpkms:..., file:PATH ...")
    ],
    publisher: Publisher = HERE,
    *,
    public_key: Annotated[
        Path | None, typer.Option(help="Its public key (PEM); of a token (hsm:) it is read from there.")
    ] = None,
) -> None:
    """Name a key that lies elsewhere: on a PKCS #11 token, in a cloud key service, on a medium."""
    from dataclasses import replace

    from pitstop.model.errors import Conflict, InvalidInput
    from pitstop.publish.durable import put
    from pitstop.publish.keys import (
        FILE_SCHEME,
        PIN_VARIABLE,
        KeyFolder,
        import_from_token,
        read_public_key,
    )
    from pitstop.publish.settings import SETTINGS_FILE, read_settings, settings_text

    settings = read_settings(publisher)
    if name in settings.signers:
        raise Conflict(f"there is a key {name} in {SETTINGS_FILE} already: {settings.signers[name]}")
    if public_key is not None:
        key = read_public_key(public_key)
    elif address.startswith("hsm:"):
        address, key = import_from_token(address, os.environ.get(PIN_VARIABLE, ""))
    else:
        example = f"{FILE_SCHEME}PATH needs its .pub file"
        raise InvalidInput("the public key is missing", hint=f"Give it with --public-key ({example}).")
    changed = replace(settings, signers={**settings.signers, name: address})
    changed.check()
    KeyFolder(settings.key_folder, "").keep_public(name, key)
    put(publisher / SETTINGS_FILE, io.BytesIO(settings_text(changed).encode()))
    typer.echo(f"Named {name} ({key.keyid[:12]}): {address}")
    typer.echo(f"Next: pitstop publish root prepare DRAFT --add ROLE={name}", err=True)


@app.command("list")
def list_keys(publisher: Publisher = HERE) -> None:
    """List the keys of the root of trust, and which of them are here."""
    from pitstop.publish.showing import keys_text

    repository = opened(publisher)
    typer.echo(keys_text(repository.root(), repository.settings))
