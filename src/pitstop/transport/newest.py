"""The newest catalogue that a source signs, if it is accepted.

Accepted is one that is this source's to say, holds together as a release graph, and does not go back. The
same for what came by wire and on a medium.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tuf.api.metadata import Targets  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.model.errors import InvalidCatalogue
from pitstop.model.releases import Catalogue
from pitstop.package.catalogue_format import MAX_CATALOGUE_BYTES, read_catalogue
from pitstop.package.site_layout import catalogue_number, newest_catalogue
from pitstop.policy.graph import checked
from pitstop.ports.feeds import Source
from pitstop.transport import durable, seen
from pitstop.transport.authority import require_authority
from pitstop.transport.session import Session

_SEEN = "seen.json"
_CATALOGUE = "catalogue.json"


def accepted(source: Source, folder: Path, session: Session) -> Catalogue:
    """The newest catalogue, remembered as seen; inside of ``session.alone``.

    Raises:
        InvalidCatalogue: there is none, or it does not hold together.
        TrustError (and those below it): it is not this source's to say, or goes back.
        Unreachable, StateUnusable.
    """
    number, content = _signed(source, folder, session)
    catalogue = read_catalogue(content)
    require_authority(source, catalogue)
    checked([catalogue])
    signers = tuple(sorted(session.state.signers))
    now = seen.Seen(number, catalogue.issued, hashlib.sha256(content).hexdigest(), signers)
    before = seen.load(folder / _SEEN)
    role = session.state.root.roles[Targets.type]
    seen.require_not_back(source.name, seen.still_counts(before, role), now)
    if _bytes(folder / _CATALOGUE) != content:
        durable.write(folder / _CATALOGUE, content)
    if before != now:
        seen.store(folder / _SEEN, now)
    return catalogue


def _signed(source: Source, folder: Path, session: Session) -> tuple[int, bytes]:
    """The catalogue's number and bytes, from the copy here if that is the one which is signed now."""
    path = newest_catalogue(session.paths)
    number = catalogue_number(path) if path is not None else None
    if path is None or number is None:
        raise InvalidCatalogue(f"source {source.name} has no catalogue: none is signed there")
    content = _bytes(folder / _CATALOGUE)
    if content is not None and hashlib.sha256(content).hexdigest() == session.wanted(path).sha256:
        return number, content
    return number, session.read(path, MAX_CATALOGUE_BYTES)


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
