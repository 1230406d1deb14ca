"""Whether a source's part of a transfer is what its publisher has signed: asked without a system."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.ports.feeds import Source
from pitstop.transport.feeds import TufFeeds
from pitstop.transport.transfers import is_volume
from pitstop.wire.transfers import TransferIndex


def judged(path: Path, index: TransferIndex, folder: str, root: bytes) -> str:
    """What can be said of this source's part of the transfer at ``path``, from this root of trust on.

    Raises:
        TrustError (and those below it): it is not signed by this publisher, has expired, or is too old.
        Unreachable, InvalidCatalogue.
    """
    said = next(source for source in index.sources if source.folder == folder)
    types = frozenset({PackageType.OEM}) if said.kind == PublisherKind.OEM else frozenset(PackageType)
    source = Source(folder, said.publisher, PublisherKind(said.kind), "", types)
    with TemporaryDirectory(prefix="pitstop-") as name:
        feeds = TufFeeds(Path(name))
        feeds.pin(source, root)
        if is_volume(path):
            examined = feeds.examine(source, path, volume=folder)
        else:
            examined = feeds.examine(source, path / folder)
    if examined.made is None:
        return "signed by its publisher, with the short-lived timestamp of the wire"
    return f"signed by its publisher, for media on {examined.made:%Y-%m-%d}"
