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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import Signer  # type: ignore[attr-defined] # documented, without __all__
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined] # documented, without __all__
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from pitstop.model.errors import Conflict, TrustError
from pitstop.model.releases import Catalogue
from pitstop.package.catalogue_format import read_catalogue, write_catalogue
from pitstop.package.media_timestamp import FIELD, require_media_timestamp
from pitstop.package.site_layout import (
    MEDIA_TIMESTAMP,
    METADATA_FOLDER,
    TARGETS_FOLDER,
    Numbered,
    newest,
    target_number,
)
from pitstop.publish.durable import Put, put
from pitstop.publish.keys import KeyFolder, named
from pitstop.publish.next_metadata import next_snapshot, next_targets
from pitstop.publish.published import (
    ONLINE_ROLES,
    Changes,
    MediaStamp,
    Published,
    Source,
    document_numbers,
)
from pitstop.publish.settings import MEDIA, PublisherSettings
from pitstop.publish.signed_metadata import (
    S,
    parsed,
    role_signers,
    signed_bytes,
    site_bytes,
    verify,
    verify_by_any,
)
from pitstop.publish.team_metadata import handed_in, known_teams

_LOCK = ".publishing"
Signers = Mapping[str, Sequence[Signer]]


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
        raw = self._new_root(keys, now)
        self.put_source(self.metadata_folder / "1.root.json", raw)
        self.put_source(self.settings.root_file, raw)
        settings = self.settings
        empty = Catalogue(settings.publisher, settings.product, settings.kind, now, (), ())
        root = parsed(raw, "root.json", Root).signed
        nothing = Published(root, dict.fromkeys(ONLINE_ROLES, 0), {}, Targets(), {}, empty, 0)
        catalogue = {Numbered.CATALOGUE: write_catalogue(empty)}
        self.write(nothing, self.signers(root, keys), now, Changes(documents=catalogue))

    def _new_root(self, keys: KeyFolder, now: datetime) -> bytes:
        root = Root(expires=self.expiry("root", now), consistent_snapshot=True)
        signers = []
        for name in root_key_names(self.settings):
            signers.append(keys.generate(name))
            root.add_key(named(signers[-1].public_key, name), "root")
        root.roles["root"].threshold = self.settings.root.threshold
        for role in ONLINE_ROLES:
            root.add_key(named(keys.generate(role).public_key, role), role)
        media = named(keys.generate(MEDIA).public_key, MEDIA)
        root.add_key(media, Timestamp.type)
        root.unrecognized_fields[FIELD] = {"keyids": [media.keyid]}
        return signed_bytes(root, signers)

    def read(self) -> Published:
        """What is published now. Expired metadata is read too: the publisher is who renews it.

        Raises:
            NotFound: a file of the site is missing.
            TrustError: something is not signed by this publisher's keys.
        """
        return self.read_under(self.root())

    def read_under(self, root: Root, *following: Root) -> Published:
        """What is published now, as this root vouches for it, or one that is about to follow it."""
        roots = (root, *following)
        timestamp = self._role(roots, "timestamp", "timestamp.json", Timestamp)
        snapshot = self._role(roots, "snapshot", f"{timestamp.snapshot_meta.version}.snapshot.json", Snapshot)
        version = snapshot.meta["targets.json"].version
        targets = self._role(roots, "targets", f"{version}.targets.json", Targets)
        teams = known_teams(self.metadata_folder, targets, snapshot)
        every = {path: file for team in teams.values() for path, file in team.targets.items()}
        every |= targets.targets
        path = newest(Numbered.CATALOGUE, targets.targets)
        if path is None:
            raise TrustError("the signed targets of this site have no catalogue")
        metadata = {"root": root, "targets": targets, "snapshot": snapshot, "timestamp": timestamp, **teams}
        return Published(
            root=root,
            versions={role: signed.version for role, signed in metadata.items()},
            expires={role: signed.expires for role, signed in metadata.items()},
            top=targets,
            targets=every,
            catalogue=read_catalogue(self.target_bytes(targets.targets[path])),
            number=target_number(Numbered.CATALOGUE, path) or 0,
            teams=teams,
            documents=document_numbers(targets.targets),
        )

    def document(self, published: Published, kind: Numbered) -> bytes | None:
        """The newest document of this kind, verified; None if there is none."""
        path = newest(kind, published.top.targets)
        return self.target_bytes(published.top.targets[path]) if path is not None else None

    def media_stamp(self, root: Root) -> MediaStamp | None:
        """The media timestamp on the site, verified; None if there is none.

        Raises:
            TrustError: it is not signed by a key for media.
        """
        path = self.metadata_folder / MEDIA_TIMESTAMP
        if not path.exists():
            return None
        metadata = parsed(site_bytes(path), path.name, Timestamp)
        made = require_media_timestamp(root, metadata)
        return MediaStamp(made, metadata.signed.expires, metadata.signed.snapshot_meta.version)

    def root(self) -> Root:
        """The newest root that the publisher's own first root leads to."""
        trusted = parsed(site_bytes(self.settings.root_file), self.settings.root_file.name, Root)
        root = trusted.signed
        verify(root, "root", trusted, self.settings.root_file.name)
        while (path := self.metadata_folder / f"{root.version + 1}.root.json").exists():
            following = parsed(site_bytes(path), path.name, Root)
            verify(root, "root", following, path.name)
            verify(following.signed, "root", following, path.name)
            if following.signed.version != root.version + 1:
                raise TrustError(f"{path.name} says version {following.signed.version}")
            root = following.signed
        return root

    def _role(self, roots: Sequence[Root], role: str, name: str, kind: type[S]) -> S:
        metadata = parsed(site_bytes(self.metadata_folder / name), name, kind)
        verify_by_any(roots, role, metadata, name)
        return metadata.signed

    def target_bytes(self, target: TargetFile) -> bytes:
        """A target file of the site, if it is what was signed."""
        content = site_bytes(self.targets_folder / target.path)
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
        catalogue: Catalogue | None,
        *,
        over: int,
        documents: Mapping[Numbered, bytes] | None = None,
    ) -> Published:
        """Add these target files and numbered documents, and make this the catalogue (None: it stays); an
        interruption leaves the old release.

        Args:
            over: the number of the catalogue that this was made from.

        Raises:
            Conflict: a target of this name was published with other bytes, another process publishes right
                now, or one has published since.
            TrustError: the site, or the keys, are not this publisher's.
        """
        wanted = dict(documents or {})
        if catalogue is not None:
            wanted[Numbered.CATALOGUE] = write_catalogue(catalogue)
        return self.change(keys, now, Changes(files, wanted), over=over)

    def change(self, keys: KeyFolder, now: datetime, changes: Changes, *, over: int) -> Published:
        """As :meth:`publish`, for any change."""
        with self.alone():
            current = self.read()
            if current.number != over:
                raise Conflict("another process has published meanwhile", hint="Do it again.")
            self.write(current, self.signers(current.root, keys, changes.roles), now, changes)
            return self.read()

    def renew(self, keys: KeyFolder, now: datetime, role: str = "timestamp") -> Published:
        """Sign this role's metadata anew, with nothing changed, so that it does not expire; and what vouches
        for it. With ``timestamp``, which expires soonest, only that key is needed.

        Raises:
            TrustError: the site, or the keys, are not this publisher's.
        """
        with self.alone():
            current = self.read()
            roles = ONLINE_ROLES[ONLINE_ROLES.index(role) :]
            self.write(current, self.signers(current.root, keys, roles), now, Changes(roles=roles))
            return self.read()

    def signers(self, root: Root, keys: KeyFolder, roles: Sequence[str] = ONLINE_ROLES) -> Signers:
        """The keys that sign for these roles. Raises NotFound, InvalidInput, TrustError."""
        return {role: role_signers(root, keys, role) for role in roles}

    def write(self, current: Published, signers: Signers, now: datetime, changes: Changes) -> None:
        """Sign and put all that changes, the timestamp last. The lock is the caller's."""
        top, version = current.top, current.versions["snapshot"]
        signs_snapshot = "snapshot" in changes.roles
        teams = handed_in(self.metadata_folder, changes.top or top, current) if signs_snapshot else {}
        if "targets" in changes.roles:
            top = next_targets(current, changes, teams, self.expiry("targets", now))
            self._put_files(current, top, changes)
            self._put_signed(f"{top.version}.targets.json", top, signers["targets"])
        if signs_snapshot:
            version += 1
            snapshot = next_snapshot(version, self.expiry("snapshot", now), top, teams)
            self._put_signed(f"{version}.snapshot.json", snapshot, signers["snapshot"])
        timestamp = Timestamp(
            current.versions["timestamp"] + 1,
            expires=self.expiry("timestamp", now),
            snapshot_meta=MetaFile(version),
        )
        self._put_signed("timestamp.json", timestamp, signers["timestamp"])

    def _put_signed(self, name: str, signed: S, signers: Sequence[Signer]) -> None:
        self.put_source(self.metadata_folder / name, signed_bytes(signed, signers))

    def _put_files(self, current: Published, top: Targets, changes: Changes) -> None:
        sources: dict[str, Source] = {**changes.files, **changes.document_targets(current)}
        for path in top.targets:
            if path in sources and path not in current.targets:
                self.put_source(self.targets_folder / path, sources[path])

    def put_source(self, path: Path, source: Source) -> None:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as content:
            self.put(path, content)

    def expiry(self, role: str, now: datetime) -> datetime:
        return (now + self.settings.expiry.after(role)).replace(microsecond=0)

    @property
    def metadata_folder(self) -> Path:
        return self.settings.site_folder / METADATA_FOLDER

    @property
    def targets_folder(self) -> Path:
        return self.settings.site_folder / TARGETS_FOLDER

    @contextmanager
    def alone(self) -> Iterator[None]:
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
