"""What teams inside a publisher have signed: read from the site, verified against their delegations.

A team's metadata ``N.<team>.json`` counts once a snapshot names it. The next number lying on the site is what
the team has handed in since; the publisher's desk takes it along when it signs.
"""

from __future__ import annotations

from pathlib import Path

from tuf.api.metadata import (  # type: ignore[attr-defined] # documented, without __all__
    DelegatedRole,
    Snapshot,
    Targets,
)

from pitstop.model.errors import Conflict, TrustError
from pitstop.publish.published import Published
from pitstop.publish.signed_metadata import parsed, site_bytes, verify


def delegated_roles(targets: Targets) -> dict[str, DelegatedRole]:
    """The teams, in the order in which their word counts."""
    delegations = targets.delegations
    return dict(delegations.roles) if delegations is not None and delegations.roles else {}


def known_teams(folder: Path, targets: Targets, snapshot: Snapshot) -> dict[str, Targets]:
    """What this snapshot says that the teams have signed.

    Raises:
        NotFound, TrustError: it is not there, or not signed as the delegation asks.
    """
    found = {}
    for team in delegated_roles(targets):
        meta = snapshot.meta.get(f"{team}.json")
        if meta is not None:
            found[team] = team_metadata(folder, targets, team, meta.version)
    return found


def team_metadata(folder: Path, targets: Targets, team: str, version: int) -> Targets:
    """What a team has signed under this version."""
    name = f"{version}.{team}.json"
    metadata = parsed(site_bytes(folder / name), name, Targets)
    verify(targets, team, metadata, name)
    if metadata.signed.version != version:
        raise TrustError(f"{name} says version {metadata.signed.version}")
    role = delegated_roles(targets)[team]
    for path in metadata.signed.targets:
        if not role.is_delegated_path(path):
            raise TrustError(f"{name} signs {path}, which is not team {team}'s to sign")
    return metadata.signed


def handed_in(folder: Path, targets: Targets, current: Published) -> dict[str, Targets]:
    """What the teams have signed, with what they have handed in since.

    Raises:
        NotFound, TrustError: as for :func:`known_teams`.
        Conflict: a team changes or takes back what is published.
    """
    found = {}
    for team in delegated_roles(targets):
        signed = current.teams.get(team)
        version = signed.version if signed is not None else 0
        while (folder / f"{version + 1}.{team}.json").exists():
            version += 1
            signed = team_metadata(folder, targets, team, version)
        if signed is not None:
            _require_kept(team, signed, current)
            found[team] = signed
    return found


def _require_kept(team: str, signed: Targets, current: Published) -> None:
    before = current.teams[team].targets if team in current.teams else {}
    changed = [path for path in before if path not in signed.targets]
    for path, file in signed.targets.items():
        known = current.targets.get(path)
        if known is not None and (known.length, known.hashes) != (file.length, file.hashes):
            changed.append(path)
    if changed:
        raise Conflict(
            f"team {team} has signed a change of what is published already: {changed[0]}",
            hint=f"Team {team} must sign again, on top of what is published.",
        )
