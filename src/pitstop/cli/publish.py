"""``pitstop publish``: make a publisher, build packages, sign and release them, bring the site to its place.

Nothing of the update service is needed, or loaded. Keys are opened with the passphrase in
``PITSTOP_KEY_PASSPHRASE``, or in the file that ``--passphrase-file`` names; tokens with the PIN in
``PITSTOP_KEY_PIN``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from pitstop.cli import publish_issue, publish_key, publish_root
from pitstop.cli.nouns import noun_app
from pitstop.cli.publishing import (
    HERE,
    AsJson,
    PassphraseFile,
    Publisher,
    now,
    opened,
    opened_with_keys,
    public_key,
    tell_people,
)
from pitstop.model.releases import PublisherKind

app = noun_app("Build, sign and publish packages (the publisher's side).")
app.add_typer(publish_key.app, name="key")
app.add_typer(publish_root.app, name="root")
app.add_typer(publish_issue.app, name="issue")

Build = Annotated[str, typer.Argument(metavar="VERSION", help="The exact build, such as 1.2311.3.62.")]
NOTHING = "none"


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
    from pitstop.publish.founding import feed_authority, found
    from pitstop.publish.keys import find_passphrase
    from pitstop.publish.repository import Repository
    from pitstop.publish.settings import PublisherSettings, RootKeys

    wanted = PublisherSettings(
        folder,
        name,
        display_name or prefix,
        prefix,
        kind,
        product,
        site_url=site_url,
        feed_authority=feed_authority(site_url, now()),
        support_address=support_address,
        root=RootKeys(root_keys, root_threshold),
    )
    made = found(wanted, find_passphrase(os.environ, passphrase_file), now())
    tell_people(Repository(made))
    typer.echo(f"Publisher {made.publisher} is in {made.folder}.")
    typer.echo(f"Root of trust, for customers to pin: {made.root_file}")
    typer.echo(
        f"Keep these keys offline, each on a medium of its own: {made.key_folder}/root-*.pem and media.pem",
        err=True,
    )


@app.command()
def build(
    source: Annotated[Path, typer.Argument(help="Folder with package.toml, plan.yaml, notes.md, content.")],
    publisher: Publisher = HERE,
    out: Annotated[Path, typer.Option(help="Folder that the built package goes into.")] = Path("built"),
    *,
    self_extracting: Annotated[
        bool, typer.Option("--self-extracting", help="Add a .pyz that checks and unpacks the set.")
    ] = False,
    delta_from: Annotated[
        list[str] | None,
        typer.Option(metavar="VERSION", help="Add a delta from this release of the site. Repeatable."),
    ] = None,
) -> None:
    """Build a package from its source folder. The same source gives the same bytes."""
    from pitstop.cli.download import shown_progress
    from pitstop.cli.output import note
    from pitstop.publish.building import build as build_package
    from pitstop.publish.building import plan_kinds
    from pitstop.publish.delta_wishes import DeltaWishes
    from pitstop.publish.repository import Repository
    from pitstop.publish.settings import read_settings

    settings = read_settings(publisher)
    deltas = DeltaWishes(Repository(settings), tuple(delta_from or ()), note, shown_progress)
    built = build_package(source, out, settings, plan_kinds(), self_extracting=self_extracting, deltas=deltas)
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

    repository, keys = opened_with_keys(publisher, passphrase_file)
    entry = release_package(repository, keys, read_built(built), now())
    tell_people(repository)
    typer.echo(f"Released {entry.name} ({entry.type}).")


@app.command()
def revise(
    version: Build,
    *,
    required_hotfix: Annotated[
        str | None, typer.Option(help="The hotfix that must be on before; 'none' for none.")
    ] = None,
    min_oem: Annotated[
        str | None, typer.Option(help="The OEM package must be at least this; 'none' for any.")
    ] = None,
    runtimes: Annotated[
        str | None,
        typer.Option(help="Minutes by node count, such as 4:10-20,16:30-90,10-120 (the last: any)."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="The title.")] = None,
    description: Annotated[str | None, typer.Option(help="The description.")] = None,
    support_address: Annotated[str | None, typer.Option(help="Where customers ask for help.")] = None,
    article_link: Annotated[str | None, typer.Option(help="Address of the article.")] = None,
    fields: Annotated[
        Path | None,
        typer.Option(help="TOML with further fields of the entry: risks, conditions, hardware, ..."),
    ] = None,
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Change what is said of a release, under a higher revision. The package stays as it is."""
    from pitstop.model.versions import Version
    from pitstop.publish.revising import read_fields, read_runtimes
    from pitstop.publish.revising import revise as revise_release

    told: dict[str, Any] = {
        "required_hotfix": required_hotfix,
        "min_oem_version": min_oem,
        "title": title,
        "description": description,
        "support_address": support_address,
        "article_link": article_link,
    }
    changes = {name: None if value == NOTHING else value for name, value in told.items() if value is not None}
    changes |= {"expected_runtimes": read_runtimes(runtimes)} if runtimes is not None else {}
    changes |= read_fields(fields) if fields is not None else {}
    repository, keys = opened_with_keys(publisher, passphrase_file)
    entry = revise_release(repository, keys, Version.parse(version), changes, now())
    tell_people(repository)
    typer.echo(f"Revised {entry.name} (revision {entry.revision}): {', '.join(sorted(changes))}")


