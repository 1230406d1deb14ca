"""Sources, the newest catalogue of each, and the updates that they brought with their stored states.

An update's name and its release's identity (publisher, product, build) belong together for ever: a
catalogue that says otherwise is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from pitstop.model.errors import Conflict, InvalidCatalogue, NotFound
from pitstop.model.findings import Finding
from pitstop.model.releases import Catalogue, Release, ReleaseId
from pitstop.model.updates import UpdateState
from pitstop.package.catalogue_format import read_catalogue, write_catalogue
from pitstop.ports.feeds import Source
from pitstop.ports.records import SourceStatus
from pitstop.store.database import Database
from pitstop.store.tables import sources, updates

_KEPT_PARSED = 16


class SqlCatalogues:
    """Implements :class:`pitstop.ports.records.Catalogues`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_source(self, source: Source) -> None:
        with self._database.writing() as connection:
            same = select(sources.c.number).where(sources.c.name == source.name)
            if connection.execute(same).first() is not None:
                raise Conflict(f"there is a source {source.name!r} already", hint="Give it another name.")
            connection.execute(
                insert(sources).values(
                    name=source.name,
                    publisher=source.publisher,
                    kind=source.kind,
                    url=source.url,
                    types=tuple(sorted(source.types)),
                )
            )

    def change_source(self, source: Source, *, declared: bool = True) -> None:
        values = {
            "publisher": source.publisher,
            "kind": source.kind,
            "url": source.url,
            "types": tuple(sorted(source.types)),
            "declared": declared,
        }
        with self._database.writing() as connection:
            _change(connection, source.name, values)

    def sources(self) -> Sequence[SourceStatus]:
        with self._database.reading() as connection:
            rows = connection.execute(select(sources).order_by(sources.c.number)).all()
        return [SourceStatus(_source_of(row), row.last_checked, row.finding, row.declared) for row in rows]

    def checked(
        self, source: str, catalogue: Catalogue, at: datetime, finding: Finding | None = None
    ) -> None:
        """Keep what a poll brought; updates that are new are Ready.

        Raises:
            NotFound: there is no such source.
            InvalidCatalogue: it gives a known name to another release, or a known release another name.
        """
        text = write_catalogue(catalogue).decode()
        with self._database.writing() as connection:
            _change(connection, source, {"catalogue": text, "last_checked": at, "finding": finding})
            _take_in(connection, catalogue.releases)

    def check_failed(self, source: str, finding: Finding) -> None:
        """Raises NotFound when there is no such source."""
        with self._database.writing() as connection:
            _change(connection, source, {"finding": finding})

    def catalogues(self) -> Sequence[tuple[str, Catalogue]]:
        query = select(sources.c.name, sources.c.catalogue).where(sources.c.catalogue.is_not(None))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(sources.c.number)).all()
        return [(row.name, _parsed(row.catalogue)) for row in rows]

    def update_states(self) -> Mapping[str, UpdateState]:
        with self._database.reading() as connection:
            rows = connection.execute(select(updates.c.name, updates.c.state)).all()
        return {row.name: row.state for row in rows}

    def package_digests(self) -> Mapping[str, str]:
        query = select(updates.c.name, updates.c.package_sha256).where(updates.c.package_sha256 != "")
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {row.name: row.package_sha256 for row in rows}


@lru_cache(_KEPT_PARSED)
def _parsed(text: str) -> Catalogue:
    # Asked for with every page and every rule; the value is frozen, the text its key.
    return read_catalogue(text.encode())


def _source_of(row: Row[Any]) -> Source:
    return Source(row.name, row.publisher, row.kind, row.url, frozenset(row.types))


def _change(connection: Connection, source: str, values: dict[str, Any]) -> None:
    changed = connection.execute(update(sources).where(sources.c.name == source).values(values))
    if changed.rowcount != 1:
        raise NotFound(f"there is no source {source!r}", hint="List the sources and check the name.")


def _take_in(connection: Connection, releases: Sequence[Release]) -> None:
    """Make rows for releases that are new, and renew those of the others; states stay, and so does the
    digest of a package that was known before."""
    known = {
        row.name: ReleaseId(row.publisher, row.product, row.version)
        for row in connection.execute(select(updates).with_for_update())
    }
    names = {release: name for name, release in known.items()}
    for release in releases:
        clash = release.name if release.name in known else names.get(release.id)
        if clash is not None and (clash, known[clash]) != (release.name, release.id):
            raise InvalidCatalogue(
                f"the catalogue calls {release.id} {release.name!r}, but here {clash!r} is {known[clash]}"
            )
    new = [_update_values(release) for release in releases if release.name not in known]
    old = [release for release in releases if release.name in known]
    if new:
        connection.execute(insert(updates).values(state=UpdateState.READY), new)
    if old:
        connection.execute(
            update(updates).where(updates.c.name == bindparam("of_name")),
            [{"of_name": release.name, "type": release.type, "family": release.family} for release in old],
        )
        connection.execute(
            update(updates)
            .where(updates.c.name == bindparam("of_name"), updates.c.package_sha256 == "")
            .values(package_sha256=bindparam("digest")),
            [{"of_name": release.name, "digest": release.package_sha256} for release in old],
        )


def _update_values(release: Release) -> dict[str, Any]:
    return {
        "name": release.name,
        "publisher": release.id.publisher,
        "product": release.id.product,
        "version": release.version,
        "type": release.type,
        "family": release.family,
        "package_sha256": release.package_sha256,
    }
