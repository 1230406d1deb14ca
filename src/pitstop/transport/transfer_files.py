"""Reading and writing the two files of a transfer, strictly."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from pitstop.model.errors import InvalidInput
from pitstop.model.releases import PublisherKind
from pitstop.package.content_paths import clash_problems, path_problem, short_name_problem
from pitstop.package.strict_json import read_json
from pitstop.package.typed import converted
from pitstop.wire.base import View
from pitstop.wire.transfers import (
    INDEX_NAME,
    REQUEST_FORMAT,
    REQUEST_NAME,
    TRANSFER_FORMAT,
    TransferIndex,
    TransferRequest,
)

MAX_REQUEST_BYTES = 64 << 20
MAX_INDEX_BYTES = 256 << 20

T = TypeVar("T", bound=View)


def written(value: TransferIndex | TransferRequest) -> bytes:
    """The file, for people to read too."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def read_request(raw: bytes) -> TransferRequest:
    """Raises InvalidInput: it is not of the form."""
    request = _read(raw, REQUEST_NAME, MAX_REQUEST_BYTES, TransferRequest)
    _require_format(REQUEST_NAME, request.format, REQUEST_FORMAT)
    return request


def read_index(raw: bytes) -> TransferIndex:
    """Raises InvalidInput: it is not of the form, or names what no transfer has."""
    index = _read(raw, INDEX_NAME, MAX_INDEX_BYTES, TransferIndex)
    _require_format(INDEX_NAME, index.format, TRANSFER_FORMAT)
    names = [entry.name for entry in index.entries]
    folders = [source.folder for source in index.sources]
    problems = [*filter(None, map(path_problem, names)), *clash_problems(names)]
    problems += [*filter(None, map(short_name_problem, folders))]
    kinds = {source.kind for source in index.sources} - set(PublisherKind)
    problems += [f"a source is of kind {kind!r}, which is none" for kind in kinds]
    if index.volume > index.volumes:
        problems.append(f"it is volume {index.volume} of {index.volumes}")
    if len(set(folders)) != len(folders):
        problems.append("two sources lie in one folder")
    if problems:
        raise InvalidInput(f"{INDEX_NAME}: {problems[0]}")
    return index


def _read(raw: bytes, name: str, limit: int, kind: type[T]) -> T:
    value = read_json(raw, name, limit, InvalidInput)
    try:
        return converted(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{name}: {error}") from error


def _require_format(name: str, said: int, known: int) -> None:
    if said != known:
        raise InvalidInput(
            f"{name} has format {said}, known is {known}", hint="It needs a newer Pitstop than this one."
        )
