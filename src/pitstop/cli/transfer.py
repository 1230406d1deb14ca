"""``pitstop transfer``: what a system lacks, and what a transfer holds."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.assumed import read_bytes
from pitstop.cli.download import shown_progress, transfer_lines
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import note, say, say_json
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidPackage, TrustError
from pitstop.wire.formats import count

if TYPE_CHECKING:
    from pitstop.wire.transfers import TransferIndex

app = noun_app("Transfers: request, show, verify.")

Transfer = Annotated[Path, typer.Argument(help="A transfer's folder, or a volume of it.")]
Transfers = Annotated[
    list[Path], typer.Argument(help="A transfer's folder, volumes of it, or the folder they lie in.")
]


@app.command()
def request(
    to: Annotated[
        Path | None, typer.Option("--to", help="Write it to this file; else it is printed.")
    ] = None,
) -> None:
    """Write what this system has and lacks: for `pitstop download --for`, on a machine that has a link."""
    from pitstop.cli.connection import connect
    from pitstop.transport.transfer_files import written

    with connect() as client:
        asked = client.transfer_request()
    if to is None:
        say_json(asked)
        return
    to.write_bytes(written(asked))
    note(f"Take {to} to a machine with a link, and there: pitstop download SITE ... --for {to.name}")


@app.command()
def show(path: Transfer, as_json: AsJson = False) -> None:
    """Show what a transfer, or a volume of one, says that it holds. Nothing is read but its index."""
    from pitstop.transport.transfers import show as show_transfer

    index = show_transfer(path)
    if as_json:
        say_json(index)
        return
    for line in transfer_lines(index):
        say(line)


@app.command()
def verify(
    paths: Transfers,
    root: Annotated[
        list[Path] | None,
        typer.Option(help="A publisher's root of trust: judge the signatures too. Again for more."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a transfer, or volumes of it, and say what is missing or damaged. Ends with 2 if anything is.

    With roots of trust, also whether it is what those publishers have signed; without, a system judges that
    when it is imported.
    """
    from pitstop.transport.transfers import damages
    from pitstop.transport.transfers import show as show_transfer

    found: list[str] = []
    for path in chain.from_iterable(map(_volumes_in, paths)):
        index = show_transfer(path)
        wrong = list(damages(path, shown_progress()))
        found += [f"{path}: {problem}" for problem in wrong]
        for line in [] if as_json else [f"{path}: {'; '.join(wrong) or 'whole'}"]:
            say(line)
        if root:
            _judge(path, index, root)
        if as_json:
            say_json(index)
    if found:
        raise InvalidPackage(
            f"{count(len(found), 'file')} missing or damaged: {found[0]}",
            hint="Copy the transfer again from where it was made, or download it again.",
        )


def _volumes_in(path: Path) -> list[Path]:
    """The volumes of a transfer that lie in this folder; else the path itself."""
    from pitstop.wire.transfers import INDEX_NAME, VOLUME_NAME

    if not path.is_dir() or (path / INDEX_NAME).exists():
        return [path]
    return sorted(inner for inner in path.iterdir() if VOLUME_NAME.search(inner.name)) or [path]


def _judge(path: Path, index: TransferIndex, roots: list[Path]) -> None:
    """Raises TrustError when a source of the transfer is not what any of these roots vouches for."""
    from pitstop.transport.judging import judged

    for source in index.sources:
        refusals = []
        for root in roots:
            try:
                said = judged(path, index, source.folder, read_bytes(root))
            except TrustError as error:
                refusals.append(error.message)
            else:
                note(f"{path}: {source.publisher}: {said}")
                break
        else:
            raise TrustError(f"{path}: {source.folder} is not vouched for: {'; '.join(refusals)}")
