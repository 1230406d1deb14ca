"""The two files of a transfer: what a system asks for, and what a transfer or a volume of it holds.

``request.json`` is written by a system and read by the downloader: what is installed, what is known, what is
held already. ``transfer.json`` lies in every transfer. Neither is trusted for anything: the one only chooses,
the other only tells what is missing or damaged before anybody has looked at a signature.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import msgspec

from pitstop.wire.base import View

REQUEST_FORMAT = 1
TRANSFER_FORMAT = 1
REQUEST_NAME = "request.json"
INDEX_NAME = "transfer.json"
VOLUME_NAME = re.compile(r"-[0-9]+-of-[0-9]+\.zip\Z", re.ASCII)
"""How the name of a volume of a transfer ends."""

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Size = Annotated[int, msgspec.Meta(ge=0)]
Number = Annotated[int, msgspec.Meta(ge=1)]


class InstalledEntry(View, frozen=True):
    """An entry of the ledger."""

    publisher: str
    product: str
    version: str
    package_type: str
    family: str | None
    at: datetime
    by: str


class SignedVersionsView(View, frozen=True):
    """The newest metadata that is known of a source, by role."""

    root: int
    timestamp: int
    snapshot: int
    targets: int


class KnownSource(View, frozen=True):
    """A source of the system, and how much of it is known."""

    name: str
    publisher: str
    kind: str
    types: tuple[str, ...]
    url: str
    last_checked: datetime | None
    signed: SignedVersionsView | None


class HeldPackage(View, frozen=True):
    """What the system holds of a package: its small files, its whole content, the volumes that are there."""

    name: str
    documents: bool
    content: bool
    volumes: tuple[str, ...]


class TransferRequest(View, frozen=True):
    """``request.json``. ``states``: the stored state of each update that the system knows, by name."""

    format: int
    created: datetime
    system: str
    location: str
    hardware_family: str
    hardware_model: str
    nodes: int
    facts: dict[str, str]
    content: tuple[str, ...]
    accepted_risks: tuple[str, ...]
    overrides: tuple[str, ...]
    installed: tuple[InstalledEntry, ...]
    states: dict[str, str]
    sources: tuple[KnownSource, ...]
    packages: tuple[HeldPackage, ...]


class TransferRelease(View, frozen=True):
    """A release whose payload a transfer carries."""

    name: str
    package_type: str
    version: str
    size: Size


class TransferSource(View, frozen=True):
    """A publisher's part of a transfer: a repository in the folder ``folder``.

    ``made``: when the publisher signed it for media; null: it carries the timestamp of a connected site,
    and is good only until ``expires``.
    """

    folder: str
    publisher: str
    kind: str
    snapshot: int
    made: datetime | None
    expires: datetime
    releases: tuple[TransferRelease, ...]


class TransferEntry(View, frozen=True):
    """A file of a transfer, or of a volume of it."""

    name: str
    size: Size
    sha256: Sha256


class TransferIndex(View, frozen=True):
    """``transfer.json``: of a transfer as a folder, or of one of its volumes."""

    format: int
    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16,64}$")]
    created: datetime
    made_by: str
    volume: Number
    volumes: Number
    sources: tuple[TransferSource, ...]
    entries: tuple[TransferEntry, ...]
