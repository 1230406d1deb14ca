"""What an import needs beyond the facts, as ``repairs.toml`` says it: each entry with its reason.

``note`` repeats words of the facts that an entry puts into a field; :mod:`azure_stack_hub.gaps` refuses an
entry whose words are not there.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Literal

import msgspec

from azure_stack_hub.facts import FOLDER, Record
from pitstop.model.conditions import FactTest


class Issued(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As of when the catalogues are known."""

    at: datetime
    reason: str


class KindNotNamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The type of updates whose notes name none."""

    kind: Literal["full", "express"]
    reason: str


class Restarts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The types of updates that restart nodes."""

    kinds: tuple[str, ...]
    reason: str


class Riding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this family on, the newest hotfix goes on with the family."""

    from_family: str
    note: str
    reason: str


class Predecessors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Families whose notes do not name the family before."""

    families: tuple[str, ...]
    reason: str


class FamilyWithoutRelease(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: str
    reason: str


class Build(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The build of an update that has none in the facts."""

    family: str
    build: str
    reason: str


class OtherBuild(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A build that another copy of the notes prints, and that is not taken."""

    family: str
    build: str
    note: str
    reason: str


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that is not in the catalogue, by its build or its article."""

    family: str
    reason: str
    build: str | None = None
    kb: str | None = None

    def concerns(self, record: Record) -> bool:
        return (record.family, record.build) == (self.family, self.build) and self.kb in (None, record.kb)


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The families of a hotfix that serves several."""

    build: str
    families: tuple[str, ...]
    reason: str


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hotfix that replaces others, where the numbers alone do not say so."""

    build: str
    replaces: tuple[str, ...]
    reason: str


class EarlierGate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hotfixes that earlier editions of the notes required."""

    family: str
    builds: tuple[str, ...]
    note: str
    reason: str


class GateWithoutBuild(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A required hotfix of which the notes do not say which."""

    family: str
    note: str
    reason: str


class Released(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The day of release where it is not some day of the month in the family's name: exactly, or no earlier
    than a day; neither: not known."""

    reason: str
    family: str | None = None
    build: str | None = None
    day: date | None = None
    not_before: date | None = None


class SpelledCondition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: str
    note: str
    says: str
    reason: str
    remedy: str = ""
    when: tuple[FactTest, ...] = ()
    facts: tuple[FactTest, ...] = ()
    excludes: bool = False


class SpelledContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: str
    note: str
    name: str
    description: str
    remedy: str
    reason: str
    when: tuple[FactTest, ...] = ()


class Repairs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issued: Issued
    kind_not_named: KindNotNamed
    restarts: Restarts
    riding: Riding
    predecessors: Predecessors
    family_without_release: tuple[FamilyWithoutRelease, ...] = ()
    build: tuple[Build, ...] = ()
    other_build: tuple[OtherBuild, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    scope: tuple[Scope, ...] = ()
    order: tuple[Order, ...] = ()
    earlier_gate: tuple[EarlierGate, ...] = ()
    gate_without_build: tuple[GateWithoutBuild, ...] = ()
    released: tuple[Released, ...] = ()
    condition: tuple[SpelledCondition, ...] = ()
    content: tuple[SpelledContent, ...] = ()

    def leaves_out(self, record: Record) -> bool:
        return any(entry.concerns(record) for entry in self.left_out)

    def build_of(self, record: Record) -> str | None:
        """The build of an update: the record's own, or the one that stands in its place."""
        stands_in = next((entry.build for entry in self.build if entry.family == record.family), None)
        return record.build or stands_in

    def scope_of(self, build: str | None) -> tuple[str, ...]:
        """The families that are named for this hotfix; empty: its record says it."""
        return next((entry.families for entry in self.scope if entry.build == build), ())

    def released_of(self, record: Record) -> Released | None:
        """What is said of the day of this update: of its build before that of its family."""
        named = [entry for entry in self.released if entry.build is not None and entry.build == record.build]
        named += [
            entry for entry in self.released if entry.family is not None and entry.family == record.family
        ]
        return next(iter(named), None)


def read_repairs(path: Path = FOLDER / "repairs.toml") -> Repairs:
    """The repairs.

    Raises:
        msgspec.ValidationError: a field is unknown, missing or of another kind.
    """
    return msgspec.toml.decode(path.read_bytes(), type=Repairs)
