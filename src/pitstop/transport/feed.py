"""A publisher's feed behind TUF: what it hands up was signed by a threshold of the pinned publisher's keys.

Invariants: ``poll`` accepts a catalogue only when it is this source's to say, holds together as a release
graph, and does not go back. A feed sees the site as of its last poll or, if it was not polled, as of its
first question. May be used from several threads.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pitstop.model.errors import InvalidInput, TrustError
from pitstop.model.releases import Catalogue
from pitstop.package.content_paths import package_name_problem
from pitstop.package.delta_route import Delta
from pitstop.package.fileset import metadata_names
from pitstop.package.known_issues_format import MAX_KNOWN_ISSUES_BYTES
from pitstop.package.metadata_xml import read_metadata
from pitstop.package.site_layout import Numbered, newest, notes_target, package_target, signed_deltas
from pitstop.ports.feeds import Source
from pitstop.ports.payloads import Progress
from pitstop.transport.authority import require_authority_over_package
from pitstop.transport.fetcher import SiteFetcher
from pitstop.transport.newest import accepted
from pitstop.transport.session import Session, alone, begun
from pitstop.transport.trust import translated
from pitstop.transport.use import require_for_wire
from pitstop.transport.volume import FreeSpace, Wanted, fetch

MAX_DOCUMENT_BYTES = 64 << 20

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", re.ASCII)


class TufFeed:
    """One source, opened: :class:`pitstop.ports.feeds.Feed`.

    Args:
        session: a look that was taken already, as at a medium.
        check: whether a timestamp is for the way that this feed comes.
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        fetcher: SiteFetcher,
        free: FreeSpace,
        *,
        session: Session | None = None,
        check: Callable[[Path, bytes], None] = require_for_wire,
    ) -> None:
        self._source = source
        self._folder = folder
        self._fetcher = fetcher
        self._free = free
        self._turn = threading.Lock()
        self._session = session
        self._check = check

    def poll(self) -> Catalogue:
        """The newest catalogue. With nothing new this costs one small request.

        Raises:
            Unreachable, TrustError (and those below it), InvalidCatalogue, NoSpace, StateUnusable.
        """
        with self._turn, translated(self._source.name, self._fetcher), alone(self._folder):
            self._session = self._begun()
            return accepted(self._source, self._folder, self._session)

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

    def known_issues(self) -> bytes | None:
        """The newest list of known issues, verified; None where none is signed.

        Raises:
            Unreachable, TrustError (and those below it), StateUnusable.
        """
        with translated(self._source.name, self._fetcher):
            session = self._opened()
            path = newest(Numbered.KNOWN_ISSUES, session.paths)
            return None if path is None else session.read(path, MAX_KNOWN_ISSUES_BYTES)

    def deltas(self) -> Sequence[Delta]:
        """All deltas between packages that are signed.

        Raises:
            Unreachable, TrustError (and those below it), StateUnusable.
        """
        return signed_deltas({path: file.length for path, file in self.session().state.files().items()})

    def fetch_volume(self, package: str, name: str, to: Path, progress: Progress) -> None:
        """Bring one payload volume, or a delta, to ``to``, whose folder exists. Goes on from what an earlier
        call brought. What ``progress`` raises ends it at once, and what has arrived is kept.

        Raises:
            InvalidInput: no name of a package or of a file.
            Unreachable, TrustError (and those below it), NoSpace, StateUnusable.
        """
        self.bring(_target(package, name), to, progress)

    def bring(self, path: str, to: Path, progress: Progress) -> None:
        """Bring the file of this target path to ``to``, as ``fetch_volume`` does.

        Raises:
            Unreachable, TrustError (and those below it), NoSpace, StateUnusable.
        """
        with translated(self._source.name, self._fetcher):
            fetch(self._fetcher, self._wanted(path), to, progress, self._free)

    def _wanted(self, path: str) -> Wanted:
        """The file of this target path, with the list of its pieces where there is one."""
        session = self._opened()
        wanted = replace(session.wanted(path), pieces=session.pieces(path))
        self._fetcher.asked = wanted.url
        return wanted

    def session(self) -> Session:
        """What this feed sees.

        Raises:
            Unreachable, TrustError (and those below it), StateUnusable.
        """
        with translated(self._source.name, self._fetcher):
            return self._opened()

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
                    return begun(self._folder, self._source.url.rstrip("/"), self._fetcher, self._check)
            except TrustError as error:
                if len(notes) + 1 >= self._fetcher.choices:
                    for note in notes:
                        error.add_note(note)
                    raise
                notes.append(f"at another place: {error}")
                self._fetcher.turn()


def _target(package: str, name: str) -> str:
    """The target path of a package's file. Raises InvalidInput: the names could lead elsewhere."""
    problem = package_name_problem(package)
    if problem is not None:
        raise InvalidInput(problem)
    if not _FILE_NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is no name of a package's file")
    return package_target(package, name)