@app.command()
def withdraw(
    version: Build,
    reason: Annotated[str, typer.Option(help="Why; operators are shown it.")],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Withdraw a release. Systems then show it as recalled; its files stay."""
    from pitstop.model.versions import Version
    from pitstop.publish.revising import withdraw as withdraw_release

    repository, keys = opened_with_keys(publisher, passphrase_file)
    entry = withdraw_release(repository, keys, Version.parse(version), reason, now())
    tell_people(repository)
    typer.echo(f"Withdrawn {entry.name} (revision {entry.revision}): {entry.status_reason}")


@app.command()
def supersede(
    version: Build,
    by: Annotated[str, typer.Option(help="The build that takes its place.")],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Say that another release takes the place of this one. Systems then show it as obsolete."""
    from pitstop.model.versions import Version
    from pitstop.publish.revising import supersede as supersede_release

    repository, keys = opened_with_keys(publisher, passphrase_file)
    entry = supersede_release(repository, keys, Version.parse(version), Version.parse(by), now())
    tell_people(repository)
    typer.echo(f"{entry.name} takes the place of {version} (revision {entry.revision}).")


@app.command()
def guidance(
    file: Annotated[Path, typer.Argument(help="Markdown.")],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Publish an OEM's guidance for the hardware lifecycle host, in place of the one before."""
    from pitstop.publish.documents import put_guidance

    repository, keys = opened_with_keys(publisher, passphrase_file)
    put_guidance(repository, keys, file, now())
    tell_people(repository)
    typer.echo(f"Published {file} as guidance.")


@app.command()
def pages(publisher: Publisher = HERE) -> None:
    """Make the pages for people and the feeds anew. Needs no key; every other command does it by itself."""
    repository = opened(publisher)
    tell_people(repository)
    typer.echo(f"The pages are in {repository.settings.site_folder}.")


@app.command()
def renew(
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
    *,
    role: Annotated[
        str, typer.Option(help="timestamp, snapshot or targets; those that vouch for it are signed too.")
    ] = "timestamp",
) -> None:
    """Sign metadata anew before it expires; nothing else changes. Only the timestamp's key need be here."""
    from pitstop.model.errors import InvalidInput
    from pitstop.publish.published import ONLINE_ROLES

    if role not in ONLINE_ROLES:
        raise InvalidInput(
            f"{role!r} is not renewed so",
            hint=f"There are {', '.join(ONLINE_ROLES)}; a root is prepared anew.",
        )
    repository, keys = opened_with_keys(publisher, passphrase_file)
    published = repository.renew(keys, now(), role)
    typer.echo(f"Signed anew; the {role} now holds until {published.expires[role]:%Y-%m-%d}.")


@app.command()
def media(publisher: Publisher = HERE, passphrase_file: PassphraseFile = None) -> None:
    """Sign what is published now for media: what transfers to disconnected systems carry."""
    from pitstop.publish.media import sign_for_media

    repository, keys = opened_with_keys(publisher, passphrase_file)
    stamp = sign_for_media(repository, keys, now())
    tell_people(repository)
    typer.echo(f"Signed for media; transfers of this state hold until {stamp.expires:%Y-%m-%d}.")


@app.command()
def delegate(
    team: Annotated[str, typer.Argument(help="Short name of the team.")],
    *,
    key: Annotated[
        list[str] | None, typer.Option(help="Public key (PEM file, or name). May be repeated.")
    ] = None,
    packages: Annotated[
        list[str] | None,
        typer.Option(help="Name of its packages, or its beginning and *. May be repeated."),
    ] = None,
    threshold: Annotated[int, typer.Option(min=1, max=20, help="How many of the keys must sign.")] = 1,
    remove: Annotated[bool, typer.Option("--remove", help="End the delegation instead.")] = False,
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Let a team sign the files of its own packages. Releasing them stays with this desk."""
    from pitstop.publish.teams import Team, dissolve
    from pitstop.publish.teams import delegate as delegate_to

    repository, keys = opened_with_keys(publisher, passphrase_file)
    if remove:
        dissolve(repository, keys, team, now())
        typer.echo(f"Team {team} signs no more; what it has published is signed by this publisher.")
        return
    wanted = Team(team, [public_key(repository, told) for told in key or []], packages or [], threshold)
    delegate_to(repository, keys, wanted, now())
    typer.echo(f"Team {team} signs the files of {', '.join(wanted.packages)}.")


@app.command("hand-in")
def hand_in(
    built: Annotated[Path, typer.Argument(help="Folder of a built package.")],
    team: Annotated[str, typer.Option(help="The team that signs; its key is team-TEAM.")],
    publisher: Publisher = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Sign a package's files as a team and lay them on the site; the desk then releases it."""
    from pitstop.publish.releasing import files_of, read_built
    from pitstop.publish.teams import hand_in as hand_in_files

    repository, keys = opened_with_keys(publisher, passphrase_file)
    package = read_built(built)
    hand_in_files(repository, keys, team, files_of(package), now())
    typer.echo(f"Team {team} has signed {package.metadata.name}. The desk releases it.")


@app.command()
def upload(
    url: Annotated[str, typer.Argument(help="s3://bucket/path, or a folder.")],
    publisher: Publisher = HERE,
    *,
    option: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE for the store, such as endpoint=https://... May be repeated."),
    ] = None,
) -> None:
    """Bring the site to an object store or a folder, in an order that is safe for readers."""
    from pitstop.publish.uploading import read_options
    from pitstop.publish.uploading import upload as upload_site

    sent = upload_site(opened(publisher), url, lambda line: typer.echo(line, err=True), read_options(option))
    typer.echo(f"Sent {sent.files} files ({sent.bytes} bytes) to {url}; {sent.there} were there.")


@app.command()
def verify(
    url: Annotated[
        str, typer.Argument(help="https://..., s3://..., or a folder; this publisher's, unless told.")
    ] = "",
    publisher: Publisher = HERE,
    *,
    root: Annotated[Path | None, typer.Option(help="The pinned root; this publisher's, unless told.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for the store. May be repeated.")
    ] = None,
) -> None:
    """Check a site as a client would: every signature, every file."""
    from pitstop.model.errors import NotFound
    from pitstop.publish.settings import read_settings
    from pitstop.publish.uploading import read_options
    from pitstop.publish.verifying import verify_site
    from pitstop.wire.formats import count

    pinned = root or read_settings(publisher).root_file
    if not pinned.is_file():
        raise NotFound(f"there is no root of trust in {pinned}", hint="Name it with --root.")
    where = url or str(read_settings(publisher).site_folder)
    seen = verify_site(where, pinned.read_bytes(), now(), read_options(option))
    for remark in seen.remarks:
        typer.echo(f"note: {remark}", err=True)
    typer.echo(
        f"All is as it was signed: {count(seen.releases, 'release')}, {count(seen.files, 'file')}, "
        f"{seen.bytes} bytes; the timestamp holds until {seen.expires:%Y-%m-%d}."
    )


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
def show(publisher: Publisher = HERE, *, as_json: AsJson = False) -> None:
    """Show what is published, verified, and when its signatures expire."""
    from pitstop.publish.showing import site_document, site_text

    repository = opened(publisher)
    published = repository.read()
    stamp = repository.media_stamp(published.root)
    if as_json:
        typer.echo(json.dumps(site_document(published, stamp), indent=2))
    else:
        typer.echo(site_text(published, stamp, now()))
