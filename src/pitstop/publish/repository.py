"""A publisher's site as a TUF repository: read back verified, changed only as a whole.

Order of writing: target files, then ``N.targets.json``, then ``N.snapshot.json``, then ``timestamp.json``.
Only the last makes the new release known, in one step; a client that reads in between, or after a crash,
sees the old one complete. What is signed already is never changed under its name: neither metadata of a
version that a timestamp has named, nor a target file.

What is read from the site is verified from the publisher's own ``root.json`` on, before anything is signed
anew: who can change the site cannot make the publisher sign it.
"""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined] # documented, without __all__
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined] # documented, without __all__
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from pitstop.model.errors import Conflict, NotFound, TrustError
from pitstop.model.releases import Catalogue
from pitstop.package.catalogue_format import read_catalogue, write_catalogue
from pitstop.package.site_layout import (
    METADATA_FOLDER,
    TARGETS_FOLDER,
    catalogue_number,
    catalogue_target,
    newest_catalogue,
)
from pitstop.publish.durable import Put, put
from pitstop.publish.keys import KeyFolder
from pitstop.publish.settings import PublisherSettings

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)
Source = bytes | Path
"""Where a target file's bytes come from."""

_LOCK = ".publishing"
ONLINE_ROLES = ("targets", "snapshot", "timestamp")
"""The roles whose keys sign each release."""


@dataclass(frozen=True)
class Published:
    """What the site says, verified.

    Attributes:
        versions, expires: of the signed metadata, by role.
        targets: all signed target files by path.
        number: of the catalogue.
    """

    root: Root
    versions: Mapping[str, int]
    expires: Mapping[str, datetime]
    targets: Mapping[str, TargetFile]
    catalogue: Catalogue
    number: int


