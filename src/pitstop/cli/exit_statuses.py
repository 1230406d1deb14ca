"""``docs/exit-statuses.md``: made by ``python -m pitstop.cli.exit_statuses``."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from pitstop.cli.main import BROKEN_PIPE, INTERRUPTED
from pitstop.daemon.launcher import RESTART
from pitstop.model.errors import PitstopError

MEANINGS = {
    0: "Done. Of a watched run: it succeeded.",
    1: "Something unexpected, or the operator said no when asked.",
    2: "The call or what was handed in is not of the form it must have. Nothing was changed.",
    3: "What was named is not there.",
    4: "Refused by a rule, or somebody else changed the thing meanwhile.",
    5: "Not signed in, or the role does not include it.",
    6: "A signature, digest, expiry or origin is wrong.",
    7: "A source, a node or the service does not answer.",
    8: "A run that was watched, or a step of it, failed.",
    9: "Not enough room.",
    10: "The state folder cannot be used.",
    RESTART: "Of `pitstop service start`: it is to be started anew, by the launcher.",
    INTERRUPTED: "Interrupted with Ctrl-C.",
    BROKEN_PIPE: "Whoever read the output has gone, as with `| head`.",
}


def document() -> str:
    """The page, Markdown."""
    codes: dict[int, set[str]] = {}
    for kind in _kinds(PitstopError):
        codes.setdefault(kind.exit_status, set()).add(kind.code)
    rows = [
        f"| {status} | {meaning} | {', '.join(f'`{code}`' for code in sorted(codes.get(status, ())))} |"
        for status, meaning in MEANINGS.items()
    ]
    return "\n".join(
        [
            "# Exit statuses",
            "",
            "How a `pitstop` call ends. Statuses and codes are never reused. Made by",
            "`python -m pitstop.cli.exit_statuses`; a test fails when this page is stale.",
            "",
            "| status | meaning | codes |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _kinds(kind: type[PitstopError]) -> Iterator[type[PitstopError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)


if __name__ == "__main__":
    typer.echo(document(), nl=False)
