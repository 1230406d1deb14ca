"""Replacing the root of trust, in steps that need not be made on one machine.

1. ``prepare``  at the publisher's desk: the next root as a draft, unsigned. No key is needed.
2. ``sign``     wherever a root key is, as often as needed: adds one signature to the draft. Nothing but the
   draft and the key is needed there.
3. ``standing`` anywhere: what the draft changes, whose signatures it has, whose are missing.
4. ``finish``   at the desk: when both the old root's threshold and its own have signed, it is published.

A new root must be signed by both: the old one lets it in, the new one shows that its keys can be used. Where
keys of the other roles change, their metadata is first signed anew, by the new keys and by those old ones
that are here: clients can follow at any moment. A draft is a root like any other, only with too few
signatures: nobody can do anything with it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from securesystemslib.signer import (  # type: ignore[attr-defined] # documented, without __all__
    Key,
    Signer,
    SSlibKey,
)
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Timestamp  # type: ignore[attr-defined] # documented, no __all__
from tuf.api.serialization import DeserializationError

from pitstop.model.errors import Conflict, InvalidInput, NotAllowed
from pitstop.package.media_timestamp import FIELD, media_keyids, wire_keyids
from pitstop.publish.keys import KEY_NAME, KeyFolder
from pitstop.publish.published import ONLINE_ROLES, Changes, Published
from pitstop.publish.repository import Repository
from pitstop.publish.settings import KEY_ROLES, MEDIA
from pitstop.publish.signed_metadata import add_signature, role_keyids, role_signers

MAX_ROOT_BYTES = 512_000


@dataclass(frozen=True)
class RootChange:
    """What the next root does differently.

    Attributes:
        add: role and public key. ``media`` is a role here: see :mod:`pitstop.package.media_timestamp`.
        remove: role and the name, or the beginning of the id, of a key.
        thresholds: how many must sign, by role.
    """

    add: Sequence[tuple[str, SSlibKey]] = ()
    remove: Sequence[tuple[str, str]] = ()
    thresholds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """How far one root's demand is met: keys by id and name."""

    threshold: int
    signed: Mapping[str, str]
    missing: Mapping[str, str]

    @property
    def enough(self) -> bool:
        return len(self.signed) >= self.threshold


@dataclass(frozen=True)
class Standing:
    """How a draft stands: ``old`` and ``new`` are the demands of the two roots."""

    version: int
    expires: datetime
    changes: Sequence[str]
    old: Share
    new: Share

    @property
    def ready(self) -> bool:
        return self.old.enough and self.new.enough


def prepare(repository: Repository, change: RootChange, now: datetime) -> bytes:
    """The next root, unsigned.

    Raises:
        InvalidInput: a role or key is not there, or too few keys would remain.
    """
    root = copy.deepcopy(repository.root())
    root.version += 1
    root.expires = repository.expiry("root", now)
    for role, key in change.add:
        _add(root, role, key)
    for role, name in change.remove:
        _remove(root, role, name)
    for role, threshold in change.thresholds.items():
        root.roles[_tuf_role(role)].threshold = threshold
    problems = list(_problems(root))
    if problems:
        raise InvalidInput(f"the next root cannot be so: {'; '.join(problems)}")
    return Metadata(root).to_bytes()


def _tuf_role(role: str) -> str:
    if role not in KEY_ROLES:
        raise InvalidInput(f"there is no role {role!r}", hint=f"There are {', '.join(KEY_ROLES)}.")
    return Timestamp.type if role == MEDIA else role


def _add(root: Root, role: str, key: SSlibKey) -> None:
    tuf_role = _tuf_role(role)
    if key.keyid in root.roles[tuf_role].keyids:
        raise InvalidInput(f"the key {name_of(key)} is a {tuf_role} key already")
    root.add_key(key, tuf_role)
    if role == MEDIA:
        root.unrecognized_fields[FIELD] = {"keyids": sorted({*media_keyids(root), key.keyid})}


def _remove(root: Root, role: str, name: str) -> None:
    keyid = _keyid(root, role, name)
    root.revoke_key(keyid, _tuf_role(role))
    root.unrecognized_fields[FIELD] = {"keyids": sorted(media_keyids(root) - {keyid})}


def _keyid(root: Root, role: str, name: str) -> str:
    _tuf_role(role)
    of_role = media_keyids(root) if role == MEDIA else role_keyids(root, role)
    found = [
        keyid
        for keyid in sorted(of_role)
        if name_of(root.keys[keyid]) == name or (len(name) >= 8 and keyid.startswith(name))
    ]
    if len(found) != 1:
        there = ", ".join(f"{name_of(root.keys[keyid])} ({keyid[:12]})" for keyid in sorted(of_role))
        raise InvalidInput(
            f"{name!r} is not one key of the role {role}", hint=f"Its keys are {there or 'none'}."
        )
    return found[0]


def name_of(key: Key) -> str:
    """What its publisher calls a key; where it has no name, the beginning of its id."""
    name = key.unrecognized_fields.get(KEY_NAME)
    return name if isinstance(name, str) else key.keyid[:12]


