"""``package.toml``: what a publisher writes about a package before it is built.

Beside it lie ``plan.yaml``, ``notes.md``, for a hotfix ``kb.md`` (its article), and the content. The
package's name is the publisher's prefix and the version. In the plan, in the notes, in the article and in
content given as text, ``@VERSION@`` and ``@NAME@`` stand for them, so that they are written once.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pitstop.model.errors import InvalidPackage, InvalidVersion, NotFound
from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import DatePrecision, HardwareMatch, ReleaseDate
from pitstop.model.versions import Version
from pitstop.package.typed import converted
from pitstop.package.volumes import DEFAULT_VOLUME_BYTES
from pitstop.publish.settings import TYPES, PublisherSettings

PACKAGE_FILE = "package.toml"
PACKAGE_FORMAT = 1

_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=400, pattern=r"^[^\n\r]*$")]
_Minutes = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class ContentSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where content comes from: a file or folder beside ``package.toml`` (``from``), or ``text``.

    ``to`` is its path in the content; of a folder, the path that its files go below ("": the top).
    """

    to: str = ""
    from_: str | None = msgspec.field(default=None, name="from")
    text: str | None = None
    mode: Annotated[str, msgspec.Meta(pattern="^0[0-7]{3}$")] | None = None


def _usual_content() -> list[ContentSource]:
    return [ContentSource(from_="content")]


class RuntimeSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How long an install takes on up to so many nodes (none: any), in minutes."""

    least_minutes: _Minutes
    most_minutes: _Minutes
    nodes: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None


class HardwareSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Hardware that the package is for: a family, and in it one model or all."""

    family: _Line
    model: _Line | None = None


class PackageSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All that ``package.toml`` may say.

    Attributes:
        family, predecessor: for Full and Express, the family that it opens and the one before it.
        families: for a Hotfix, the families that it serves.
        release: further fields of the release entry, by the names that the catalogue has for them.
    """

    format: int
    type: PackageType
    version: str
    title: _Line
    released: date
    description: str = ""
    released_precision: DatePrecision = DatePrecision.DAY
    family: str | None = None
    predecessor: str | None = None
    families: list[str] = []
    reissues: str | None = None
    required_hotfix: str | None = None
    min_version: str | None = None
    min_oem_version: str | None = None
    prerequisites: list[_Line] = []
    restarts_nodes: bool = False
    changes_version: bool = True
    expected_runtimes: list[RuntimeSource] = []
    hardware: list[HardwareSource] = []
    support_address: str = ""
    notes_link: str = ""
    article_link: str = ""
    content: list[ContentSource] = msgspec.field(default_factory=_usual_content)
    plan: str = "plan.yaml"
    notes: str = "notes.md"
    article: str = "kb.md"
    volume_bytes: Annotated[int, msgspec.Meta(ge=1)] = DEFAULT_VOLUME_BYTES
    release: dict[str, Any] = {}

    def runtimes(self) -> tuple[ExpectedRuntime, ...]:
        return tuple(
            ExpectedRuntime(told.nodes, told.least_minutes, told.most_minutes)
            for told in self.expected_runtimes
        )

    def hardware_matches(self) -> tuple[HardwareMatch, ...]:
        return tuple(HardwareMatch(told.family, told.model) for told in self.hardware)

    def release_date(self) -> ReleaseDate:
        return ReleaseDate(self.released, self.released_precision)


def read_package_source(folder: Path, settings: PublisherSettings) -> PackageSource:
    """What the source folder's ``package.toml`` says.

    Raises:
        NotFound: there is none.
        InvalidPackage: it is not as it must be, or not this publisher's to publish; names all that is wrong.
    """
    path = folder / PACKAGE_FILE
    try:
        source = converted(tomllib.loads(path.read_text(encoding="utf-8")), PackageSource)
    except FileNotFoundError:
        raise NotFound(
            f"there is no package source in {folder}: {PACKAGE_FILE} is missing",
            hint="Name the folder that holds package.toml.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidPackage(f"{path}: {error}", hint=_HINT) from error
    problems = [*_version_problems(source), *_type_problems(source, settings), *_content_problems(source)]
    if problems:
        raise InvalidPackage(f"{path}: {'; '.join(problems)}", hint=_HINT)
    return source


_HINT = "Correct what the message names in the package source, and build again."


def version_or_none(text: str | None) -> Version | None:
    return None if text is None else Version.parse(text)


def _version_problems(source: PackageSource) -> list[str]:
    problems = []
    for name in ("version", "reissues", "required_hotfix", "min_version", "min_oem_version"):
        try:
            version_or_none(getattr(source, name))
        except InvalidVersion as error:
            problems.append(f"{name}: {error.message}")
    return problems


def _type_problems(source: PackageSource, settings: PublisherSettings) -> list[str]:
    problems = []
    if source.format != PACKAGE_FORMAT:
        problems.append(f"format {source.format} is not known, {PACKAGE_FORMAT} is")
    if source.type not in TYPES[settings.kind]:
        problems.append(f"a publisher of kind {settings.kind} publishes no package of type {source.type}")
    if source.type.opens_family != (source.family is not None):
        problems.append("'family' belongs to Full and Express packages, and each of them has one")
    if source.predecessor is not None and source.family is None:
        problems.append("'predecessor' needs 'family'")
    if (source.type is PackageType.HOTFIX) != bool(source.families):
        problems.append("'families' belongs to Hotfix packages, and each of them has some")
    return problems


def _content_problems(source: PackageSource) -> list[str]:
    return [
        f"content[{number}] has either 'from' or 'text', and text has 'to'"
        for number, part in enumerate(source.content)
        if (part.from_ is None) == (part.text is None) or (part.text is not None and not part.to)
    ]
