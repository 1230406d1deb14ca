"""Whether a catalogue, or a package, is its source's to say: one publisher's keys never publish for another.

A source is pinned to one publisher and to the package types that it may publish. Pure; it raises, since a
forgotten ``if`` on a returned "no" would be a hole.
"""

from __future__ import annotations

from pitstop.model.errors import WrongPublisher
from pitstop.model.packages import PackageMetadata, PackageType
from pitstop.model.releases import Catalogue
from pitstop.ports.feeds import Source


def require_authority(source: Source, catalogue: Catalogue) -> None:
    """Raises WrongPublisher, naming what the source may not say."""
    if catalogue.publisher != source.publisher:
        raise WrongPublisher(
            f"source {source.name} is {source.publisher}'s, "
            f"but its catalogue is signed in the name of {catalogue.publisher}"
        )
    if catalogue.kind is not source.kind:
        raise WrongPublisher(
            f"source {source.name} is of kind {source.kind}, but its catalogue says {catalogue.kind}"
        )
    for release in catalogue.releases:
        _require_mine(source, f"release {release.name}", release.id.publisher, release.type)


def require_authority_over_package(source: Source, package: str, metadata: PackageMetadata) -> None:
    """Raises WrongPublisher when the metadata in a package's folder speaks for another package, another
    publisher, or a type that the source may not publish."""
    if metadata.name != package:
        raise WrongPublisher(
            f"source {source.name} has metadata of {metadata.name} in the place of {package}"
        )
    _require_mine(source, f"package {package}", metadata.publisher, metadata.type)


def _require_mine(source: Source, what: str, publisher: str, package_type: PackageType) -> None:
    if publisher != source.publisher:
        raise WrongPublisher(f"source {source.name} is {source.publisher}'s, but has {what} of {publisher}")
    if package_type not in source.types:
        may = ", ".join(sorted(source.types)) or "nothing"
        raise WrongPublisher(
            f"source {source.name} may not publish packages of type {package_type}, but has {what}; "
            f"it may publish {may}"
        )
