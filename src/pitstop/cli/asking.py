"""Asking the person at the terminal; where there is no terminal nothing is asked, and nothing waits."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from pitstop.model.errors import InvalidInput

_LIMIT = 4096


def at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person says so; ``yes`` has said so on the command line.

    Raises:
        InvalidInput: there is nobody to ask.
        typer.Exit: the person said no.
    """
    if yes:
        return
    if not at_terminal():
        raise InvalidInput("this changes the system, and there is no terminal to ask on", hint="Add --yes.")
    if not typer.confirm(question, err=True):
        typer.echo("Nothing was changed.", err=True)
        raise typer.Exit(1)


def text_from(question: str, given: str | None, how: str) -> str:
    """What was given on the command line, else what the person types.

    Raises:
        InvalidInput: neither; ``how`` says how to give it without a terminal.
    """
    if given:
        return given
    if not at_terminal():
        raise InvalidInput(f"{question.lower()} is missing, and there is no terminal to ask on", hint=how)
    return str(typer.prompt(question, err=True))


def password_from(
    question: str, *, file: Path | None = None, stdin: bool = False, twice: bool = False
) -> str:
    """A password: the file's or standard input's first line, else typed without being shown.

    Never an argument: those are seen by every user of the machine.

    Raises:
        InvalidInput: there is none, or the file cannot be read.
    """
    if file is not None:
        return _line_of(file)
    if stdin:
        return first_line(sys.stdin.readline(_LIMIT), "standard input")
    if not at_terminal():
        raise InvalidInput(
            f"{question.lower()} is missing, and there is no terminal to ask on",
            hint="Give it with --password-file or --password-stdin.",
        )
    return str(typer.prompt(question, hide_input=True, confirmation_prompt=twice, err=True))


def first_line(text: str, where: str) -> str:
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise InvalidInput(f"{where} holds no password", hint="Its first line is taken.")
    return line


def _line_of(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            return first_line(opened.readline(_LIMIT), str(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidInput(f"{file} cannot be read: {reason}", hint="Check its path and mode.") from error
