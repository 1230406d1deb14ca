"""Change what is said of a release after it was made public: its entry gets a higher revision.

The package's XML stays as it was published; systems follow the entry with the highest revision. What a
release *is* (build, type, family, files) never changes; what is known about it may.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from pitstop.model.errors import Conflict, InvalidInput, NotFound
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, Release, ReleaseStatus
from pitstop.model.versions import Version
from pitstop.package.catalogue_format import convert_release, release_document
from pitstop.policy.graph import checked
from pitstop.publish.keys import KeyFolder
from pitstop.publish.releasing import find_release
from pitstop.publish.repository import Repository

FIXED = frozenset(
    {
        "id",
        "name",
        "type",
        "family",
        "families",
        "revision",
        "status",
        "status_reason",
        "changes_version",
        "package_sha256",
        "size",
    }
)
"""The fields of an entry that no revision changes (the status is changed by withdrawing alone)."""

REVISABLE = tuple(field.name for field in fields(Release) if field.name not in FIXED)


def revise(
    repository: Repository, keys: KeyFolder, version: Version, changes: Mapping[str, object], now: datetime
) -> Release:
    """Change fields of a release's entry, by the names and in the form that the catalogue has for them.

    Raises:
        NotFound: there is no such release.
        InvalidInput: a field cannot be changed; InvalidCatalogue, when a value cannot be.
        Conflict: nothing would change.
    """
    unknown = sorted(set(changes) - set(REVISABLE))
    if unknown:
        raise InvalidInput(
            f"{', '.join(unknown)} of a release cannot be revised",
            hint=f"These can: {', '.join(REVISABLE)}.",
        )

    def revised(entry: Release) -> Release:
        of = entry.id
        after = convert_release({**release_document(entry), **changes}, of.publisher, of.product)
        if after == entry:
            raise Conflict(f"{entry.name} says so already (revision {entry.revision})")
        return after

    return _change(repository, keys, version, revised, now)


def withdraw(
    repository: Repository, keys: KeyFolder, version: Version, reason: str, now: datetime
) -> Release:
    """Withdraw a release: its entry says so, with the reason, under a higher revision. Files stay.

    Raises:
        NotFound: there is no such release.
        Conflict: it is withdrawn already.
        InvalidInput: no reason is given.
    """
    if not reason.strip():
        raise InvalidInput("a release is withdrawn with a reason", hint="Say why, for those who run it.")

    def withdrawn(entry: Release) -> Release:
        if entry.status is ReleaseStatus.WITHDRAWN:
            raise Conflict(f"{entry.name} is withdrawn already: {entry.status_reason}")
        return replace(entry, status=ReleaseStatus.WITHDRAWN, status_reason=reason.strip())

    return _change(repository, keys, version, withdrawn, now)


def supersede(
    repository: Repository, keys: KeyFolder, version: Version, by: Version, now: datetime
) -> Release:
    """Say that another release takes the place of this one, where the numbers alone do not say so: for a
    hotfix the other *replaces* it, for a family's build the other *re-issues* it. Systems then show this one
    as obsolete. The entry that changes is the other's.

    Raises:
        NotFound: there is no such release.
        InvalidInput: they are not of one line.
        Conflict: it is said already.
    """
    catalogue = repository.read().catalogue
    old, new = _known(repository, catalogue, version), _known(repository, catalogue, by)
    if old.type is PackageType.HOTFIX and new.type is PackageType.HOTFIX:
        if not set(old.families) & set(new.families):
            raise InvalidInput(f"{old.name} and {new.name} serve no family in common")
        replaced = [str(each) for each in new.replaces]
        if str(version) in replaced:
            raise Conflict(f"{new.name} replaces {old.name} already")
        return revise(repository, keys, by, {"replaces": [*replaced, str(version)]}, now)
    if old.type.opens_family and new.type.opens_family and old.family == new.family and old is not new:
        return revise(repository, keys, by, {"reissues": str(version)}, now)
    raise InvalidInput(
        f"{new.name} ({new.type}) cannot take the place of {old.name} ({old.type})",
        hint="A hotfix replaces a hotfix of the same family, a build a build of the same family. "
        "OEM packages follow one another by number; withdraw one that must not be used.",
    )


_RUNTIME = re.compile(r"(?:([1-9][0-9]{0,5}):)?([0-9]{1,6})-([0-9]{1,6})", re.ASCII)


def read_runtimes(text: str) -> list[dict[str, int | None]]:
    """``4:10-20,10-120``: minutes on up to 4 nodes, then on any number.

    Raises:
        InvalidInput: it is not of this form.
    """
    told = []
    for part in text.split(","):
        found = _RUNTIME.fullmatch(part.strip())
        if found is None:
            raise InvalidInput(
                f"{part!r} is no runtime", hint="It is NODES:LEAST-MOST or LEAST-MOST, in minutes."
            )
        nodes = int(found[1]) if found[1] else None
        told.append({"nodes": nodes, "least_minutes": int(found[2]), "most_minutes": int(found[3])})
    return told


def read_fields(path: Path) -> dict[str, object]:
    """Fields of an entry, from a TOML file.

    Raises:
        NotFound, InvalidInput: it is not there, or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"{path} is not there") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path}: {error}") from error


def _known(repository: Repository, catalogue: Catalogue, version: Version) -> Release:
    found = find_release(catalogue, version)
    if found is None:
        raise NotFound(
            f"{repository.settings.publisher} has no release {version}",
            hint="`pitstop publish show` lists them.",
        )
    return found


def _change(
    repository: Repository,
    keys: KeyFolder,
    version: Version,
    changed: Callable[[Release], Release],
    now: datetime,
) -> Release:
    published = repository.read()
    catalogue = published.catalogue
    entry = _known(repository, catalogue, version)
    after = replace(changed(entry), revision=entry.revision + 1)
    releases = tuple(after if each is entry else each for each in catalogue.releases)
    newest = replace(catalogue, issued=now, releases=releases)
    checked([newest])
    repository.publish(keys, now, {}, newest, over=published.number)
    return after
