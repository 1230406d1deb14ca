"""``pitstop publish root``: replace the root of trust, in steps and on as many machines as there are keys."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.nouns import noun_app
from pitstop.cli.publishing import HERE, AsJson, PassphraseFile, Publisher, keys_of, now, opened, public_key

if TYPE_CHECKING:
    from securesystemslib.signer import Signer  # type: ignore[attr-defined] # documented, without __all__

app = noun_app("Replace the root of trust: prepare, sign (one key at a time), show, finish.")

Draft = Annotated[Path, typer.Argument(help="The draft of the next root: a file to be carried along.")]
Pairs = Annotated[
    list[str] | None,
    typer.Option(help="ROLE=KEY; roles: root, targets, snapshot, timestamp, media. May be repeated."),
]


@app.command()
def prepare(
    draft: Draft,
    *,
    add: Pairs = None,
    remove: Pairs = None,
    threshold: Annotated[
        list[str] | None, typer.Option(help="ROLE=NUMBER of keys that must sign. May be repeated.")
    ] = None,
    publisher: Publisher = HERE,
) -> None:
    """Write the next root, unsigned: the present one with these changes, and a new expiry. Needs no key."""
    from pitstop.model.errors import Conflict
    from pitstop.publish.durable import put
    from pitstop.publish.root_ceremony import RootChange
    from pitstop.publish.root_ceremony import prepare as prepare_root

    repository = opened(publisher)
    if draft.exists():
        raise Conflict(f"{draft} is there already", hint="Finish it, or remove it.")
    change = RootChange(
        add=[(role, public_key(repository, key)) for role, key in _pairs(add)],
        remove=list(_pairs(remove)),
        thresholds={role: _number(number) for role, number in _pairs(threshold)},
    )
    put(draft, io.BytesIO(prepare_root(repository, change, now())))
    _show(repository.settings.folder, draft)


@app.command()
def sign(
    draft: Draft,
    *,
    key: Annotated[str | None, typer.Option(help="Name of one of the publisher's root keys.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="Or the key's file, on any machine.")] = None,
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Add one signature to the draft. With --key-file the publisher's folder is not needed."""
    from pitstop.model.errors import InvalidInput
    from pitstop.publish.durable import put
    from pitstop.publish.keys import find_passphrase, open_key_file
    from pitstop.publish.root_ceremony import sign as sign_root

    if (key is None) == (key_file is None):
        raise InvalidInput("name the key to sign with", hint="Either --key NAME or --key-file FILE.")
    signer: Signer
    if key_file is not None:
        signer = open_key_file(key_file, find_passphrase(os.environ, passphrase_file))
    else:
        signer = keys_of(opened(publisher), passphrase_file).signer(key or "")
    signed = sign_root(_read(draft), signer)
    put(draft, io.BytesIO(signed))
    typer.echo(f"Signed {draft} with {key or key_file} ({signer.public_key.keyid[:12]}).")


@app.command()
def show(draft: Draft, publisher: Publisher = HERE, *, as_json: AsJson = False) -> None:
    """Show what the draft changes, who has signed it and whose signatures are missing."""
    _show(publisher, draft, as_json=as_json)


@app.command()
def finish(draft: Draft, publisher: Publisher = HERE, passphrase_file: PassphraseFile = None) -> None:
    """Publish the next root, once enough keys of the present and of the next one have signed it."""
    from pitstop.publish.root_ceremony import finish as finish_root

    repository = opened(publisher)
    published = finish_root(repository, keys_of(repository, passphrase_file), _read(draft), now())
    until = published.root.expires
    typer.echo(f"Root {published.root.version} is published; it holds until {until:%Y-%m-%d}.")
    typer.echo("Systems follow by themselves: root.json, which they have pinned, stays as it is.", err=True)


def _show(publisher: Path, draft: Path, *, as_json: bool = False) -> None:
    from pitstop.publish.root_ceremony import standing
    from pitstop.publish.showing import standing_document, standing_text

    told = standing(_read(draft), opened(publisher).root())
    typer.echo(json.dumps(standing_document(told), indent=2) if as_json else standing_text(told))


def _read(draft: Path) -> bytes:
    from pitstop.model.errors import InvalidInput, NotFound
    from pitstop.publish.root_ceremony import MAX_ROOT_BYTES

    try:
        with draft.open("rb") as file:
            return file.read(MAX_ROOT_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no draft {draft}", hint="Make one: pitstop publish root prepare.") from None
    except OSError as error:
        raise InvalidInput(f"{draft} cannot be read: {error.strerror}") from error


def _pairs(told: list[str] | None) -> list[tuple[str, str]]:
    from pitstop.model.errors import InvalidInput

    pairs = []
    for pair in told or []:
        role, sign_, value = pair.partition("=")
        if not (role and sign_ and value):
            raise InvalidInput(f"{pair!r} is not of the form ROLE=VALUE")
        pairs.append((role, value))
    return pairs


def _number(text: str) -> int:
    from pitstop.model.errors import InvalidInput

    if not (text.isascii() and text.isdigit()):
        raise InvalidInput(f"{text!r} is no number of keys")
    return int(text)
