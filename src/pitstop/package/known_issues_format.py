"""``known-issues/<n>.json`` (formats 1 and 2): what a publisher knows can go wrong, signed.

``{"format": 2, "publisher", "product", "issued", "issues": [...]}``. An issue says to which releases it
applies, by which symptom it is recognised, why it happens, what to do, how often it occurs, and perhaps what
mends it. Texts are Markdown. Unknown fields are refused.

Format 1 recognises by ``matches``: literal pieces of text, of which a failure holds all of one entry's.
Format 2 has ``signatures`` in their place: patterns of RE2, whose time grows with the text alone, so that no
list can make a system slow. Both are read; what is written is format 2. ``docs/known-issues.md`` is the
reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from pitstop.model.conditions import FactTest
from pitstop.model.errors import InvalidCatalogue, InvalidPlan
from pitstop.model.known_issues import Applicable, KnownIssue, KnownIssues, Mend, Signature
from pitstop.model.plans import PLAN_FORMAT, PlanGroup, PlanStep
from pitstop.package.known_issues_checks import CORRECT, check_known_issues
from pitstop.package.known_issues_documents import (
    ApplicableDocument,
    IssueDocument,
    MendDocument,
    OldIssueDocument,
    SignatureDocument,
    WhatDocument,
    WhereDocument,
)
from pitstop.package.plan_format import WhenDocument, convert_plan, step_document
from pitstop.package.strict_json import canonical_json, read_json
from pitstop.package.typed import converted

KNOWN_ISSUES_FORMAT = 2
KNOWN_FORMATS = (1, 2)
MAX_KNOWN_ISSUES_BYTES = 4 * 1024 * 1024


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    publisher: str
    product: str
    issued: datetime
    issues: list[Any]


def read_known_issues(raw: bytes) -> KnownIssues:
    """The list that these bytes say.

    Raises:
        InvalidCatalogue: not of the format; says what is wrong.
    """
    value = read_json(raw, "the list of known issues", MAX_KNOWN_ISSUES_BYTES, InvalidCatalogue)
    found = value.get("format") if isinstance(value, dict) else None
    if found not in KNOWN_FORMATS or isinstance(found, bool):
        raise InvalidCatalogue(
            f"the list of known issues has format {found!r}, known are 1 and 2",
            hint="The publisher uses a newer format than this Pitstop knows: update Pitstop.",
        )
    try:
        head = converted(value, _Head)
    except msgspec.ValidationError as error:
        raise InvalidCatalogue(f"the list of known issues: {error}") from error
    listed = KnownIssues(head.publisher, head.product, head.issued, read_issues(head.issues, head.format))
    check_known_issues(listed)
    return listed


def read_issues(values: Sequence[object], format_: int) -> tuple[KnownIssue, ...]:
    """The issues that these JSON values say in this format, each by itself right.

    Raises:
        InvalidCatalogue: one is not of the format; says which.
    """
    return tuple(_issue(value, number, format_) for number, value in enumerate(values))


def _issue(value: object, number: int, format_: int) -> KnownIssue:
    told = value.get("id") if isinstance(value, dict) else None
    where = f"issue {told}" if isinstance(told, str) else f"issues[{number}]"
    try:
        if format_ == 1:
            return _of_old(converted(value, OldIssueDocument))
        return _of_document(converted(value, IssueDocument))
    except (msgspec.ValidationError, InvalidPlan) as error:
        said = error.message if isinstance(error, InvalidPlan) else str(error)
        raise InvalidCatalogue(f"the list of known issues: {where}: {said}", hint=CORRECT) from error


def _of_old(told: OldIssueDocument) -> KnownIssue:
    pieces = (tuple((re.escape(piece),) for piece in pieces) for pieces in told.matches)
    return KnownIssue(**_told_alike(told), signatures=tuple(Signature(said=of_one) for of_one in pieces))


def _of_document(told: IssueDocument) -> KnownIssue:
    return KnownIssue(
        **_told_alike(told),
        signatures=tuple(map(_signature, told.signatures)),
        excludes=tuple(map(_signature, told.excludes)),
        mend=None if told.mend is None else _mend(told.mend),
    )


def _told_alike(told: IssueDocument | OldIssueDocument) -> dict[str, Any]:
    names = ("id", "title", "symptom", "cause", "remediation", "occurrence", "fixed_in", "link")
    to = told.applicable
    applicable = Applicable(to.all_supported, tuple(to.families), tuple(to.builds))
    return {"applicable": applicable, **{name: getattr(told, name) for name in names}}


def _signature(told: SignatureDocument) -> Signature:
    where, what = told.where, told.what
    return Signature(
        states=tuple(where.state),
        phases=tuple(where.phase),
        kinds=tuple(where.kind),
        step=where.step or "",
        said=_said(what),
        places=tuple(what.places),
        none=tuple(what.none),
        facts=tuple(FactTest(test.fact, test.comparison, tuple(test.values)) for test in what.facts),
        certainty=told.certainty,
        mend=told.mend,
    )


def _said(what: WhatDocument) -> tuple[tuple[str, ...], ...]:
    wanted = [(item,) if isinstance(item, str) else tuple(item) for item in what.all]
    return (tuple(what.any), *wanted) if what.any else tuple(wanted)


def _mend(told: MendDocument) -> Mend:
    """Read by the plan format's own code, as one node's part of a rolling group."""
    group = {"name": "mend", "mode": "rolling", "role": "*", "items": told.steps, "verify": told.verify}
    plan = convert_plan({"format": PLAN_FORMAT, "name": "mend", "items": [group]})
    rolled = next(item for item in plan.items if isinstance(item, PlanGroup))
    steps = tuple(item for item in rolled.items if isinstance(item, PlanStep))
    if len(steps) < len(rolled.items):
        raise InvalidPlan("the steps of a mend stand one after the other: no groups")
    return Mend(told.says, steps, rolled.verify)


def write_known_issues(listed: KnownIssues) -> bytes:
    """The list's one form, of format 2.

    Raises:
        InvalidCatalogue: it would not be read back.
    """
    check_known_issues(listed)
    return canonical_json(
        {
            "format": KNOWN_ISSUES_FORMAT,
            "publisher": listed.publisher,
            "product": listed.product,
            "issued": listed.issued.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "issues": [issue_builtins(issue) for issue in listed.issues],
        }
    )


def issue_builtins(issue: KnownIssue) -> dict[str, Any]:
    """The issue as JSON values, of format 2."""
    to, mend = issue.applicable, issue.mend
    document = IssueDocument(
        id=issue.id,
        title=issue.title,
        applicable=ApplicableDocument(to.all_supported, list(to.families), list(to.builds)),
        symptom=issue.symptom,
        cause=issue.cause,
        remediation=issue.remediation,
        occurrence=issue.occurrence,
        signatures=[_signature_document(signature) for signature in issue.signatures],
        excludes=[_signature_document(signature) for signature in issue.excludes],
        mend=None if mend is None else _mend_document(mend),
        fixed_in=issue.fixed_in,
        link=issue.link,
    )
    value: dict[str, Any] = msgspec.to_builtins(document)
    return value


def _signature_document(signature: Signature) -> SignatureDocument:
    where = WhereDocument(
        list(signature.states), list(signature.phases), list(signature.kinds), signature.step or None
    )
    facts = [WhenDocument(test.fact, test.comparison, list(test.values)) for test in signature.facts]
    said = [group[0] if len(group) == 1 else list(group) for group in signature.said]
    what = WhatDocument([], said, list(signature.none), list(signature.places), facts)
    return SignatureDocument(where, what, signature.certainty, signature.mend)


def _mend_document(mend: Mend) -> MendDocument:
    steps, verify = ([step_document(step) for step in part] for part in (mend.steps, mend.verify))
    return MendDocument(mend.says, steps, verify)
