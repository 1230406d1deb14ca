"""How the model's values lie in columns, alike on every database.

Instants are ISO 8601 text in UTC with microseconds, all of one length, so that their order as text is
their order in time. Enums are stored by value. Values with parts (findings, arguments) are JSON text made
by msgspec from the model's own types.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from sqlalchemy import BigInteger, Dialect, Enum, String, Text
from sqlalchemy.types import TypeDecorator

from pitstop.model.versions import Version

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


class Json(TypeDecorator[Any]):
    """A value of ``of`` (a type that msgspec knows) as JSON text; None is NULL."""

    impl = Text
    cache_ok = True

    def __init__(self, of: Any) -> None:
        super().__init__()
        self.of = of
        self._decoder = msgspec.json.Decoder(of)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else self._decoder.decode(value)


def words(of: type[E]) -> Enum:
    """A StrEnum by its values, as text."""
    return Enum(
        of,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=64,
    )
