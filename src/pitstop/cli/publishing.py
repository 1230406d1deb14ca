"""What the commands of ``pitstop publish`` share: options, and the publisher that they name."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # documented, without __all__

    from pitstop.publish.keys import KeyFolder
    from pitstop.publish.repository import Repository

Publisher = Annotated[
    Path,
    typer.Option("--publisher", envvar="PITSTOP_PUBLISHER", help="The publisher's folder (publisher.toml)."),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="File whose first line is the passphrase of the keys."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HERE = Path()


def opened(publisher: Path) -> Repository:
    """The publisher's repository; no key is needed."""
    from pitstop.publish.repository import Repository
    from pitstop.publish.settings import read_settings

    return Repository(read_settings(publisher))


def opened_with_keys(publisher: Path, passphrase_file: Path | None) -> tuple[Repository, KeyFolder]:
    repository = opened(publisher)
    return repository, keys_of(repository, passphrase_file)


def keys_of(repository: Repository, passphrase_file: Path | None) -> KeyFolder:
    """The publisher's keys, as its settings say where they are."""
    from pitstop.publish.keys import PIN_VARIABLE, KeyFolder, find_passphrase

    settings = repository.settings
    passphrase = find_passphrase(os.environ, passphrase_file)
    pin = os.environ.get(PIN_VARIABLE, "")
    return KeyFolder(settings.key_folder, passphrase, settings.signers, settings.folder, pin)


def public_key(repository: Repository, told: str) -> SSlibKey:
    """A public key: a PEM file, or the name of a key whose ``.pub`` file is in the key folder."""
    from pitstop.publish.keys import PUBLIC, read_public_key

    path = Path(told)
    named = repository.settings.key_folder / f"{told}{PUBLIC}"
    return read_public_key(named if not path.exists() and named.exists() else path)


def tell_people(repository: Repository) -> None:
    """Make the pages and feeds anew, after what they tell has changed."""
    from pitstop.publish.feeds import missing_for_feeds
    from pitstop.publish.pages import put_pages

    put_pages(repository)
    if missing := missing_for_feeds(repository.settings):
        typer.echo(f"note: {missing}", err=True)


def now() -> datetime:
    return datetime.now(UTC)
