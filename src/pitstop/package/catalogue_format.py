"""A catalogue's JSON (format 1): a publisher's families and releases, as it signs them.

The fields are those of :class:`pitstop.model.releases.Catalogue`, by their names; a field added there is
part of the format at once (give it a default, so that what was signed before is still read). Two things
differ: ``format`` stands beside the others, and a release says ``version`` instead of ``id``, because
publisher and product are said once, for the whole catalogue. Versions are text, dates and instants ISO 8601
(instants with a zone). Unknown fields are refused; so is what does not hold together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from pitstop.model.errors import InvalidCatalogue, InvalidVersion
from pitstop.model.packages import PackageType
from pitstop.model.releases import Catalogue, Release
from pitstop.model.versions import Version
from pitstop.package.content_paths import package_name_problem, short_name_problem
from pitstop.package.strict_json import canonical_json, read_json
from pitstop.package.typed import converted

CATALOGUE_FORMAT = 1
MAX_CATALOGUE_BYTES = 16 * 1024 * 1024
_SHOWN = 10
_SHA256 = re.compile("[0-9a-f]{64}", re.ASCII)
T = TypeVar("T")


def read_catalogue(raw: bytes) -> Catalogue:
    """The catalogue that these bytes say.

    Raises:
        InvalidCatalogue: not of the format, or it does not hold together; says all that is wrong.
    """
    catalogue = parse_catalogue(raw)
    check_catalogue(catalogue)
    return catalogue


def parse_catalogue(raw: bytes) -> Catalogue:
    """The same, not yet checked for holding together: for those who list all problems.

    Raises:
        InvalidCatalogue: not of the format.
    """
    document = read_json(raw, "the catalogue", MAX_CATALOGUE_BYTES, InvalidCatalogue)
    if not isinstance(document, dict):
        raise InvalidCatalogue("the catalogue is not a JSON object")
    found = document.get("format")
    if found != CATALOGUE_FORMAT or isinstance(found, bool):
        raise InvalidCatalogue(
            f"the catalogue has format {found!r}, known is {CATALOGUE_FORMAT}",
            hint="The publisher uses a newer format than this Pitstop knows: update Pitstop.",
        )
    return convert_catalogue({key: value for key, value in document.items() if key != "format"})


def write_catalogue(catalogue: Catalogue) -> bytes:
    """The catalogue's one form.

    Raises:
        InvalidCatalogue: it would not be read back.
    """
    check_catalogue(catalogue)
    document = _said(catalogue)
    releases = [release_document(release) for release in catalogue.releases]
    return canonical_json({**document, "releases": releases, "format": CATALOGUE_FORMAT})


def release_document(release: Release) -> dict[str, Any]:
    """One release as it stands in a catalogue."""
    document = _said(release)
    del document["id"]
    return {**document, "version": str(release.version)}


def convert_catalogue(document: Mapping[str, object]) -> Catalogue:
    """A catalogue's fields as values; not yet checked for holding together."""
    publisher, product = document.get("publisher"), document.get("product")
    releases = document.get("releases")
    if isinstance(releases, list):
        with_ids = [_with_id(entry, number, publisher, product) for number, entry in enumerate(releases)]
        document = {**document, "releases": with_ids}
    return _convert(document, Catalogue)


def convert_release(document: Mapping[str, object], publisher: str, product: str) -> Release:
    """One release's fields as a value."""
    return _convert(_with_id(document, 0, publisher, product), Release)


def _with_id(entry: object, number: int, publisher: object, product: object) -> object:
    if not isinstance(entry, Mapping) or "version" not in entry:
        raise InvalidCatalogue(f"$.releases[{number}] is no release: it has no version")
    if "id" in entry:
        raise InvalidCatalogue(f"$.releases[{number}] has the unknown field 'id'")
    rest = {key: value for key, value in entry.items() if key != "version"}
    return {**rest, "id": {"publisher": publisher, "product": product, "version": entry["version"]}}


def _convert(document: object, to: type[T]) -> T:
    problems: list[str] = []
    prepared = _prepared(document, to, "$", problems)
    if problems:
        raise InvalidCatalogue(f"the catalogue is not of its format: {'; '.join(problems[:_SHOWN])}")
    try:
        return converted(prepared, to)
    except msgspec.ValidationError as error:
        raise InvalidCatalogue(f"the catalogue is not of its format: {error}") from error


