"""``pitstop version``."""

from __future__ import annotations

import typer

from pitstop import __version__
from pitstop.cli.nouns import verb_app


def version() -> None:
    """Print the version of this Pitstop."""
    typer.echo(__version__)


app = verb_app(version)
