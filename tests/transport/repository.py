"""A publisher's repository in memory, made with python-tuf's Metadata API: one that can also do wrong.

``files`` is the site: bytes by path, as the publisher's tools would lay them out. ``publish`` signs what
changed and raises the versions; a test may then take a file away, keep an old one, or sign with another key.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # as with tuf below
from tuf.api.metadata import (  # type: ignore[attr-defined]  # tuf's documented names, without __all__
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    T,
    TargetFile,
    Targets,
    Timestamp,
)

from pitstop.model.packages import PackageType
from pitstop.model.releases import (
    Catalogue,
    Family,
    PublisherKind,
    Release,
    ReleaseDate,
    ReleaseId,
)
from pitstop.model.versions import Version
from pitstop.package.catalogue_format import write_catalogue
from pitstop.package.media_timestamp import FIELD, made_field
from pitstop.package.site_layout import catalogue_target, package_target

ROLES = ("root", "timestamp", "snapshot", "targets")
NOW = datetime.now(UTC).replace(microsecond=0)
ISSUED = datetime(2026, 3, 1, 12, tzinfo=UTC)
PACKAGE = "Northstar1.2402.0.8"
VOLUME = f"{PACKAGE}-1.zip"


def catalogue(*, publisher: str = "northstar", kind: PublisherKind = PublisherKind.PLATFORM) -> Catalogue:
    """Two families, one release each."""
    versions = {"2311": "1.2311.0.5", "2402": "1.2402.0.8"}
    releases = tuple(
        Release(
            id=ReleaseId(publisher, "lantern", Version.parse(version)),
            name=f"Northstar{version}",
            type=PackageType.FULL,
            title=f"Lantern {version}",
            family=family,
            released=ReleaseDate(ISSUED.date()),
            package_sha256="0" * 64,
        )
        for family, version in versions.items()
    )
    families = (Family("2311", None), Family("2402", "2311"))
    return Catalogue(publisher, "lantern", kind, ISSUED, families, releases)


def retyped(given: Catalogue, name: str, package_type: PackageType) -> Catalogue:
    """The catalogue with one release of another type."""
    changed = [
        replace(release, type=package_type) if release.name == name else release for release in given.releases
    ]
    return replace(given, releases=tuple(changed))


class Repository:
    """Keys, metadata and files of one publisher.

    Attributes:
        files: the site, by path.
        signers: by role; a test may exchange them.
        media: the keys that sign the timestamp of media.
        threshold: signatures that each role needs at first.
    """

    def __init__(self, threshold: int = 1) -> None:
        self.signers = {role: [new_key() for _ in range(threshold)] for role in ROLES}
        self.media = [new_key() for _ in range(threshold)]
        self.files: dict[str, bytes] = {}
        keys = {role: [signer.public_key for signer in self.signers[role]] for role in ROLES}
        self.root = Root(version=1, expires=NOW + timedelta(days=365), consistent_snapshot=True)
        for role in ROLES:
            for key in keys[role]:
                self.root.add_key(key, role)
            self.root.roles[role].threshold = threshold
        self.list_media_keys()
        self.targets = Targets(expires=NOW + timedelta(days=90))
        self.snapshot = Snapshot(expires=NOW + timedelta(days=7))
        self.timestamp = Timestamp(expires=NOW + timedelta(days=1))
        for signed in (self.targets, self.snapshot, self.timestamp):
            signed.version = 0  # nothing is published yet
        self.write_root()
        self.first_root = self.files["metadata/1.root.json"]

    # what a publisher does

    def add(self, path: str, content: bytes) -> None:
        """Put a file among the targets; it is signed by the next ``publish``."""
        self.targets.targets[path] = TargetFile.from_data(path, content, ["sha256"])
        self.files[f"targets/{path}"] = content

    def add_catalogue(self, number: int, content: Catalogue | bytes) -> None:
        raw = content if isinstance(content, bytes) else write_catalogue(content)
        self.add(catalogue_target(number), raw)

    def add_package(self, documents: Mapping[str, bytes], package: str = PACKAGE) -> None:
        for name, content in documents.items():
            self.add(package_target(package, name), content)

    def publish(self) -> None:
        """Sign new versions of targets, snapshot and timestamp."""
        self.targets.version += 1
        self.write_targets()
        self.publish_snapshot()

    def publish_snapshot(self) -> None:
        """Sign a new snapshot of the targets metadata as it lies there, and a timestamp for it."""
        targets = self.files[f"metadata/{self.targets.version}.targets.json"]
        self.snapshot.meta["targets.json"] = MetaFile.from_data(self.targets.version, targets, ["sha256"])
        self.snapshot.version += 1
        self.write("snapshot", self.snapshot, f"metadata/{self.snapshot.version}.snapshot.json")
        self.publish_timestamp()

    def publish_timestamp(self) -> None:
        snapshot = self.files[f"metadata/{self.snapshot.version}.snapshot.json"]
        self.timestamp.snapshot_meta = MetaFile.from_data(self.snapshot.version, snapshot, ["sha256"])
        self.timestamp.version += 1
        self.write("timestamp", self.timestamp, "metadata/timestamp.json")

    def for_media(self, made: datetime = NOW, lasting: timedelta = timedelta(days=365)) -> dict[str, bytes]:
        """The site as a transfer carries it: with a timestamp that is signed for media."""
        media = copy.deepcopy(self.timestamp)
        media.expires = made.replace(microsecond=0) + lasting
        media.unrecognized_fields.update(made_field(made))
        metadata = Metadata(media)
        for signer in self.media:
            metadata.sign(signer, append=True)
        return {**self.files, "metadata/timestamp.json": metadata.to_bytes()}

    def list_media_keys(self) -> None:
        """Say in the root which of the timestamp's keys are for media."""
        for signer in self.media:
            self.root.add_key(signer.public_key, "timestamp")
        keyids = [signer.public_key.keyid for signer in self.media]
        self.root.unrecognized_fields[FIELD] = {"keyids": keyids}

    def rotate_media(self) -> None:
        """A new root that gives media new keys."""
        for signer in self.media:
            self.root.revoke_key(signer.public_key.keyid, "timestamp")
        self.media = [new_key() for _ in self.media]
        self.list_media_keys()
        self.root.version += 1
        self.write_root()

    def write_targets(self) -> None:
        self.write("targets", self.targets, f"metadata/{self.targets.version}.targets.json")

    def write_root(self, extra: Sequence[CryptoSigner] = ()) -> None:
        self.write("root", self.root, f"metadata/{self.root.version}.root.json", extra)

    def write(
        self,
        role: str,
        signed: T,
        path: str,
        extra: Sequence[CryptoSigner] = (),
    ) -> None:
        metadata = Metadata(signed)
        for signer in (*self.signers[role], *extra):
            metadata.sign(signer, append=True)
        self.files[path] = metadata.to_bytes()

    def rotate(self, role: str) -> None:
        """A new root that gives the role new keys, signed by the root's old keys and its new ones."""
        old = list(self.signers["root"])
        for signer in self.signers[role]:
            self.root.revoke_key(signer.public_key.keyid, role)
        self.signers[role] = [new_key() for _ in self.signers[role]]
        for signer in self.signers[role]:
            self.root.add_key(signer.public_key, role)
        self.root.version += 1
        self.write_root(extra=old if role == "root" else ())

    def copy_of_files(self) -> dict[str, bytes]:
        return copy.copy(self.files)

    def lay_out(self, folder: Path) -> None:
        """The site as a folder."""
        laid_out(self.files, folder)


def laid_out(files: Mapping[str, bytes], folder: Path) -> Path:
    """These files as a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def new_key() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


def small_repository(threshold: int = 1) -> Repository:
    """Catalogue 1 and nothing more."""
    repository = Repository(threshold)
    repository.add_catalogue(1, catalogue())
    repository.publish()
    return repository
