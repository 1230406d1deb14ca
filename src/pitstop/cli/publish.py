"""``pitstop publish``: make a publisher, build packages, sign and release them, try the site out.

Nothing of the update service is needed, or loaded. Keys are opened with the passphrase in
``PITSTOP_KEY_PASSPHRASE``, or in the file that ``--passphrase-file`` names.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.model.releases import PublisherKind

if TYPE_CHECKING:
    from pitstop.publish.keys import KeyFolder
    from pitstop.publish.repository import Repository
    from pitstop.publish.settings import PublisherSettings

app = typer.Typer(help="Build, sign and publish packages (the publisher's side).", no_args_is_help=True)

Publisher = Annotated[
    Path,
    typer.Option("--publisher", envvar="PITSTOP_PUBLISHER", help="The publisher's folder (publisher.toml)."),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="File whose first line is the passphrase of the keys."),
]
HERE = Path()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="New folder of the publisher.")],
    *,
    name: Annotated[str, typer.Option(help="Short name, such as northstar.")],
    prefix: Annotated[str, typer.Option(help="What package names begin with, such as Northstar.")],
    product: Annotated[str, typer.Option(help="Short name of the product.")],
    kind: Annotated[PublisherKind, typer.Option(help="Whose packages these are.")] = PublisherKind.PLATFORM,
    display_name: Annotated[str, typer.Option(help="Name in full; the prefix unless told.")] = "",
    support_address: Annotated[str, typer.Option(help="Where customers ask for help.")] = "",
    site_url: Annotated[str, typer.Option(help="Address that the site will have.")] = "",
    root_keys: Annotated[int, typer.Option(min=1, max=20, help="How many root keys are made.")] = 3,
    root_threshold: Annotated[int, typer.Option(min=1, max=20, help="How many of them must sign.")] = 2,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a publisher: settings, encrypted keys, root of trust, and an empty signed site."""
    from pitstop.publish.founding import found
    from pitstop.publish.keys import find_passphrase
    from pitstop.publish.settings import PublisherSettings, RootKeys

    wanted = PublisherSettings(
        folder,
        name,
        display_name or prefix,
        prefix,
        kind,
        product,
        site_url=site_url,
        support_address=support_address,
        root=RootKeys(root_keys, root_threshold),
    )
    made = found(wanted, find_passphrase(os.environ, passphrase_file), _now())
    typer.echo(f"Publisher {made.publisher} is in {made.folder}.")
    typer.echo(f"Root of trust, for customers to pin: {made.root_file}")
    typer.echo(
        f"Keep the root keys offline: move {made.key_folder}/root-*.pem onto a medium of their own.", err=True
    )


@app.command()
def build(
    source: Annotated[Path, typer.Argument(help="Folder with package.toml, plan.yaml, notes.md, content.")],
    publisher: Publisher = HERE,
    out: Annotated[Path, typer.Option(help="Folder that the built package goes into.")] = Path("built"),
) -> None:
    """Build a package from its source folder. The same source gives the same bytes."""
    from pitstop.publish.building import build as build_package
    from pitstop.publish.building import plan_kinds
    from pitstop.publish.settings import read_settings

    built = build_package(source, out, read_settings(publisher), plan_kinds())
    typer.echo(f"Built {built.metadata.name} ({built.metadata.size} bytes of volumes) in {built.folder}")


@app.command()
def release(
    built: Annotated[Path, typer.Argument(help="Folder of a built package.")],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a built package public: add it to the site, and sign the catalogue anew."""
    from pitstop.publish.releasing import read_built
    from pitstop.publish.releasing import release as release_package

    repository, keys = _open(publisher, passphrase_file)
    entry = release_package(repository, keys, read_built(built), _now())
    typer.echo(f"Released {entry.name} ({entry.type}).")


@app.command()
def withdraw(
    version: Annotated[str, typer.Argument(help="The exact build, such as 1.2311.3.62.")],
    reason: Annotated[str, typer.Option(help="Why; operators are shown it.")],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Withdraw a release. Systems then show it as recalled; its files stay."""
    from pitstop.model.versions import Version
    from pitstop.publish.releasing import withdraw as withdraw_release

    repository, keys = _open(publisher, passphrase_file)
    entry = withdraw_release(repository, keys, Version.parse(version), reason, _now())
    typer.echo(f"Withdrawn {entry.name} (revision {entry.revision}): {entry.status_reason}")


@app.command()
def renew(publisher: Publisher = HERE, passphrase_file: PassphraseFile = None) -> None:
    """Sign the metadata anew before it expires; nothing else changes."""
    repository, keys = _open(publisher, passphrase_file)
    published = repository.renew(keys, _now())
    typer.echo(f"Signed anew; the timestamp now holds until {published.expires['timestamp']:%Y-%m-%d}.")


@app.command()
def serve(
    publisher: Publisher = HERE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
) -> None:
    """Serve the site on loopback until interrupted, to try it out."""
    from pitstop.publish.serving import SiteServer
    from pitstop.publish.settings import read_settings

    with SiteServer(read_settings(publisher).site_folder, port) as server:
        typer.echo(server.url)
        typer.echo("Serving on loopback until interrupted (Ctrl+C).", err=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("Ended.", err=True)


@app.command()
def show(
    publisher: Publisher = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what is published, verified, and when its signatures expire."""
    from pitstop.publish.repository import Repository
    from pitstop.publish.settings import read_settings
    from pitstop.publish.showing import site_document, site_text

    published = Repository(read_settings(publisher)).read()
    if as_json:
        typer.echo(json.dumps(site_document(published), indent=2, ensure_ascii=False))
    else:
        typer.echo(site_text(published, _now()))


def _open(publisher: Path, passphrase_file: Path | None) -> tuple[Repository, KeyFolder]:
    from pitstop.publish.keys import KeyFolder, find_passphrase
    from pitstop.publish.repository import Repository
    from pitstop.publish.settings import read_settings

    settings: PublisherSettings = read_settings(publisher)
    passphrase = find_passphrase(os.environ, passphrase_file)
    return Repository(settings), KeyFolder(settings.key_folder, passphrase)


def _now() -> datetime:
    return datetime.now(UTC)
