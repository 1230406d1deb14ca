"""A team inside one publisher, which signs the files of its packages with its own key.

The publisher's desk *delegates*: names of packages to a team's keys. The team *hands in*: it lays the files
of a package on the site and signs them; nobody sees them yet. When the desk *releases* the package, it adds
the entry to the catalogue and takes the team's signature into the snapshot. So a team can never make anything
public alone, nor sign a file of a package that is not its own, and the desk need not hold the team's key.

TUF's path patterns match one level each (``*`` is never a ``/``), so every level is listed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import Key, SSlibKey  # type: ignore[attr-defined] # documented, no __all__
from tuf.api.metadata import (  # type: ignore[attr-defined] # documented, without __all__
    TOP_LEVEL_ROLE_NAMES,
    DelegatedRole,
    Delegations,
    TargetFile,
    Targets,
)

from pitstop.model.errors import Conflict, InvalidInput, NotFound, TrustError
from pitstop.package.content_paths import short_name_problem
from pitstop.package.site_layout import article_target, notes_target, package_target
from pitstop.publish.keys import KeyFolder
from pitstop.publish.next_metadata import new_targets
from pitstop.publish.published import Changes, Published, Source
from pitstop.publish.repository import Repository
from pitstop.publish.settings import KEY_ROLES
from pitstop.publish.signed_metadata import signed_bytes
from pitstop.publish.team_metadata import delegated_roles, handed_in

TEAM_KEY = "team-"
_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*\*?", re.ASCII)
_RESERVED = {*TOP_LEVEL_ROLE_NAMES, *KEY_ROLES}


def team_paths(packages: str) -> list[str]:
    """The target paths of packages with such names: files, notes, articles; a pattern for each level.

    Args:
        packages: a package's name, or the beginning of one and ``*``.
    """
    return [package_target(packages, "*"), notes_target(packages), article_target(packages)]


@dataclass(frozen=True)
class Team:
    """A team to be.

    Attributes:
        packages: names of packages, or beginnings of names and ``*``.
        threshold: how many of the keys must sign.
    """

    name: str
    keys: Sequence[SSlibKey]
    packages: Sequence[str]
    threshold: int = 1

    def role(self) -> DelegatedRole:
        """The team's delegation.

        Raises:
            InvalidInput: it cannot be.
        """
        if short_name_problem(self.name) or self.name in _RESERVED:
            raise InvalidInput(f"a team cannot be called {self.name!r}")
        if not 1 <= self.threshold <= len({key.keyid for key in self.keys}):
            raise InvalidInput(f"{self.threshold} of {len(self.keys)} keys cannot sign")
        if not self.packages:
            raise InvalidInput("a team signs packages of some name: give at least one with --packages")
        for names in self.packages:
            if not _PATTERN.fullmatch(names):
                raise InvalidInput(
                    f"{names!r} names no packages",
                    hint="It is a package's name, or the beginning of one and *.",
                )
        paths = [path for names in self.packages for path in team_paths(names)]
        return DelegatedRole(self.name, [key.keyid for key in self.keys], self.threshold, True, paths)


def delegate(repository: Repository, keys: KeyFolder, team: Team, now: datetime) -> Published:
    """Let this team sign the files of packages with such names; what was delegated to it before ends.

    Raises:
        InvalidInput: team, keys or names cannot be.
        Conflict: a file that the team has published would no longer be its own.
    """
    role = team.role()
    published = repository.read()
    lost = [path for path in _signed_by(published, team.name) if not role.is_delegated_path(path)]
    if lost:
        raise Conflict(f"{lost[0]} is published by team {team.name} and would no longer be its own")
    roles = {**_others(published.top, team.name), team.name: role}
    top = _with(published.top, roles, {key.keyid: key for key in team.keys})
    return repository.change(keys, now, Changes(top=top), over=published.number)


def dissolve(repository: Repository, keys: KeyFolder, team: str, now: datetime) -> Published:
    """End a team's delegation; what it has published is signed by the publisher itself from now on.

    Raises:
        NotFound: there is no such team.
    """
    published = repository.read()
    if team not in delegated_roles(published.top):
        raise NotFound(f"there is no team {team}")
    top = _with(published.top, _others(published.top, team), {})
    top.targets |= _signed_by(published, team)
    return repository.change(keys, now, Changes(top=top), over=published.number)


def hand_in(
    repository: Repository, keys: KeyFolder, team: str, files: Mapping[str, Source], now: datetime
) -> Targets:
    """Lay these files on the site and sign them as the team; the desk makes them public.

    Raises:
        NotFound: there is no such team, or its key is not here.
        TrustError: the key is not the team's.
        InvalidInput: a file is not the team's to sign.
        Conflict: a file is published already, with other bytes.
    """
    with repository.alone():
        published = repository.read()
        role = delegated_roles(published.top).get(team)
        if role is None:
            raise NotFound(
                f"there is no team {team}", hint="The desk delegates with `pitstop publish delegate`."
            )
        for path in files:
            if not role.is_delegated_path(path):
                raise InvalidInput(f"{path} is not team {team}'s to sign: it may sign {_says(role)}")
        signers = keys.usable(f"{TEAM_KEY}{team}", role.keyids)
        if len(signers) < role.threshold:
            raise TrustError(f"{len(signers)} of the {role.threshold} keys of team {team} are here")
        before = handed_in(repository.metadata_folder, published.top, published).get(team)
        kept = dict(before.targets) if before is not None else {}
        added = new_targets({**published.targets, **kept}, files)
        for path in added:
            repository.put_source(repository.targets_folder / path, files[path])
        version = before.version + 1 if before is not None else 1
        signed = Targets(version, expires=repository.expiry("targets", now), targets={**kept, **added})
        raw = signed_bytes(signed, signers)
        repository.put_source(repository.metadata_folder / f"{version}.{team}.json", raw)
        return signed


def _others(top: Targets, team: str) -> dict[str, DelegatedRole]:
    return {name: role for name, role in delegated_roles(top).items() if name != team}


def _signed_by(published: Published, team: str) -> dict[str, TargetFile]:
    signed = published.teams.get(team)
    return dict(signed.targets) if signed is not None else {}


def _with(top: Targets, roles: dict[str, DelegatedRole], new_keys: Mapping[str, Key]) -> Targets:
    """The same targets with these delegations, and the keys that they need."""
    known = {**(top.delegations.keys if top.delegations is not None else {}), **new_keys}
    needed = {keyid for role in roles.values() for keyid in role.keyids}
    used = {keyid: key for keyid, key in known.items() if keyid in needed}
    delegations = Delegations(used, roles) if roles else None
    return Targets(top.version, expires=top.expires, targets=dict(top.targets), delegations=delegations)


def _says(role: DelegatedRole) -> str:
    return ", ".join(role.paths or [])
