"""How the model's values lie in columns, alike on every database.

Instants are ISO 8601 text in UTC with microseconds, all of one length, so that their order as text is
their order in time. Enums are stored by value. Values with parts (findings, arguments) are JSON text made
by msgspec from the model's own types.

JSON that cannot be read any more (damaged, or of another version) ends no list. A finding says so itself;
where the column says what is to stand ``instead``, the value is an :class:`Unread` for who makes a row into
the model's value; elsewhere it is an error that names the column. Whatever is written back is the text as it
was, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, TypeVar

import msgspec
from sqlalchemy import BigInteger, Dialect, Enum, Row, String, Text
from sqlalchemy.types import TypeDecorator

from pitstop.model.errors import RecordDamaged
from pitstop.model.findings import Finding, Severity
from pitstop.model.versions import Version

_SHOWN = 400
"""Signs of a damaged text that a finding shows."""

_ERROR = object()
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
_MICROSECOND = timedelta(microseconds=1)
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """An aware datetime as ``2026-01-31T09:05:00.000000Z``."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone: instants are aware")
        return value.astimezone(UTC).strftime(_INSTANT)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Duration(TypeDecorator[timedelta]):
    """A timedelta in whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, _dialect: Dialect) -> int | None:
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, _dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(microseconds=value)


class VersionText(TypeDecorator[Version]):
    """A version as it is written, such as ``1.2311.3.62``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Version | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Version | None:
        return None if value is None else Version.parse(value)


@dataclass(frozen=True, slots=True)
class UnreadFinding(Finding):
    """What is shown where something cannot be read. ``raw``: what stays in the finding's own column."""

    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """What stands for another value that cannot be read.

    Attributes:
        instead: what may be shown in its place; to act on it would be a guess.
    """

    raw: str
    instead: Any
    finding: UnreadFinding


def unread(raw: str, error: Exception) -> UnreadFinding:
    """A finding about what cannot be read."""
    return UnreadFinding(
        RecordDamaged.code,
        Severity.WARNING,
        "the database",
        "what was kept here cannot be read any more",
        RecordDamaged.default_hint,
        "It is left as it is, and nothing else is lost.",
        f"{error}\n{raw[:_SHOWN]}",
        raw=raw,
    )


class Json(TypeDecorator[Any]):
    """A value of ``of`` (a type that msgspec knows) as JSON text; None is NULL.

    Args:
        instead: what is shown where it cannot be read; else that is an error.
    """

    impl = Text
    cache_ok = True

    def __init__(self, of: Any, instead: Any = _ERROR) -> None:
        super().__init__()
        self.of = of
        self._instead = instead
        self._decoder = msgspec.json.Decoder(of)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        if isinstance(value, Unread | UnreadFinding):
            return value.raw
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        try:
            return None if value is None else self._decoder.decode(value)
        except msgspec.MsgspecError as error:
            return self._stand_in(value or "", error)

    def _stand_in(self, raw: str, error: Exception) -> Any:
        if self.of is Finding:
            return unread(raw, error)
        if self._instead is _ERROR:
            raise RecordDamaged(f"a value of the database cannot be read any more: {error}: {raw[:80]!r}")
        return Unread(raw, self._instead, unread(raw, error))


def beside(unread: UnreadFinding | None, kept: Finding | None) -> Finding | None:
    """What is shown of a row of which another value than its finding cannot be read: that finding stays."""
    if unread is None:
        return kept
    if kept is None or isinstance(kept, UnreadFinding):
        return replace(unread, raw=kept.raw if kept else None)
    return replace(unread, raw=msgspec.json.encode(kept).decode())


def read(row: Row[Any]) -> tuple[Any, UnreadFinding | None]:
    """The row, with what may be shown for values that cannot be read; and the first of these as a finding."""
    values = row._mapping
    damaged = {name: value for name, value in values.items() if isinstance(value, Unread)}
    if not damaged:
        return row, None
    name, first = next(iter(damaged.items()))
    what = f"what was kept of its {name.replace('_', ' ')} cannot be read any more"
    instead = {name: value.instead for name, value in damaged.items()}
    return SimpleNamespace(**{**values, **instead}), replace(first.finding, what=what)


def words(of: type[E]) -> Enum:
    """A StrEnum by its values, as text."""
    return Enum(
        of,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=64,
    )
