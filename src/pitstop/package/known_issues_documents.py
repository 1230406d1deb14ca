"""The schema of ``known-issues/<n>.json``, read and written by :mod:`pitstop.package.known_issues_format`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from pitstop.model.known_issues import Certainty, Occurrence, Place
from pitstop.package.plan_format import WhenDocument

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[^\n\r]*$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Piece = Annotated[str, msgspec.Meta(min_length=3, max_length=400)]
Expression = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Alternatives = Annotated[list[Expression], msgspec.Meta(min_length=1, max_length=200)]


class WhereDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where a failure shows itself. All that is named must be so."""

    state: Annotated[
        list[Line],
        msgspec.Meta(
            max_length=10, description="State of the update, such as `DownloadFailed`; one of these."
        ),
    ] = []
    phase: Annotated[
        list[Line],
        msgspec.Meta(
            max_length=10, description="`download`, `prepare`, `health-check` or `install`; one of these."
        ),
    ] = []
    kind: Annotated[
        list[Line],
        msgspec.Meta(
            max_length=20,
            description="Kind of the step, such as `drain`; a check is a `probe`; one of these.",
        ),
    ] = []
    step: Annotated[
        Expression | None, msgspec.Meta(description="A pattern on the name of the step or check.")
    ] = None


class WhatDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is said there. All that is named must be so. Patterns are of RE2; capitals do not count, a dot
    takes a line's end, and several blanks are one."""

    any: Annotated[
        list[Expression], msgspec.Meta(max_length=200, description="Patterns of which one must be found.")
    ] = []
    all: Annotated[
        list[Expression | Alternatives],
        msgspec.Meta(
            max_length=10,
            description="Patterns that must all be found; in place of one, a list of which one must be.",
        ),
    ] = []
    none: Annotated[
        list[Expression],
        msgspec.Meta(max_length=200, description="Patterns of which none may be found, in any place."),
    ] = []
    places: Annotated[
        list[Place],
        msgspec.Meta(
            description="Where `any` and `all` are looked for; `error`, `output` and `log` unless told."
        ),
    ] = []
    facts: Annotated[
        list[WhenDocument],
        msgspec.Meta(
            max_length=10,
            description="Facts of the node or system that must be known and hold, as in a plan's `when`.",
        ),
    ] = []


class SignatureDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One way to recognise an issue."""

    where: Annotated[WhereDocument, msgspec.Meta(description="Where it shows itself.")] = msgspec.field(
        default_factory=WhereDocument
    )
    what: Annotated[WhatDocument, msgspec.Meta(description="What is said there.")] = msgspec.field(
        default_factory=WhatDocument
    )
    certainty: Annotated[
        Certainty,
        msgspec.Meta(description="`likely` where other issues say the same: it comes after what is certain."),
    ] = Certainty.CERTAIN
    mend: Annotated[
        bool, msgspec.Meta(description="Whether this is evidence enough to offer the issue's mend.")
    ] = False


class MendDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What mends the issue on the node where it failed, once the operator has agreed."""

    says: Annotated[Line, msgspec.Meta(description="What it does, in a sentence: what is agreed to.")]
    steps: Annotated[
        list[Any],
        msgspec.Meta(min_length=1, max_length=20, description="Steps as in a plan, without a `role`."),
    ]
    verify: Annotated[
        list[Any],
        msgspec.Meta(
            min_length=1, max_length=20, description="Steps of kind `probe` that fail unless it helped."
        ),
    ]


class ApplicableDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """To which releases an issue applies: all that are supported, or what is named."""

    all_supported: Annotated[bool, msgspec.Meta(description="To every release that is supported.")] = False
    families: Annotated[list[Name], msgspec.Meta(description="To these families.")] = []
    builds: Annotated[list[Name], msgspec.Meta(description="To these exact builds.")] = []


class _Common(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    id: Annotated[Name, msgspec.Meta(description="Short name, unique in the list; consent names it.")]
    title: Annotated[Line, msgspec.Meta(description="The trouble in a few words.")]
    applicable: Annotated[ApplicableDocument, msgspec.Meta(description="To which releases it applies.")]
    symptom: Annotated[Text, msgspec.Meta(description="What an operator sees.")]
    cause: Annotated[Text, msgspec.Meta(description="Why it happens.")]
    remediation: Annotated[Text, msgspec.Meta(description="What to do.")]
    occurrence: Annotated[Occurrence, msgspec.Meta(description="`Common` or `Rare`.")]


class IssueDocument(_Common, forbid_unknown_fields=True, omit_defaults=True):
    """One issue of format 2."""

    signatures: Annotated[
        list[SignatureDocument],
        msgspec.Meta(max_length=40, description="Any one that holds says that it is this issue."),
    ] = []
    excludes: Annotated[
        list[SignatureDocument],
        msgspec.Meta(
            max_length=40, description="If one holds it is not this issue, whatever else speaks for it."
        ),
    ] = []
    mend: Annotated[MendDocument | None, msgspec.Meta(description="What mends it, if anything can.")] = None
    fixed_in: Annotated[Name | None, msgspec.Meta(description="The build with which it is gone.")] = None
    link: Annotated[str, msgspec.Meta(max_length=400, description="Where more is written.")] = ""


class OldIssueDocument(_Common, forbid_unknown_fields=True, omit_defaults=True):
    """One issue of format 1."""

    matches: list[Annotated[list[Piece], msgspec.Meta(min_length=1, max_length=10)]] = []
    fixed_in: Name | None = None
    link: Annotated[str, msgspec.Meta(max_length=400)] = ""
