"""A form with files, read as it comes: never whole in memory, never in a temporary place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from multipart import (  # type: ignore[import-untyped]  # it ships no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from pitstop.model.errors import InvalidInput
from pitstop.portal.visits import PortalRequest
from pitstop.service.receiving import gathered

FOLDER: Final = "folder"
"""The field whose files come out of a chosen folder: their names begin with the folder's."""

MAX_PARTS: Final = 2_000
"""More files than that are for the script."""


@dataclass(frozen=True, slots=True)
class FormFile:
    """The next file begins.

    Attributes:
        name: its path in what is handed over.
        top: what was chosen: the folder's name, or the file's.
        most: bytes that all files of the form have together, at most.
    """

    name: str
    top: str
    most: int


async def form_files(request: PortalRequest, body: AsyncIterator[bytes]) -> AsyncIterator[FormFile | bytes]:
    """Each file of the form, and after it its bytes in stretches. Other fields, and places where no file was
    chosen, are left out.

    Raises:
        InvalidInput: this is no such form, no file was chosen, or it ended before its end.
    """
    length = request.content_length
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or not options.get("boundary") or length is None:
        raise InvalidInput("this is no form with files", hint="Open the page Imports and choose them there.")
    wanted = found = False
    try:
        with PushMultipartParser(options["boundary"], length, max_segment_count=MAX_PARTS) as parser:
            async for chunk in gathered(body):
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        wanted = bool(event.filename)
                        found = found or wanted
                        if wanted:
                            yield _file(event, length)
                    elif event is not None and wanted:
                        yield bytes(event)
    except MultipartError as error:
        raise InvalidInput(f"the form is broken: {error}", hint="Send it again.") from error
    if not found:
        raise InvalidInput("no files were chosen", hint="Choose the files that were carried here.")


def _file(segment: MultipartSegment, length: int) -> FormFile:
    called = segment.filename or ""
    top, slash, below = called.partition("/")
    return FormFile(below if slash and segment.name == FOLDER else called, top, length)
