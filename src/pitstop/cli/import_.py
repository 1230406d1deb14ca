"""``pitstop import``: hand over a transfer, volumes of one, or a package's loose files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import verb_app
from pitstop.cli.output import field, finding_lines, note, paint, say, say_json
from pitstop.cli.system import AsJson
from pitstop.client.address import is_loopback
from pitstop.model.errors import Conflict, InvalidInput, InvalidPackage, NotFound, Unreachable
from pitstop.wire.formats import STANDING_WORDS, count, day, spoken
from pitstop.wire.views import HandedFileView, ImportView, NewFile, NewImport

if TYPE_CHECKING:
    from pitstop.client.client import PitstopClient

_CHUNK = 1 << 20
_LOOK_EVERY = 0.5
_TRIES = 5

Paths = Annotated[
    list[Path],
    typer.Argument(help="A transfer's folder, volumes of one, or a package's XML file with its other files."),
]


def import_(
    paths: Paths,
    *,
    upload: Annotated[
        bool | None,
        typer.Option(
            "--upload/--in-place",
            help="Send the files, or let the service read them where they are. Unless told: in place, where "
            "the service is on this machine.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on with an upload that was broken off.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hand over what was carried here, and say what came of it. Ends with 2 when a part was refused.

    The same checks as online: nothing is trusted for where it came from.
    """
    with connect() as client:
        here = is_loopback(urlsplit(client.url).hostname or "")
        if resume is None and not (upload if upload is not None else not here):
            items = [client.begin_import(NewImport(path=str(path.absolute()))) for path in _in_place(paths)]
        else:
            items = [_uploaded(client, paths, resume)]
        ended = [_waited(client, item) for item in items]
    for item in ended:
        if as_json:
            say_json(item)
        for line in [] if as_json else import_lines(item):
            say(line)
    refused = [item.name for item in ended if item.state == "failed"]
    if refused:
        raise InvalidPackage(
            f"refused, in part or as a whole: {', '.join(refused)}",
            hint="What was refused, why, and what to do, is shown with each.",
        )


app = verb_app(import_)


def _in_place(paths: list[Path]) -> list[Path]:
    """What the service is to look at: of a loose set the XML file, beside which it finds the others."""
    sets = {path.parent for path in paths if path.suffix == ".xml"}
    return [path for path in paths if path.suffix == ".xml" or path.parent not in sets]


def _uploaded(client: PitstopClient, paths: list[Path], resume: str | None) -> ImportView:
    """Send what is not there yet, through breaks of the connection; then have it imported."""
    files = dict(_files(paths))
    if resume is None:
        wanted = tuple(NewFile(name=name, size=path.stat().st_size) for name, path in files.items())
        item = client.begin_import(NewImport(name=paths[0].name, files=wanted))
        note(f"Import {item.id}: {count(len(wanted), 'file')} to send.")
    else:
        item = client.import_(resume)
    missing = [file.name for file in item.files if file.name not in files]
    if missing:
        raise NotFound(f"{missing[0]} of import {item.id} is not among the paths that were named")
    from pitstop.cli.download import shown_progress

    progress, whole = shown_progress(), sum(file.size for file in item.files)
    sending, before = _Sending(client, item.id), 0
    for number, file in enumerate(item.files):
        sending.send(number, file, files[file.name], partial(_shifted, progress, before, whole))
        before += file.size
    return client.finish_import(item.id)


def _files(paths: list[Path]) -> Iterator[tuple[str, Path]]:
    """What is handed over, each file with its path in it. A folder alone is handed over as what it holds."""
    alone = len(paths) == 1
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.is_file():
                    yield file.relative_to(path if alone else path.parent).as_posix(), file
        elif path.is_file():
            yield path.name, path
        else:
            raise NotFound(f"there is nothing at {path}")


def _shifted(progress: Callable[[int, int], None], before: int, whole: int, at: int) -> None:
    progress(before + at, whole)


@dataclass(frozen=True, slots=True)
class _Sending:
    """The files of one import on their way."""

    client: PitstopClient
    import_id: str

    def send(self, number: int, file: HandedFileView, path: Path, progress: Callable[[int], None]) -> None:
        """Send what is not there of this file yet.

        Raises:
            InvalidInput: the file has changed since; Unreachable, Conflict: it did not go on.
        """
        size = path.stat().st_size
        if size != file.size:
            raise InvalidInput(f"{path} has {size} bytes, and {file.size} were announced")
        at, failures = file.received, 0
        while at < file.size:
            try:
                chunks = _chunks(path, at, progress)
                at = self.client.upload(self.import_id, number, at, chunks).files[number].received
                failures = 0
            except (Unreachable, Conflict):
                failures += 1
                if failures >= _TRIES:
                    note(f"Go on later with: pitstop import --resume {self.import_id} PATH...")
                    raise
                time.sleep(failures)
                at = self.client.import_(self.import_id).files[number].received


def _chunks(path: Path, start: int, progress: Callable[[int], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(_CHUNK):
            yield chunk
            start += len(chunk)
            progress(start)


def _waited(client: PitstopClient, item: ImportView) -> ImportView:
    """The import when it has ended; meanwhile how far it is."""
    from pitstop.cli.download import shown_progress

    progress = shown_progress()
    while item.state in ("waiting", "importing"):
        time.sleep(_LOOK_EVERY)
        item = client.import_(item.id)
        if item.progress is not None:
            progress(item.progress.done, item.progress.whole)
    return item


def import_lines(item: ImportView) -> list[str]:
    """What came of an import, for people."""
    state = spoken(item.state)
    lines = [f"{paint(state.words, state.tone)}: {item.name}"]
    for source in item.sources:
        made = f", made on {day(source.made)}" if source.made else ""
        lines += field(source.source, STANDING_WORDS.get(source.standing, source.standing) + made)
    for package in item.packages:
        missing = f"{count(len(package.missing), 'volume')} still missing" if package.missing else "all here"
        lines += field(package.name, missing)
    for finding in item.findings:
        lines += ["", *finding_lines(finding)]
    return lines