@dataclass(frozen=True)
class Repository:
    """One publisher's site."""

    settings: PublisherSettings
    put: Put = field(default=put)

    def create(self, keys: KeyFolder, now: datetime) -> None:
        """Make keys, root of trust and a site with an empty catalogue, where there is none.

        Raises:
            Conflict: something is there already.
        """
        if self.settings.root_file.exists():
            raise Conflict(f"there is a publisher in {self.settings.folder} already")
        root = self._new_root(keys, now)
        self._put_source(self._metadata / "1.root.json", root)
        self._put_source(self.settings.root_file, root)
        settings = self.settings
        empty = Catalogue(settings.publisher, settings.product, settings.kind, now, (), ())
        trusted = _parsed(root, "root.json", Root).signed
        nothing = Published(trusted, dict.fromkeys(ONLINE_ROLES, 0), {}, {}, empty, 0)
        self._sign_and_put(nothing, keys, now, {}, empty)

    def _new_root(self, keys: KeyFolder, now: datetime) -> bytes:
        root = Root(expires=self._expiry("root", now), consistent_snapshot=True)
        signers = [keys.generate(name) for name in root_key_names(self.settings)]
        for signer in signers:
            root.add_key(signer.public_key, "root")
        root.roles["root"].threshold = self.settings.root.threshold
        for role in ("targets", "snapshot", "timestamp"):
            root.add_key(keys.generate(role).public_key, role)
        metadata = Metadata(root)
        for signer in signers:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def read(self) -> Published:
        """What is published now. Expired metadata is read too: the publisher is who renews it.

        Raises:
            NotFound: a file of the site is missing.
            TrustError: something is not signed by this publisher's keys.
        """
        root = self._root()
        timestamp = self._role(root, "timestamp", "timestamp.json", Timestamp)
        snapshot = self._role(root, "snapshot", f"{timestamp.snapshot_meta.version}.snapshot.json", Snapshot)
        version = snapshot.meta["targets.json"].version
        targets = self._role(root, "targets", f"{version}.targets.json", Targets)
        path = newest_catalogue(targets.targets)
        if path is None:
            raise TrustError("the signed targets of this site have no catalogue")
        signed: tuple[Signed, ...] = (root, targets, snapshot, timestamp)
        return Published(
            root=root,
            versions={role.type: role.version for role in signed},
            expires={role.type: role.expires for role in signed},
            targets=targets.targets,
            catalogue=read_catalogue(self._target_bytes(targets.targets[path])),
            number=catalogue_number(path) or 0,
        )

    def _root(self) -> Root:
        """The newest root that the publisher's own first root leads to."""
        trusted = _parsed(_bytes(self.settings.root_file), self.settings.root_file.name, Root)
        root = trusted.signed
        _verify(root, "root", trusted, self.settings.root_file.name)
        while (path := self._metadata / f"{root.version + 1}.root.json").exists():
            following = _parsed(_bytes(path), path.name, Root)
            _verify(root, "root", following, path.name)
            _verify(following.signed, "root", following, path.name)
            if following.signed.version != root.version + 1:
                raise TrustError(f"{path.name} says version {following.signed.version}")
            root = following.signed
        return root

    def _role(self, root: Root, role: str, name: str, kind: type[S]) -> S:
        metadata = _parsed(_bytes(self._metadata / name), name, kind)
        _verify(root, role, metadata, name)
        return metadata.signed

    def _target_bytes(self, target: TargetFile) -> bytes:
        content = _bytes(self._targets / target.path)
        try:
            target.verify_length_and_hashes(content)
        except RepositoryError as error:
            raise TrustError(f"{target.path} on the site is not what was signed: {error}") from error
        return content

    def publish(
        self,
        keys: KeyFolder,
        now: datetime,
        files: Mapping[str, Source],
        catalogue: Catalogue,
        *,
        over: int,
    ) -> Published:
        """Add these target files and make this the catalogue; an interruption leaves the old release.

        Args:
            over: the number of the catalogue that this one was made from.

        Raises:
            Conflict: a target of this name was published with other bytes, another process publishes right
                now, or one has published since.
            TrustError: the site, or the keys, are not this publisher's.
        """
        with self._alone():
            current = self.read()
            if current.number != over:
                raise Conflict("another process has published meanwhile", hint="Do it again.")
            return self._sign_and_put(current, keys, now, files, catalogue)

    def renew(self, keys: KeyFolder, now: datetime) -> Published:
        """Sign targets, snapshot and timestamp anew, with nothing changed, so that they do not expire.

        Raises:
            TrustError: the site, or the keys, are not this publisher's.
        """
        with self._alone():
            return self._sign_and_put(self.read(), keys, now, {}, None)

    def _sign_and_put(
        self,
        current: Published,
        keys: KeyFolder,
        now: datetime,
        files: Mapping[str, Source],
        catalogue: Catalogue | None,
    ) -> Published:
        signers = {role: _signer(current.root, keys, role) for role in ONLINE_ROLES}
        wanted, kept = dict(files), dict(current.targets)
        if catalogue is not None:
            kept = {path: target for path, target in kept.items() if catalogue_number(path) is None}
            wanted[catalogue_target(current.number + 1)] = write_catalogue(catalogue)
        added = new_targets(kept, wanted)
        for path in added:
            self._put_source(self._targets / path, wanted[path])
        versions = {role: version + 1 for role, version in current.versions.items()}
        expiry = {role: self._expiry(role, now) for role in ONLINE_ROLES}
        targets = Targets(versions["targets"], expires=expiry["targets"], targets={**kept, **added})
        snapshot = Snapshot(
            versions["snapshot"],
            expires=expiry["snapshot"],
            meta={"targets.json": MetaFile(versions["targets"])},
        )
        timestamp = Timestamp(
            versions["timestamp"],
            expires=expiry["timestamp"],
            snapshot_meta=MetaFile(versions["snapshot"]),
        )
        self._put_signed(f"{targets.version}.targets.json", targets, signers["targets"])
        self._put_signed(f"{snapshot.version}.snapshot.json", snapshot, signers["snapshot"])
        self._put_signed("timestamp.json", timestamp, signers["timestamp"])
        return self.read()

    def _put_signed(self, name: str, signed: S, signer: CryptoSigner) -> None:
        metadata = Metadata(signed)
        metadata.sign(signer)
        self._put_source(self._metadata / name, metadata.to_bytes())

    def _put_source(self, path: Path, source: Source) -> None:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as content:
            self.put(path, content)

    def _expiry(self, role: str, now: datetime) -> datetime:
        return (now + self.settings.expiry.after(role)).replace(microsecond=0)

    @property
    def _metadata(self) -> Path:
        return self.settings.site_folder / METADATA_FOLDER

    @property
    def _targets(self) -> Path:
        return self.settings.site_folder / TARGETS_FOLDER

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this publisher.

        Raises:
            Conflict: another process holds it.
        """
        descriptor = os.open(self.settings.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(f"another process publishes in {self.settings.folder} right now") from None
            yield
        finally:
            os.close(descriptor)


def root_key_names(settings: PublisherSettings) -> list[str]:
    return [f"root-{number}" for number in range(1, settings.root.keys + 1)]


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


def _signer(root: Root, keys: KeyFolder, role: str) -> CryptoSigner:
    signer = keys.signer(role)
    if signer.public_key.keyid not in root.roles[role].keyids:
        raise TrustError(
            f"the key {role}.pem in {keys.folder} is not a {role} key of this publisher's root of trust",
            hint="Use the keys that were made with this publisher.",
        )
    return signer


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"the site's file {path} is missing", hint="Bring the site back from its server or a backup."
        ) from None


def _parsed(content: bytes, name: str, kind: type[S]) -> Metadata[S]:
    try:
        metadata = Metadata[S].from_bytes(content)
    except DeserializationError as error:
        raise TrustError(f"{name} on the site is no TUF metadata") from error
    if not isinstance(metadata.signed, kind):
        raise TrustError(f"{name} on the site is {metadata.signed.type} metadata")
    return metadata


def _verify(root: Root, role: str, metadata: Metadata[S], name: str) -> None:
    try:
        root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except RepositoryError as error:
        raise TrustError(f"{name} on the site is not signed by this publisher: {error}") from error
