"""What a release may ask of a system beyond families and hotfixes, as its publisher signs it.

A :class:`FactTest` asks one named fact. Conditions, risks and required content are made of such tests. The
values are data alone: what they mean for a system is worked out by :mod:`pitstop.policy`, where a fact that
is not there makes the answer *unknown*, never yes or no.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pitstop.model.versions import Version


class Comparison(StrEnum):
    """How a fact is held against values. Numbers are decimal; versions compare number by number."""

    IS = "is"
    IS_NOT = "is-not"
    ONE_OF = "one-of"
    NONE_OF = "none-of"
    AT_LEAST = "at-least"
    BELOW = "below"
    VERSION_AT_LEAST = "version-at-least"
    VERSION_BELOW = "version-below"


@dataclass(frozen=True, slots=True)
class FactTest:
    """One question to one fact, such as *free-memory-gib at-least 12*.

    Attributes:
        values: one value; several only for ``one-of`` and ``none-of``.
    """

    fact: str
    comparison: Comparison
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.fact} {self.comparison} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A prerequisite of a release that holds only where its ``when`` holds.

    Attributes:
        says: what is required, as one sentence.
        remedy: what to do when it is not met; "" where the required hotfix says it.
        when_installed: only where this build went on (in the family that the system is on now).
        when: only where all these tests hold; empty: always.
        hotfix: then this hotfix must be on, or a newer one of its family.
        facts: then all these tests must hold.
        excludes: where it is not met, the release is not for this system at all (``Invalid``).
    """

    says: str
    remedy: str = ""
    when_installed: Version | None = None
    when: tuple[FactTest, ...] = ()
    hotfix: Version | None = None
    facts: tuple[FactTest, ...] = ()
    excludes: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Risk:
    """A known danger of a release, or of the step to it from certain builds.

    Attributes:
        name: by which an operator accepts it; unique in its catalogue.
        message: what may happen to whom, in one sentence.
        rules: ordered; the first that can be evaluated decides whether this system is affected. Empty:
            every system is. If none can be evaluated, the release is not recommended.
        from_builds: only the step from these builds; empty: from any.
        fixed_in: with this build on, or going on in the same run, the risk is gone.
    """

    name: str
    message: str
    link: str = ""
    rules: tuple[FactTest, ...] = ()
    from_builds: tuple[Version, ...] = ()
    fixed_in: Version | None = None


@dataclass(frozen=True, slots=True)
class RequiredContent:
    """Something that the operator must bring before the release can go on, such as a product key.

    Attributes:
        name: as the system records it when it is there.
        when: only where all these tests hold; empty: always.
    """

    name: str
    description: str
    remedy: str = ""
    when: tuple[FactTest, ...] = ()
