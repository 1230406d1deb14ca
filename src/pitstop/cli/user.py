"""``pitstop user``: who may sign in, and one's own password."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pitstop.cli.asking import first_line, password_from
from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import note, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.model.accounts import Role
from pitstop.wire.formats import instant
from pitstop.wire.views import AccountView

app = noun_app("Accounts: list, add, password.")

PasswordFile = Annotated[Path | None, typer.Option(help="File whose first line is the password.")]


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the accounts."""
    with connect() as client:
        accounts = client.accounts()
    if as_json:
        say_json(accounts)
        return
    for line in account_lines(accounts):
        say(line)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits, dots and dashes.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    password_file: PasswordFile = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Take it from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add an account."""
    password = password_from("Password", file=password_file, stdin=password_stdin, twice=True)
    with connect() as client:
        account = client.add_account(name, role, password)
    if as_json:
        say_json(account)
        return
    note(f"Account {account.name} was added as {account.role}.")


@app.command()
def password(
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Take the old, then the new one from standard input.")
    ] = False,
) -> None:
    """Change your own password. All your sessions end."""
    if password_stdin:
        old, new = (first_line(sys.stdin.readline(), "standard input") for _ in range(2))
    else:
        old = password_from("Old password")
        new = password_from("New password", twice=True)
    with connect() as client:
        client.change_password(old, new)
    note("The password was changed. Sign in again: pitstop login")


def account_lines(accounts: tuple[AccountView, ...]) -> list[str]:
    rows = ((account.name, account.role, instant(account.created)) for account in accounts)
    return table(("NAME", "ROLE", "CREATED"), rows)
