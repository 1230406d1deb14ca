"""``pitstop service``: the update service itself, on the machine that it runs on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Run the update service on this machine.", no_args_is_help=True)

SettingsFile = Annotated[
    Path,
    typer.Option("--settings", envvar="PITSTOP_SETTINGS", help="The service's settings (pitstop.toml)."),
]
DEFAULT_SETTINGS = Path("/etc/pitstop/pitstop.toml")


@app.command()
def init(
    settings: SettingsFile = DEFAULT_SETTINGS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make the state folder, pin the sources' roots of trust, and make the first account.

    The password is printed this once, and kept nowhere. Where it was lost: as long as nobody has ever signed
    in, the same again gives a new one.
    """
    from pitstop.daemon.start import initialise

    first = initialise(settings)
    if as_json:
        typer.echo(json.dumps({"account": first.account, "password": first.password}, indent=2))
    elif first.password is None:
        typer.echo("This state folder has its accounts already; nothing was changed.")
    else:
        typer.echo(f"First account: {first.account}\nPassword:      {first.password}")
        typer.echo("Change it after the first sign-in: pitstop user password", err=True)


@app.command(name="reset-password")
def reset_password(
    name: Annotated[str, typer.Argument(help="The account.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give an account a new password, for who can sign in no longer. The account's sessions end.

    The password is printed this once, and kept nowhere. The service must not be running.
    """
    from pitstop.daemon.start import reset_password as reset

    password = reset(settings, name)
    if as_json:
        typer.echo(json.dumps({"account": name, "password": password}, indent=2))
    else:
        typer.echo(f"Account:  {name}\nPassword: {password}")
        typer.echo("Change it after the next sign-in: pitstop user password", err=True)


@app.command(name="raise-epoch")
def raise_epoch(
    above: Annotated[int, typer.Argument(min=1, help="The highest epoch that a node says it has seen.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """After the state was restored from a backup: let this service act again on nodes that have seen more.

    Only where no other service acts on these nodes. The service must not be running.
    """
    from pitstop.daemon.start import raise_epoch as raise_it

    typer.echo(f"The next run is driven under an epoch above {raise_it(settings, above)}.")


@app.command()
def install(
    to: Annotated[Path, typer.Argument(help="The launcher's folder; made where it is missing.")],
    wheels: Annotated[
        Path,
        typer.Option(
            "--wheels",
            exists=True,
            file_okay=False,
            help="A folder with Pitstop's wheel, those that it needs, and requirements.txt with digests.",
        ),
    ],
) -> None:
    """Lay out the launcher and a first version beside it, so that updates can replace the service itself.

    Nothing is fetched: all is made of these wheels. Again, with those of the current version, makes the
    launcher new and leaves the version as it is.
    """
    from pitstop.daemon.installation import LAUNCHER_NAME, lay_out

    version = lay_out(to.absolute(), wheels)
    typer.echo(f"Pitstop {version} is the current version in {to}.")
    typer.echo(f"Start it with: {to.absolute() / LAUNCHER_NAME} --settings {DEFAULT_SETTINGS}", err=True)


@app.command()
def start(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Run the service in the foreground until SIGTERM. Runs in progress are taken up by themselves.

    With `database` in the settings, several services and workers share one state: each serves API and portal,
    and drives whatever run is left to it.
    """
    from pitstop.daemon.start import start as start_service

    start_service(settings)


@app.command()
def worker(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Only work, without API and portal, in the foreground until SIGTERM.

    It shares the PostgreSQL that `database` names with a service, and takes over what another worker leaves:
    at once where that one is stopped, within 15 seconds where it dies.
    """
    from pitstop.daemon.start import work

    work(settings)
