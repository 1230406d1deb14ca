"""``pitstop login``, ``logout``, ``whoami``: the session that other commands use."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from pitstop.cli import profile
from pitstop.cli.asking import password_from, text_from
from pitstop.cli.connection import connect
from pitstop.cli.nouns import verb_app
from pitstop.cli.output import note, say, say_json
from pitstop.cli.system import AsJson
from pitstop.client.address import checked_url
from pitstop.client.client import PitstopClient
from pitstop.model.errors import NotSignedIn, Unreachable
from pitstop.wire.formats import instant


def login(
    name: Annotated[str | None, typer.Argument(help="The account; asked for when left out.")] = None,
    url: Annotated[str | None, typer.Option(help="The service's address.", envvar="PITSTOP_URL")] = None,
    ca: Annotated[
        Path | None, typer.Option(help="Trust these certificates (PEM) alone.", envvar="PITSTOP_CA")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="File whose first line is the password.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Take it from standard input.")
    ] = False,
) -> None:
    """Sign in. The session is kept in your profile, readable by you alone."""
    file = profile.profile_file(os.environ)
    stored = profile.read(file)
    address = checked_url(url or stored.url)
    trusted = ca.absolute() if ca else (stored.ca if address == stored.url else None)
    account = text_from("Account", name, "Name the account: pitstop login NAME.")
    password = password_from("Password", file=password_file, stdin=password_stdin)
    with PitstopClient(address, ca=trusted) as client:
        session = client.sign_in(account, password)
    profile.write(file, profile.Profile(address, session.name, session.token, trusted))
    note(f"Signed in to {address} as {session.name} ({session.role}) until {instant(session.until)}.")


def logout() -> None:
    """End the session here and at the service."""
    file = profile.profile_file(os.environ)
    stored = profile.read(file)
    if stored.token is None:
        note("Nobody is signed in.")
        return
    with suppress(NotSignedIn), PitstopClient(stored.url, token=stored.token, ca=stored.ca) as client:
        try:
            client.sign_out()
        except Unreachable:
            note("The service does not answer: the session ends there when its time is over.")
    profile.write(file, profile.Profile(stored.url, ca=stored.ca))
    note("Signed out.")


def whoami(as_json: AsJson = False) -> None:
    """Say who is signed in, and where."""
    with connect() as client:
        who = client.who_am_i()
        if as_json:
            say_json(who)
            return
        say(f"{who.name} ({who.role}) at {client.url}")


login_app, logout_app, whoami_app = verb_app(login), verb_app(logout), verb_app(whoami)
