"""The facts as ``history.json`` has them: nothing is made of them here, and no field is passed over.

None says that the fact is not known. A record is an update (it opens a family), a hotfix or an OEM package.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent


class Conditional(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With ``if_installed`` on a system, ``then_require`` goes first."""

    if_installed: str
    then_require: str


class Prerequisite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    from_family: str
    required_hotfix: str | None
    required_hotfix_kb: str | None
    note: str | None
    from_builds: tuple[str, ...] = ()
    conditional: Conditional | None = None


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One release.

    Attributes:
        family: of an OEM package, the hardware family that its source names.
        expected_runtime_hours: shortest and longest, by ``4_nodes``, ``8_nodes``, ... or ``any``.
        doc_date: of the page that describes it, which is not the day of release.
        hub_baseline: the platform's image that the OEM lists beside its package; not a prerequisite.
    """

    product: str
    record: str
    family: str | None
    build: str | None
    kind: str | None
    release_date: date | None
    kb: str | None
    prerequisite: Prerequisite | None
    source: str
    notes: tuple[str, ...]
    min_oem_version: str | None = None
    min_oem_source: str = ""
    expected_runtime_hours: dict[str, tuple[int, int]] | None = None
    host_os: str | None = None
    doc_date: date | None = None
    cumulative_within_family: bool = True
    changes_cloud_version: bool | None = None
    publisher: str = ""
    file: str = ""
    hub_baseline: str = ""
    latest_build_printed: str = ""
    equivalent_builds: tuple[str, ...] = ()
    package_build: str = ""
    files: tuple[str, ...] = ()
    superseded_by: str | None = None
    available_after: date | None = None
    reissue_of: str | None = None
    derived_release_date: date | None = None
    derived_release_date_basis: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """All that the notes say in words."""
        said = self.prerequisite.note if self.prerequisite else None
        return (*self.notes, said) if said else self.notes


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the publisher said of support: ``supported`` families as of a release, the newest first."""

    source: str
    statement: str = ""
    as_of: str = ""
    supported: tuple[str, ...] = ()
    rule: str = ""


class Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How builds were numbered, from or until a family."""

    scheme: str
    from_family: str | None = None
    until_family: str | None = None
    example: str = ""
    examples: tuple[str, ...] = ()
    source: str = ""


class History(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All facts. ``family_order`` is the order of release."""

    about: str
    version_schemes: tuple[Scheme, ...]
    family_order: tuple[str, ...]
    records: tuple[Record, ...]
    support_statements: tuple[Statement, ...]

    def of(self, record: str) -> tuple[Record, ...]:
        """The records of one sort: ``update``, ``hotfix`` or ``oem``."""
        return tuple(entry for entry in self.records if entry.record == record)

    def before(self, family: str) -> str | None:
        """The family that was released before this one; None for the first."""
        place = self.family_order.index(family)
        return self.family_order[place - 1] if place else None

    def words(self, family: str) -> tuple[str, ...]:
        """All that the notes of a family's updates say in words."""
        return tuple(text for entry in self.of("update") if entry.family == family for text in entry.words)


def read_history(path: Path = FOLDER / "history.json") -> History:
    """The facts.

    Raises:
        msgspec.ValidationError: a field is unknown, missing or of another kind.
    """
    return msgspec.json.decode(path.read_bytes(), type=History)
