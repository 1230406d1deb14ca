"""What is signed, according to a cache of metadata that python-tuf has verified.

Read back from the cache under the newest root that is known: what was signed with keys that have been taken
back since counts no more. Expiry is not judged here: whoever refreshes judges it by the clock, whoever reads
a medium by its age. Delegations go one level deep: the teams inside a publisher.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined]  # tuf's documented names, without __all__
    DelegatedRole,
    Metadata,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)

ROOT_HISTORY = "root_history"


@dataclass(frozen=True, slots=True)
class Versions:
    """Of a source's signed metadata, by role."""

    root: int
    timestamp: int
    snapshot: int
    targets: int


@dataclass(frozen=True)
class Trusted:
    """One verified state of a source.

    Attributes:
        teams: what the teams inside the publisher have signed, by name.
        signers: the keys that signed the targets.
    """

    root: Root
    timestamp: Timestamp
    snapshot: Snapshot
    targets: Targets
    teams: Mapping[str, Targets] = field(default_factory=dict)
    signers: frozenset[str] = frozenset()

    @property
    def versions(self) -> Versions:
        return Versions(
            self.root.version, self.timestamp.version, self.snapshot.version, self.targets.version
        )

    def find(self, path: str) -> TargetFile | None:
        """How the file of this target path was signed; None: it was not."""
        file = self.targets.targets.get(path)
        if file is not None:
            return file
        for name, role in delegated(self.targets).items():
            if not role.is_delegated_path(path):
                continue
            found = self.teams[name].targets.get(path) if name in self.teams else None
            if found is not None or role.terminating:
                return found
        return None

    def files(self) -> dict[str, TargetFile]:
        """All signed files by target path."""
        paths = {*self.targets.targets, *(path for team in self.teams.values() for path in team.targets)}
        return {path: file for path in sorted(paths) if (file := self.find(path)) is not None}

    def metadata_names(self) -> Iterator[str]:
        """The files that hold this state at a site, but for roots and timestamp."""
        yield f"{self.snapshot.version}.snapshot.json"
        yield f"{self.targets.version}.targets.json"
        for name, team in self.teams.items():
            yield f"{team.version}.{quote(name, '')}.json"


def delegated(targets: Targets) -> Mapping[str, DelegatedRole]:
    """The teams that these targets delegate to, in the order in which their word counts."""
    if targets.delegations is None or targets.delegations.roles is None:
        return {}
    return targets.delegations.roles


def load(cache: Path, root: Root) -> Trusted | None:
    """The state in this cache; None: there is none, or it does not hold under this root."""
    try:
        timestamp = _verified(cache, "timestamp", Timestamp, root)
        snapshot = _verified(cache, "snapshot", Snapshot, root)
        targets = _verified(cache, "targets", Targets, root)
        teams = dict(_teams(cache, snapshot, targets))
    except (FileNotFoundError, RepositoryError):
        return None
    return Trusted(root, timestamp, snapshot, targets, teams, _signers(cache, root))


def _signers(cache: Path, root: Root) -> frozenset[str]:
    metadata = Metadata[Targets].from_bytes((cache / "targets.json").read_bytes())
    checked = root.get_verification_result(Targets.type, metadata.signed_bytes, metadata.signatures)
    return frozenset(checked.signed)


def paths_of_teams(cache: Path) -> Iterator[str]:
    """For each team that has signed something, a path that could be its own: asking for it makes python-tuf
    fetch and verify what the team has signed."""
    snapshot = Metadata[Snapshot].from_bytes((cache / "snapshot.json").read_bytes()).signed
    targets = Metadata[Targets].from_bytes((cache / "targets.json").read_bytes()).signed
    for name, role in delegated(targets).items():
        if f"{name}.json" in snapshot.meta and role.paths:
            yield role.paths[0].replace("*", "x").replace("?", "x")


def _teams(cache: Path, snapshot: Snapshot, targets: Targets) -> Iterator[tuple[str, Targets]]:
    for name in delegated(targets):
        if f"{name}.json" in snapshot.meta:
            team = _verified(cache, name, Targets, targets)
            if team.version == snapshot.meta[f"{name}.json"].version:
                yield name, team


def _verified(cache: Path, role: str, kind: type[S], delegator: Root | Targets) -> S:
    metadata = Metadata[S].from_bytes((cache / f"{quote(role, '')}.json").read_bytes())
    if not isinstance(metadata.signed, kind):
        raise RepositoryError(f"{role}.json is metadata of another role")
    delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    return metadata.signed


def newest_root(*caches: Path) -> Root | None:
    """The newest root that python-tuf has verified into one of these caches."""
    roots = []
    for cache in caches:
        try:
            roots.append(Metadata[Root].from_bytes((cache / "root.json").read_bytes()).signed)
        except FileNotFoundError:
            continue
    return max(roots, key=lambda root: root.version, default=None)


def share_roots(caches: Mapping[str, Path], to: str) -> None:
    """Lay the roots that the other caches have verified into this one; python-tuf verifies them again."""
    history = caches[to] / ROOT_HISTORY
    history.mkdir(parents=True, exist_ok=True)
    for name, other in caches.items():
        for file in other.glob(f"{ROOT_HISTORY}/*.root.json") if name != to else ():
            if not (history / file.name).exists():
                (history / file.name).write_bytes(file.read_bytes())
