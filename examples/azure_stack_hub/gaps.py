"""Whether facts and repairs fit together: every gap has its entry, and every entry its gap.

Everything that does not fit is listed, not the first alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from azure_stack_hub.facts import History, Record
from azure_stack_hub.repairs import Repairs


def gaps(history: History, repairs: Repairs) -> list[str]:
    """All that does not fit; empty when the import may begin."""
    found = [
        *_families(history, repairs),
        *_predecessors(history, repairs),
        *_builds(history, repairs),
        *_left_out(history, repairs),
        *_scopes(history, repairs),
        *_schemes(history, repairs),
        *_days(history, repairs),
        *_quotes(history, repairs),
        *_statements(history),
    ]
    return [f"history.json and repairs.toml: {problem}" for problem in found]


def _families(history: History, repairs: Repairs) -> Iterator[str]:
    opened = {entry.family or "" for entry in history.of("update")}
    repaired = {entry.family for entry in repairs.family_without_release}
    for family in history.family_order:
        if family not in opened | repaired:
            yield f"no update opens family {family}"
    for family in sorted(repaired & opened):
        yield f"family {family} is said to have no release, but it has one"
    for family in sorted((repaired | opened) - set(history.family_order)):
        yield f"family {family} is not in the order of release"


def _predecessors(history: History, repairs: Repairs) -> Iterator[str]:
    for entry in history.of("update"):
        repaired = entry.family in repairs.predecessors.families
        if entry.prerequisite is None and not repaired:
            yield f"which family comes before {entry.family} is not said"
        if entry.prerequisite is not None and repaired:
            yield f"family {entry.family} names the family before it, and has an entry that says it does not"
        named = entry.prerequisite.from_family if entry.prerequisite else None
        if named is not None and named != history.before(entry.family or ""):
            yield f"{entry.family} names {named} as the family before it, which it is not in order of release"


def _builds(history: History, repairs: Repairs) -> Iterator[str]:
    without = {entry.family for entry in history.of("update") if entry.build is None}
    repaired = {entry.family for entry in repairs.build}
    yield from (f"family {family} has no build" for family in sorted(without - repaired, key=str))
    yield from (f"family {family} has a build of its own" for family in sorted(repaired - without))
    known = {entry.build for entry in history.records}
    for other in repairs.other_build:
        if other.build in known or other.build not in other.note:
            yield f"build {other.build} of family {other.family} is not one that is only mentioned"


def _left_out(history: History, repairs: Repairs) -> Iterator[str]:
    for record in history.of("hotfix"):
        if record.build is None and not repairs.leaves_out(record):
            yield f"hotfix {record.kb or 'without an article'} of family {record.family} has no build"
    for entry in repairs.left_out:
        if sum(entry.concerns(record) for record in history.records) != 1:
            yield f"there is not one record for {entry.build or entry.kb} of {entry.family} to be left out"


def _scopes(history: History, repairs: Repairs) -> Iterator[str]:
    for record in history.of("hotfix"):
        known, scope = record.family in history.family_order, repairs.scope_of(record.build)
        if not known and not scope:
            yield f"hotfix {record.build} serves {record.family!r}, which is no family"
        if known and scope:
            yield f"hotfix {record.build} serves family {record.family}, and has a scope of its own"
        for family in scope:
            if family not in history.family_order:
                yield f"hotfix {record.build} serves {family!r}, which is no family"
    hotfixes = {record.build for record in history.of("hotfix")}
    for build in [*(entry.build for entry in repairs.scope), *(entry.build for entry in repairs.order)]:
        if build not in hotfixes:
            yield f"there is no hotfix {build}"


def _schemes(history: History, repairs: Repairs) -> Iterator[str]:
    """Numbers of two schemes in one family cannot be compared: an entry says the order."""
    ordered = {entry.build for entry in repairs.order}
    for family in history.family_order:
        builds = {r.build for r in history.of("hotfix") if r.family == family and r.build is not None}
        if len({build.count(".") for build in builds}) > 1 and not builds & ordered:
            yield f"hotfixes of family {family} are numbered in two ways: {', '.join(sorted(builds))}"


def _days(history: History, repairs: Repairs) -> Iterator[str]:
    for record in history.of("update"):
        entry = repairs.released_of(record)
        if record.derived_release_date and (entry is None or entry.day != record.derived_release_date):
            yield f"{_called(record)} was released on {record.derived_release_date}, which no entry takes up"
        if record.available_after and (entry is None or entry.day is not None):
            yield f"{_called(record)} came after {record.available_after}: its day is not known"
    updates = history.of("update")
    for entry in repairs.released:
        if not any(repairs.released_of(record) is entry for record in updates):
            yield f"there is no update {entry.build or entry.family} for a day of release"


def _quotes(history: History, repairs: Repairs) -> Iterator[str]:
    """Words that an entry takes from the notes must stand there."""
    quoted = [
        (repairs.riding.from_family, repairs.riding.note),
        *((entry.family, entry.note) for entry in repairs.other_build),
        *((entry.family, entry.note) for entry in repairs.earlier_gate),
        *((entry.family, entry.note) for entry in repairs.gate_without_build),
        *((entry.family, entry.note) for entry in repairs.condition),
        *((entry.family, entry.note) for entry in repairs.content),
    ]
    for family, note in quoted:
        if not any(note in said for said in history.words(family)):
            yield f"the notes of family {family} do not say {note!r}"


def _statements(history: History) -> Iterator[str]:
    """What is supported is the newest and those before it, without a gap."""
    for statement in (s for s in history.support_statements if s.supported):
        newest = history.family_order.index(statement.supported[0])
        line = history.family_order[: newest + 1][::-1][: len(statement.supported)]
        if line != statement.supported:
            yield f"the statement {statement.as_of!r} leaves out a family in the order of release"


def _called(record: Record) -> str:
    return f"update {record.build or record.family}"
