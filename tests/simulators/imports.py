"""Imports in memory, for faces: :class:`pitstop.service.desk.ImportsDesk` without files behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import Conflict, InvalidInput, NotFound
from pitstop.wire.transfers import REQUEST_FORMAT, TransferRequest
from pitstop.wire.views import HandedFileView, ImportedPackageView, ImportView, NewImport

_NOW = datetime(2024, 5, 14, 9, 30, tzinfo=UTC)


@dataclass
class SimulatedImports:
    """Every upload that is whole succeeds, and every path.

    Attributes:
        imports: by id; a test may put others in their place.
    """

    imports: dict[str, ImportView] = field(default_factory=dict)
    contents: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def list(self, actor: Actor) -> tuple[ImportView, ...]:
        actor.require(Permission.SEE)
        return tuple(reversed(self.imports.values()))

    def show(self, actor: Actor, import_id: str) -> ImportView:
        actor.require(Permission.SEE)
        if import_id not in self.imports:
            raise NotFound(f"there is no import {import_id}")
        return self.imports[import_id]

    def begin(self, actor: Actor, wanted: NewImport) -> ImportView:
        actor.require(Permission.OPERATE)
        if bool(wanted.path) == bool(wanted.files):
            raise InvalidInput("an import is of files that are uploaded, or of a path, and of one of them")
        if not (wanted.name or wanted.path):
            raise InvalidInput("an import has a name, of printable characters, at most 200")
        files = tuple(HandedFileView(name=file.name, size=file.size, received=0) for file in wanted.files)
        item = self._added(actor, wanted.name or wanted.path.rpartition("/")[2], wanted.path, files)
        return self._succeeded(item) if wanted.path else item

    def begin_form(self, actor: Actor, name: str, most: int) -> ImportView:
        actor.require(Permission.OPERATE)
        del most
        return self._added(actor, name)

    def _added(
        self, actor: Actor, name: str, path: str = "", files: tuple[HandedFileView, ...] = ()
    ) -> ImportView:
        item = ImportView(
            id=str(uuid4()),
            name=name,
            by=actor.name,
            handed="by-path" if path else "uploaded",
            path=path,
            state="receiving",
            created=_NOW,
            ended=None,
            files=files,
            sources=(),
            packages=(),
            findings=(),
            kept=not path,
        )
        self.imports[item.id] = item
        return item

    def receive_named(self, actor: Actor, import_id: str, name: str, chunk: bytes) -> None:
        actor.require(Permission.OPERATE)
        item = self.show(actor, import_id)
        files = {file.name: file.received for file in item.files}
        files[name] = files.get(name, 0) + len(chunk)
        self._keep(import_id, name, chunk)
        views = tuple(HandedFileView(name=name, size=size, received=size) for name, size in files.items())
        self.imports[import_id] = msgspec.structs.replace(item, files=views)

    def _keep(self, import_id: str, name: str, chunk: bytes) -> None:
        self.contents[import_id, name] = self.contents.get((import_id, name), b"") + chunk

    def receive(self, actor: Actor, import_id: str, file: int, offset: int, chunk: bytes) -> int:
        actor.require(Permission.OPERATE)
        item = self.show(actor, import_id)
        if not 0 <= file < len(item.files):
            raise NotFound(f"import {item.id} has no file {file}")
        files = list(item.files)
        here = files[file].received
        if offset != here:
            raise Conflict(f"{files[file].name} is here up to byte {here}", hint=f"Go on from byte {here}.")
        files[file] = msgspec.structs.replace(files[file], received=here + len(chunk))
        self._keep(import_id, files[file].name, chunk)
        self.imports[import_id] = msgspec.structs.replace(item, files=tuple(files))
        return here + len(chunk)

    def finish(self, actor: Actor, import_id: str) -> ImportView:
        actor.require(Permission.OPERATE)
        item = self.show(actor, import_id)
        if not item.files:
            raise InvalidInput("no files were chosen", hint="Choose the files that were carried here.")
        lacking = [file for file in item.files if file.received != file.size]
        if lacking:
            raise Conflict(
                f"{lacking[0].name} is not whole yet", hint=f"Go on from byte {lacking[0].received}."
            )
        return self._succeeded(item)

    def discard(self, actor: Actor, import_id: str) -> None:
        actor.require(Permission.OPERATE)
        self.show(actor, import_id)
        del self.imports[import_id]

    def _succeeded(self, item: ImportView) -> ImportView:
        package = ImportedPackageView(name="Northstar1.2402.0.8", missing=())
        ended = msgspec.structs.replace(item, state="succeeded", ended=_NOW, packages=(package,), kept=False)
        self.imports[item.id] = ended
        return ended


@dataclass(frozen=True)
class SimulatedTransfers:
    """A fresh system's request."""

    def request(self, actor: Actor) -> TransferRequest:
        actor.require(Permission.SEE)
        return TransferRequest(
            format=REQUEST_FORMAT,
            created=_NOW,
            system="aurora",
            location="north",
            hardware_family="Lumen",
            hardware_model="L4",
            nodes=4,
            facts={},
            content=(),
            accepted_risks=(),
            overrides=(),
            installed=(),
            states={},
            sources=(),
            packages=(),
        )
