"""Nouns are loaded only when they are called for, so that ``pitstop --help`` is there at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter


@dataclass(frozen=True, slots=True)
class Noun:
    """A row of the table: what it is called, where its typer application is, and what it is for."""

    name: str
    module: str
    says: str
    application: str = "app"

    def load(self) -> Command:
        application: typer.Typer = getattr(import_module(self.module), self.application)
        application.rich_markup_mode = None
        command = get_command(application)
        command.name = self.name
        return command


def noun_app(says: str) -> typer.Typer:
    """The typer application of a noun: a group even if it has one verb only."""
    app = typer.Typer(help=says, no_args_is_help=True, rich_markup_mode=None, add_completion=False)
    app.callback()(_nothing)
    return app


def verb_app(verb: Callable[..., None]) -> typer.Typer:
    """The typer application of a verb that has no noun, such as ``pitstop login``."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command()(verb)
    return app


def _nothing() -> None:
    """A group's own part of a call."""


def nouns_group(nouns: tuple[Noun, ...], says: str) -> TyperGroup:
    """The command that all nouns hang from."""
    return _Nouns(nouns, name="pitstop", help=says, no_args_is_help=True, rich_markup_mode=None)


class _Nouns(TyperGroup):
    def __init__(self, nouns: tuple[Noun, ...], **settings: Any) -> None:
        super().__init__(**settings)
        self._nouns = {noun.name: noun for noun in nouns}

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002  the framework's signature
        return list(self._nouns)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002  as above
        noun = self._nouns.get(cmd_name)
        return noun.load() if noun else None

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002  as above
        with formatter.section("Commands"):
            formatter.write_dl([(noun.name, noun.says) for noun in self._nouns.values()])
