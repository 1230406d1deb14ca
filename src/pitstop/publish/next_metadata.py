"""The metadata that follows what is published. Reads the files that are to be signed, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tuf.api.metadata import (  # type: ignore[attr-defined] # documented, without __all__
    MetaFile,
    Snapshot,
    TargetFile,
    Targets,
)

from pitstop.model.errors import Conflict
from pitstop.package.site_layout import target_number
from pitstop.publish.published import Changes, Published, Source


def next_targets(
    current: Published, changes: Changes, teams: Mapping[str, Targets], expires: datetime
) -> Targets:
    """What the targets role signs next: all that it signed before, but for the documents whose place new
    ones take, and what is new and not signed by a team.

    Raises:
        Conflict: something is published already with other bytes.
    """
    base = changes.top or current.top
    replaced = {
        path for path in base.targets for kind in changes.documents if target_number(kind, path) is not None
    }
    kept = {path: file for path, file in base.targets.items() if path not in replaced}
    wanted: dict[str, Source] = {**changes.files, **changes.document_targets(current)}
    of_teams = {path: file for by in teams.values() for path, file in by.targets.items()}
    added = new_targets({**of_teams, **current.targets, **kept}, wanted)
    return Targets(
        current.versions["targets"] + 1,
        expires=expires,
        targets={**kept, **added},
        delegations=base.delegations,
    )


def next_snapshot(
    version: int, expires: datetime, targets: Targets, teams: Mapping[str, Targets]
) -> Snapshot:
    """The snapshot of this targets metadata and the teams'."""
    signed = {"targets": targets, **teams}
    return Snapshot(
        version, expires=expires, meta={f"{role}.json": MetaFile(by.version) for role, by in signed.items()}
    )


def new_targets(signed: Mapping[str, TargetFile], wanted: Mapping[str, Source]) -> dict[str, TargetFile]:
    """Those of ``wanted`` that are not signed yet.

    Raises:
        Conflict: one is signed with other bytes; published files never change.
    """
    added = {}
    for path, source in wanted.items():
        made = _target_of(path, source)
        if path not in signed:
            added[path] = made
        elif (signed[path].length, signed[path].hashes) != (made.length, made.hashes):
            raise Conflict(
                f"{path} is published already, with other bytes",
                hint="What is published never changes: give the build another version.",
            )
    return added


def _target_of(path: str, source: Source) -> TargetFile:
    if isinstance(source, bytes):
        return TargetFile.from_data(path, source, ["sha256"])
    return TargetFile.from_file(path, str(source), ["sha256"])
