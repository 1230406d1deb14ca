"""A publisher's feed behind TUF: what it hands up was signed by a threshold of the pinned publisher's keys.

Invariants: ``poll`` accepts a catalogue only when it is this source's to say, holds together as a release
graph, and does not go back. A feed sees the site as of its last poll or, if it was not polled, as of its
first question. May be used from several threads.
"""

from __future__ import annotations

import hashlib
import re
import threading
from pathlib import Path

from pitstop.model.errors import InvalidCatalogue, InvalidInput, TrustError, Unreachable
from pitstop.model.releases import Catalogue
from pitstop.package.catalogue_format import MAX_CATALOGUE_BYTES, read_catalogue
from pitstop.package.content_paths import package_name_problem
from pitstop.package.fileset import metadata_names
from pitstop.package.metadata_xml import read_metadata
from pitstop.package.site_layout import catalogue_number, newest_catalogue, notes_target, package_target
from pitstop.policy.graph import checked
from pitstop.ports.feeds import Source
from pitstop.ports.payloads import Progress
from pitstop.transport import durable, seen
from pitstop.transport.authority import require_authority, require_authority_over_package
from pitstop.transport.fetcher import SiteFetcher
from pitstop.transport.session import Session, alone
from pitstop.transport.trust import translated
from pitstop.transport.volume import FreeSpace, fetch

MAX_DOCUMENT_BYTES = 64 << 20

_SEEN = "seen.json"
_CATALOGUE = "catalogue.json"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", re.ASCII)


class TufFeed:
    """One source, opened: :class:`pitstop.ports.feeds.Feed`."""

    def __init__(self, source: Source, folder: Path, fetcher: SiteFetcher, free: FreeSpace) -> None:
        self._source = source
        self._folder = folder
        self._fetcher = fetcher
        self._free = free
        self._turn = threading.Lock()
        self._session: Session | None = None

    def poll(self) -> Catalogue:
        """The newest catalogue. With nothing new this costs one small request.

        Raises:
            Unreachable, TrustError (and those below it), InvalidCatalogue, NoSpace, StateUnusable.
        """
        with self._turn, translated(self._source.name, self._fetcher), alone(self._folder):
            self._session = self._begun()
            return self._newest(self._session)

    def document(self, package: str, name: str) -> bytes:
        """A small file of a package, verified. ``Metadata.xml`` must moreover be this source's to publish.

        Raises:
            InvalidInput: no name of a package or of a file.
            InvalidPackage: ``Metadata.xml`` is not of its format.
            Unreachable, TrustError (and those below it), NoSpace, StateUnusable.
        """
        path = _target(package, name)
        with translated(self._source.name, self._fetcher):
            content = self._opened().read(path, MAX_DOCUMENT_BYTES)
        if name in metadata_names(package):
            require_authority_over_package(self._source, package, read_metadata(content))
        return content

    def notes(self, package: str) -> bytes:
        """The release notes, verified; empty where none are signed.

        Raises:
            InvalidInput: no name of a package.
            Unreachable, TrustError (and those below it), StateUnusable.
        """
        problem = package_name_problem(package)
        if problem is not None:
            raise InvalidInput(problem)
        path = notes_target(package)
        with translated(self._source.name, self._fetcher):
            session = self._opened()
            return session.read(path, MAX_DOCUMENT_BYTES) if path in session.paths else b""

    def fetch_volume(self, package: str, name: str, to: Path, progress: Progress) -> None:
        """Bring one payload volume to ``to``, whose folder exists. Goes on from what an earlier call
        brought. What ``progress`` raises ends it at once, and what has arrived is kept.

        Raises:
            InvalidInput: no name of a package or of a file.
            Unreachable, TrustError (and those below it), NoSpace, StateUnusable.
        """
        path = _target(package, name)
        with translated(self._source.name, self._fetcher):
            wanted = self._opened().wanted(path)
            self._fetcher.asked = wanted.url
            fetch(self._fetcher, wanted, to, progress, self._free)

    def _opened(self) -> Session:
        with self._turn:
            if self._session is None:
                with alone(self._folder):
                    self._session = self._begun()
            return self._session

    def _begun(self) -> Session:
        """A look at the site, from the first of its places whose metadata is accepted.

        Raises:
            As ``Session``; what the last place was refused for, with a note of what the others were.
        """
        notes: list[str] = []
        while True:
            try:
                with translated(self._source.name, self._fetcher):
                    return Session(self._folder, self._source.url.rstrip("/"), self._fetcher)
            except (TrustError, Unreachable) as error:
                if len(notes) + 1 >= self._fetcher.choices:
                    for note in notes:
                        error.add_note(note)
                    raise
                notes.append(f"at another place: {error}")
                self._fetcher.turn()

    def _newest(self, session: Session) -> Catalogue:
        path = newest_catalogue(session.paths)
        number = catalogue_number(path) if path is not None else None
        if path is None or number is None:
            raise InvalidCatalogue(f"source {self._source.name} has no catalogue: none is signed there")
        content = self._catalogue(session, path)
        catalogue = read_catalogue(content)
        require_authority(self._source, catalogue)
        checked([catalogue])
        now = seen.Seen(number, catalogue.issued, hashlib.sha256(content).hexdigest())
        before = seen.load(self._folder / _SEEN)
        seen.require_not_back(self._source.name, before, now)
        if before != now:
            seen.store(self._folder / _SEEN, now)
        return catalogue

    def _catalogue(self, session: Session, path: str) -> bytes:
        """The catalogue's bytes, from the copy here if that is the one which is signed now."""
        copy = self._folder / _CATALOGUE
        if copy.exists():
            content = copy.read_bytes()
            if hashlib.sha256(content).hexdigest() == session.wanted(path).sha256:
                return content
        content = session.read(path, MAX_CATALOGUE_BYTES)
        durable.write(copy, content)
        return content


def _target(package: str, name: str) -> str:
    """The target path of a package's file. Raises InvalidInput: the names could lead elsewhere."""
    problem = package_name_problem(package)
    if problem is not None:
        raise InvalidInput(problem)
    if not _FILE_NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is no name of a package's file")
    return package_target(package, name)
