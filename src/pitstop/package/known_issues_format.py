"""``known-issues/<n>.json`` (format 1): what a publisher knows can go wrong, signed.

``{"format": 1, "publisher", "product", "issued", "issues": [...]}``. An issue says to which releases it
applies, by which symptom it is recognised, why it happens, what to do, and how often it occurs. Texts are
Markdown. ``matches`` are literal pieces of text: a failure whose output holds all of one entry's pieces is
this issue; patterns are not taken, so that no list can make a system slow. Unknown fields are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from pitstop.model.errors import InvalidCatalogue, InvalidVersion
from pitstop.model.versions import Version
from pitstop.package.content_paths import short_name_problem
from pitstop.package.strict_json import canonical_json, read_json

KNOWN_ISSUES_FORMAT = 1
MAX_KNOWN_ISSUES_BYTES = 4 * 1024 * 1024
_SHOWN = 10
_HINT = "Correct what the message names in the list of issues."

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[^\n\r]*$")]
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
_Piece = Annotated[str, msgspec.Meta(min_length=3, max_length=400)]


class Occurrence(StrEnum):
    """How often an issue is met."""

    COMMON = "Common"
    RARE = "Rare"


class Applicable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """To which releases an issue applies: all that are supported, or these families and exact builds."""

    all_supported: bool = False
    families: tuple[_Name, ...] = ()
    builds: tuple[_Name, ...] = ()


class KnownIssue(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One entry of the list.

    Attributes:
        symptom: what an operator sees.
        matches: each a set of literal pieces of text; a failure that holds all pieces of one is this issue.
        fixed_in: the build with which it is gone; None: none yet.
        link: where more is written; "" where nothing is.
    """

    id: _Name
    title: _Line
    applicable: Applicable
    symptom: _Text
    cause: _Text
    remediation: _Text
    occurrence: Occurrence
    matches: tuple[Annotated[tuple[_Piece, ...], msgspec.Meta(min_length=1, max_length=10)], ...] = ()
    fixed_in: str | None = None
    link: Annotated[str, msgspec.Meta(max_length=400)] = ""


class KnownIssues(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All that one publisher has signed about what goes wrong with one product."""

    publisher: str
    product: str
    issued: datetime
    issues: tuple[KnownIssue, ...]


class _Document(KnownIssues, forbid_unknown_fields=True, frozen=True):
    format: int = 0


def read_known_issues(raw: bytes) -> KnownIssues:
    """The list that these bytes say.

    Raises:
        InvalidCatalogue: not of the format; says what is wrong.
    """
    value = read_json(raw, "the list of known issues", MAX_KNOWN_ISSUES_BYTES, InvalidCatalogue)
    found = value.get("format") if isinstance(value, dict) else None
    if found != KNOWN_ISSUES_FORMAT or isinstance(found, bool):
        raise InvalidCatalogue(
            f"the list of known issues has format {found!r}, known is {KNOWN_ISSUES_FORMAT}",
            hint="The publisher uses a newer format than this Pitstop knows: update Pitstop.",
        )
    try:
        document = msgspec.convert(value, _Document)
    except msgspec.ValidationError as error:
        raise InvalidCatalogue(f"the list of known issues: {error}") from error
    listed = KnownIssues(document.publisher, document.product, document.issued, document.issues)
    check_known_issues(listed)
    return listed


def write_known_issues(listed: KnownIssues) -> bytes:
    """The list's one form.

    Raises:
        InvalidCatalogue: it would not be read back.
    """
    check_known_issues(listed)
    issued = listed.issued.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return canonical_json({**msgspec.to_builtins(listed), "issued": issued, "format": KNOWN_ISSUES_FORMAT})


def check_known_issues(listed: KnownIssues) -> None:
    """Raises InvalidCatalogue with what does not hold, the first ten at most."""
    problems = list(_problems(listed))
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        told = "; ".join(problems[:_SHOWN])
        raise InvalidCatalogue(f"the list of known issues does not hold: {told}{more}", hint=_HINT)


def _problems(listed: KnownIssues) -> Iterator[str]:
    if listed.issued.tzinfo is None:
        yield "'issued' names no time zone"
    for name in (listed.publisher, listed.product):
        if problem := short_name_problem(name):
            yield problem
    for name, count in Counter(issue.id for issue in listed.issues).items():
        if count > 1:
            yield f"issue {name} is there {count} times"
    for issue in listed.issues:
        yield from (f"issue {issue.id}: {problem}" for problem in _issue_problems(issue))


def _issue_problems(issue: KnownIssue) -> Iterator[str]:
    if problem := short_name_problem(issue.id):
        yield problem
    told = issue.applicable
    if told.all_supported == bool(told.families or told.builds):
        yield "it applies either to all supported releases, or to families and builds that are named"
    for build in (*told.builds, *filter(None, [issue.fixed_in])):
        try:
            Version.parse(build)
        except InvalidVersion as error:
            yield error.message
    if issue.link and not issue.link.startswith(("https://", "http://")):
        yield f"{issue.link!r} is no http address"