def _problems(root: Root) -> Iterator[str]:
    for name, role in root.roles.items():
        there = len(wire_keyids(root) if name == Timestamp.type else role.keyids)
        if not 1 <= role.threshold <= there:
            yield f"{role.threshold} of {there} {name} keys cannot sign"
    if media_keyids(root) and root.roles[Timestamp.type].threshold != 1:
        yield "with a key for media, the threshold of the timestamp is 1: one key signs for each use"


def read_draft_root(raw: bytes) -> Metadata[Root]:
    """Raises InvalidInput: it is no root, signed or not."""
    if len(raw) > MAX_ROOT_BYTES:
        raise InvalidInput(f"the draft has {len(raw)} bytes, a root has {MAX_ROOT_BYTES} at most")
    try:
        metadata = Metadata[Root].from_bytes(raw)
    except DeserializationError as error:
        raise InvalidInput("the draft is no TUF metadata") from error
    if not isinstance(metadata.signed, Root):
        raise InvalidInput("the draft is TUF metadata of another role")
    return metadata


def sign(raw: bytes, signer: Signer) -> bytes:
    """The draft with this key's signature added.

    Raises:
        InvalidInput: it is no root, or the key could not sign.
        Conflict: it has signed already.
    """
    metadata = read_draft_root(raw)
    keyid = signer.public_key.keyid
    if keyid in metadata.signatures:
        raise Conflict(f"the key {keyid[:12]} has signed this root already")
    add_signature(metadata, signer)
    return metadata.to_bytes()


def standing(raw: bytes, old: Root) -> Standing:
    """What the draft changes of ``old``, and who has signed.

    Raises:
        InvalidInput: it is no root, or not the one that follows.
    """
    metadata = read_draft_root(raw)
    new = metadata.signed
    try:
        result = new.get_root_verification_result(old, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError) as error:
        raise InvalidInput(
            f"the draft is root {new.version}, and root {old.version} is published",
            hint="Prepare the next root anew.",
        ) from error
    first, second = (
        Share(part.threshold, _names(part.signed), _names(part.unsigned))
        for part in (result.first, result.second)
    )
    return Standing(new.version, new.expires, tuple(_differences(old, new)), first, second)


def _names(keys: Mapping[str, Key]) -> dict[str, str]:
    return {keyid: name_of(key) for keyid, key in keys.items()}


def _differences(old: Root, new: Root) -> Iterator[str]:
    for role in KEY_ROLES:
        before, after = _keys_of(old, role), _keys_of(new, role)
        for keyid in sorted(after - before):
            yield f"{role}: adds {name_of(new.keys[keyid])} ({keyid[:12]})"
        for keyid in sorted(before - after):
            yield f"{role}: removes {name_of(old.keys[keyid])} ({keyid[:12]})"
        if role != MEDIA and old.roles[role].threshold != new.roles[role].threshold:
            yield f"{role}: {old.roles[role].threshold} must sign, then {new.roles[role].threshold}"


def _keys_of(root: Root, role: str) -> frozenset[str]:
    return media_keyids(root) if role == MEDIA else role_keyids(root, role)


def finish(repository: Repository, keys: KeyFolder, raw: bytes, now: datetime) -> Published:
    """Publish the next root; the metadata of roles whose keys change is signed anew before.

    Raises:
        NotAllowed: signatures are missing.
        InvalidInput: it is not the root that follows, or has expired.
        NotFound, TrustError: a key that is needed is not here.
    """
    with repository.alone():
        old = repository.root()
        told = standing(raw, old)
        if not told.ready:
            raise NotAllowed(f"root {told.version} is not signed by enough keys: {_lacking(told)}")
        new = read_draft_root(raw).signed
        if new.is_expired(now):
            raise InvalidInput(f"root {new.version} expired on {new.expires:%Y-%m-%d}: prepare it anew")
        changed = [role for role in ONLINE_ROLES if _demand(old, role) != _demand(new, role)]
        if changed:
            roles = ONLINE_ROLES[ONLINE_ROLES.index(changed[0]) :]
            signers = {role: _for_both(old, new, keys, role) for role in roles}
            current = repository.read_under(old, new)
            repository.write(current, signers, now, Changes(roles=roles))
        repository.put_source(repository.metadata_folder / f"{new.version}.root.json", raw)
        return repository.read()


def _lacking(told: Standing) -> str:
    parts = [
        f"{len(share.signed)} of {share.threshold} of {whose} root keys "
        f"(not yet: {', '.join(sorted(share.missing.values()))})"
        for share, whose in ((told.old, "the present"), (told.new, "its own"))
        if not share.enough
    ]
    return "; ".join(parts)


def _demand(root: Root, role: str) -> tuple[frozenset[str], int]:
    return role_keyids(root, role), root.roles[role].threshold


def _for_both(old: Root, new: Root, keys: KeyFolder, role: str) -> list[Signer]:
    """The new root's keys, and the old one's as far as they are here."""
    wanted = {signer.public_key.keyid: signer for signer in role_signers(new, keys, role)}
    for signer in keys.usable(role, role_keyids(old, role)):
        wanted.setdefault(signer.public_key.keyid, signer)
    return list(wanted.values())
