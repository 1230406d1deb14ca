"""A publisher's numbered documents beside the catalogue: known issues, and an OEM's guidance.

Known issues are written in TOML, one ``[[issue]]`` after another, in the fields of
:class:`pitstop.package.known_issues_documents.IssueDocument`; ``add`` puts them into the signed list, where
one of the same id takes the place of the older. From the signed list the page of common issues is made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pitstop.model.errors import InvalidCatalogue, InvalidInput, NotFound
from pitstop.model.known_issues import KnownIssue, KnownIssues
from pitstop.model.releases import Catalogue, PublisherKind
from pitstop.package.known_issues_checks import check_known_issues, check_mends
from pitstop.package.known_issues_format import (
    KNOWN_FORMATS,
    MAX_KNOWN_ISSUES_BYTES,
    read_issues,
    read_known_issues,
    write_known_issues,
)
from pitstop.package.site_layout import Numbered
from pitstop.package.typed import converted
from pitstop.publish.keys import KeyFolder
from pitstop.publish.published import Published
from pitstop.publish.repository import Repository
from pitstop.steps.table import MEND_KINDS, STILL_KINDS

MAX_SOURCE_BYTES = 1024 * 1024
_NO_TIME = datetime.fromtimestamp(0, UTC)
T = TypeVar("T")


class _IssuesFile(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    issue: list[Any]


def read_issues_file(path: Path) -> list[KnownIssue]:
    """The issues that a TOML file lists.

    Raises:
        NotFound, InvalidInput: it is not there, or not as it must be; says what is wrong.
    """
    try:
        told = converted(tomllib.loads(_text(path)), _IssuesFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidInput(f"{path}: {error}") from error
    if told.format not in KNOWN_FORMATS:
        raise InvalidInput(f"{path}: format {told.format} is not known, 1 and 2 are")
    return list(_checked(path, read_issues, told.issue, told.format))


def read_issues_list(path: Path) -> tuple[KnownIssue, ...]:
    """The issues of a list, whether it is the TOML that publishers write or the JSON that is signed, checked
    as a whole: by itself and with the kinds of steps that mends ask for.

    Raises:
        NotFound, InvalidInput: it is not there, or not as it must be; says what is wrong.
    """
    if path.suffix == ".toml":
        listed = KnownIssues("check", "check", _NO_TIME, tuple(read_issues_file(path)))
        _checked(path, check_known_issues, listed)
    else:
        listed = _checked(path, read_known_issues, _bytes(path, MAX_KNOWN_ISSUES_BYTES))
    _checked(path, check_mends, listed, MEND_KINDS, STILL_KINDS)
    return listed.issues


def _checked(path: Path, read: Callable[..., T], *args: object) -> T:
    try:
        return read(*args)
    except InvalidInput as error:
        raise InvalidCatalogue(f"{path}: {error.message}", hint=error.hint) from error


def known_issues(repository: Repository, published: Published) -> Sequence[KnownIssue]:
    """The signed list, by id."""
    raw = repository.document(published, Numbered.KNOWN_ISSUES)
    return read_known_issues(raw).issues if raw is not None else ()


def add_issues(
    repository: Repository, keys: KeyFolder, issues: Sequence[KnownIssue], now: datetime
) -> Published:
    """Put these into the signed list; those of the same id are replaced.

    Raises:
        InvalidInput: one names a family or build that is not published, or (InvalidCatalogue) the list
            would not hold.
    """
    published = repository.read()
    check_mends(KnownIssues("", "", now, tuple(issues)), MEND_KINDS, STILL_KINDS)
    problems = [problem for issue in issues for problem in _unknown(issue, published.catalogue)]
    if problems:
        raise InvalidInput("; ".join(problems), hint="`pitstop publish show` lists what is published.")
    listed = {issue.id: issue for issue in known_issues(repository, published)}
    listed |= {issue.id: issue for issue in issues}
    return _sign(repository, keys, published, listed, now)


def remove_issue(repository: Repository, keys: KeyFolder, id_: str, now: datetime) -> Published:
    """Take an issue out of the signed list.

    Raises:
        NotFound: it is not there.
    """
    published = repository.read()
    listed = {issue.id: issue for issue in known_issues(repository, published)}
    if listed.pop(id_, None) is None:
        raise NotFound(f"there is no known issue {id_}", hint="`pitstop publish issue list` lists them.")
    return _sign(repository, keys, published, listed, now)


def _sign(
    repository: Repository,
    keys: KeyFolder,
    published: Published,
    listed: dict[str, KnownIssue],
    now: datetime,
) -> Published:
    catalogue = published.catalogue
    issues = tuple(listed[id_] for id_ in sorted(listed))
    raw = write_known_issues(
        KnownIssues(catalogue.publisher, catalogue.product, now.replace(microsecond=0), issues)
    )
    return repository.publish(
        keys, now, {}, None, over=published.number, documents={Numbered.KNOWN_ISSUES: raw}
    )


def _unknown(issue: KnownIssue, catalogue: Catalogue) -> list[str]:
    families = {family.id for family in catalogue.families}
    builds = {str(release.version) for release in catalogue.releases}
    named = [("family", name) for name in issue.applicable.families if name not in families]
    named += [("build", name) for name in issue.applicable.builds if name not in builds]
    return [f"issue {issue.id}: {what} {name} is not published" for what, name in named]


def put_guidance(repository: Repository, keys: KeyFolder, path: Path, now: datetime) -> Published:
    """Publish an OEM's guidance for the hardware lifecycle host (Markdown), in place of the one before.

    Raises:
        NotFound, InvalidInput: it is not there or no text, or this publisher is no OEM.
    """
    if repository.settings.kind is not PublisherKind.OEM:
        raise InvalidInput("guidance for the hardware lifecycle host is an OEM's to publish")
    text = _text(path)
    if not text.strip():
        raise InvalidInput(f"{path} is empty")
    published = repository.read()
    return repository.publish(
        keys, now, {}, None, over=published.number, documents={Numbered.GUIDANCE: text.encode()}
    )


def _text(path: Path) -> str:
    try:
        return _bytes(path, MAX_SOURCE_BYTES).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error


def _bytes(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size > most:
            raise InvalidInput(f"{path} is larger than {most} bytes")
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{path} is not there") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
