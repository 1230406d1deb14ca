"""Failures whose known issue is known, to measure a list of issues with: one JSON object a line.

``{"id", "set": "dev" | "held-out", "failure": {...}, "expected": ID | null, "note"}``. A line that is not so
is refused with its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from pitstop.model.errors import InvalidInput, InvalidVersion
from pitstop.model.known_issues import Failure
from pitstop.model.versions import Version
from pitstop.package.strict_json import read_json
from pitstop.package.typed import converted

MAX_CASES_BYTES = 64 * 1024 * 1024
MAX_CASES = 100_000
MAX_LINE_BYTES = 1024 * 1024
_HINT = "Each line is one JSON object, in the format that docs/known-issues.md describes."

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Short = Annotated[str, msgspec.Meta(max_length=1_000)]
_Long = Annotated[str, msgspec.Meta(max_length=500_000)]


class StepOfCase(msgspec.Struct, forbid_unknown_fields=True):
    """The step that failed."""

    name: _Short = ""
    kind: _Short = ""


class FailureOfCase(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of a failure; all of it may be missing."""

    state: _Short = ""
    phase: _Short = ""
    step: StepOfCase = msgspec.field(default_factory=StepOfCase)
    error: _Long = ""
    output: _Long = ""
    log: Annotated[list[_Long], msgspec.Meta(max_length=20_000)] = []
    facts: Annotated[dict[_Short, _Short], msgspec.Meta(max_length=500)] = {}
    version: _Short = ""
    family: _Short = ""

    def failure(self) -> Failure:
        """Raises InvalidVersion: ``version`` is none."""
        version = Version.parse(self.version) if self.version else None
        log = tuple(self.log)
        return Failure(
            self.state,
            self.phase,
            self.step.name,
            self.step.kind,
            self.error,
            self.output,
            log,
            self.facts,
            version,
            self.family or None,
        )


class CaseLine(msgspec.Struct, forbid_unknown_fields=True):
    """A failure, and the issue that it is: None where it is none of the list."""

    id: _Name
    failure: FailureOfCase
    expected: _Name | None
    set: Literal["dev", "held-out"] = "held-out"
    note: _Short = ""


def read_cases(raw: bytes) -> Iterator[CaseLine]:
    """The cases that these lines say; empty lines are passed over.

    Raises:
        InvalidInput: one is not of the format, or an id is there twice; says which line.
    """
    if len(raw) > MAX_CASES_BYTES:
        raise InvalidInput(
            f"the cases are too large: {len(raw)} bytes, at most {MAX_CASES_BYTES} are allowed"
        )
    seen: dict[str, int] = {}
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        case = _case(line, number)
        if case.id in seen:
            raise InvalidInput(
                f"line {number}: case {case.id} is in line {seen[case.id]} already", hint=_HINT
            )
        seen[case.id] = number
        if len(seen) > MAX_CASES:
            raise InvalidInput(f"line {number}: more than {MAX_CASES} cases")
        yield case


def read_failure(raw: bytes) -> Failure:
    """One failure, as the field ``failure`` of a case says it.

    Raises:
        InvalidInput: it is not of the format.
    """
    try:
        told = converted(read_json(raw, "the failure", MAX_LINE_BYTES, InvalidInput), FailureOfCase)
        return told.failure()
    except (msgspec.ValidationError, InvalidVersion) as error:
        raise InvalidInput(f"the failure: {error}", hint=_HINT) from error


def _case(line: bytes, number: int) -> CaseLine:
    where = f"line {number}"
    try:
        case = converted(read_json(line, where, MAX_LINE_BYTES, InvalidInput), CaseLine)
        case.failure.failure()
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{where}: {error}", hint=_HINT) from error
    except InvalidInput as error:
        said = error.message if error.message.startswith(where) else f"{where}: {error.message}"
        raise InvalidInput(said, hint=_HINT) from error
    return case