def _prepared(value: object, hint: Any, where: str, problems: list[str]) -> object:
    """The value as msgspec takes it: versions, which are text here, as the fields that they are. Notes the
    fields that are unknown, which msgspec passes over in dataclasses."""
    if hint is Version:
        return _version(value, where, problems)
    if isinstance(hint, UnionType):
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
        return None if value is None else _prepared(value, hint, where, problems)
    if get_origin(hint) is tuple and isinstance(value, list):
        inner = get_args(hint)[0]
        return [_prepared(each, inner, f"{where}[{n}]", problems) for n, each in enumerate(value)]
    if is_dataclass(hint) and isinstance(value, Mapping):
        hints = get_type_hints(hint)
        problems += [f"{where} has the unknown field {name!r}" for name in value if name not in hints]
        known = [name for name in value if name in hints]
        return {name: _prepared(value[name], hints[name], f"{where}.{name}", problems) for name in known}
    return value


def _version(value: object, where: str, problems: list[str]) -> object:
    if not isinstance(value, str):
        problems.append(f"{where}: a version is text, not {value!r}")
        return None
    try:
        return {"numbers": list(Version.parse(value).numbers)}
    except InvalidVersion as error:
        problems.append(f"{where}: {error.message}")
        return None


def _said(value: Any) -> Any:
    """A value of the model as JSON values."""
    match value:
        case Version() | StrEnum():
            return str(value)
        case tuple():
            return [_said(each) for each in value]
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _ if is_dataclass(value):
            return {field.name: _said(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


def check_catalogue(catalogue: Catalogue) -> None:
    """Raises InvalidCatalogue with all that does not hold together, the first ten at most."""
    problems = catalogue_problems(catalogue)
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise InvalidCatalogue(f"the catalogue does not hold together: {'; '.join(problems[:_SHOWN])}{more}")


def catalogue_problems(catalogue: Catalogue) -> list[str]:
    """All that does not hold together."""
    return [*_head_problems(catalogue), *_family_problems(catalogue), *_release_problems(catalogue)]


def _head_problems(catalogue: Catalogue) -> Iterator[str]:
    for name in (catalogue.publisher, catalogue.product):
        if problem := short_name_problem(name):
            yield problem
    if catalogue.issued.tzinfo is None:
        yield "'issued' names no time zone"


def _family_problems(catalogue: Catalogue) -> Iterator[str]:
    predecessors = {family.id: family.predecessor for family in catalogue.families}
    for name, count in Counter(family.id for family in catalogue.families).items():
        if problem := short_name_problem(name):
            yield problem
        if count > 1:
            yield f"family {name} is there {count} times"
    for name, before in predecessors.items():
        if before is not None and before not in predecessors:
            yield f"family {name} follows {before}, which is not there"
        if _in_circle(name, predecessors):
            yield f"family {name} follows itself in a circle"


def _in_circle(name: str, predecessors: Mapping[str, str | None]) -> bool:
    at = predecessors[name]
    for _ in predecessors:
        if at == name:
            return True
        at = predecessors.get(at) if at is not None else None
    return False


def _release_problems(catalogue: Catalogue) -> Iterator[str]:
    families = {family.id for family in catalogue.families}
    for what, counted in (
        ("version", Counter(str(release.version) for release in catalogue.releases)),
        ("name", Counter(release.name.casefold() for release in catalogue.releases)),
    ):
        yield from (f"{what} {value} is there {count} times" for value, count in counted.items() if count > 1)
    for release in catalogue.releases:
        if (release.id.publisher, release.id.product) != (catalogue.publisher, catalogue.product):
            yield f"{release.name} is of {release.id}, not of this publisher's product"
        yield from (f"{release.name}: {problem}" for problem in _entry_problems(release, families))


def _entry_problems(release: Release, families: set[str]) -> Iterator[str]:
    if problem := package_name_problem(release.name):
        yield problem
    if release.type.opens_family and release.family is None:
        yield f"a release of type {release.type} says which family it opens"
    if release.type is PackageType.HOTFIX and not release.families:
        yield "a hotfix says which families it serves"
    for family in sorted({*release.families, *filter(None, [release.family])} - families):
        yield f"family {family} is not there"
    if release.revision < 1 or release.size < 0:
        yield "revision begins at 1 and size at 0"
    if release.package_sha256 and not _SHA256.fullmatch(release.package_sha256):
        yield "package_sha256 is no SHA-256 digest"
    for runtime in release.expected_runtimes:
        if not 0 <= runtime.least_minutes <= runtime.most_minutes:
            yield "an expected runtime is at least longer than at most"
