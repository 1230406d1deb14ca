"""Asking without a service: catalogue files, and what is taken to be installed on a system.

Nothing of it enters any system: unsigned files may be asked, never installed from. When what is installed
went on is not said, so that it counts as being on at any day that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import typer

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.releases import Catalogue, Release
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.versions import Version
from pitstop.package.catalogue_format import MAX_CATALOGUE_BYTES, read_catalogue
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph, checked

CatalogueFiles = Annotated[
    list[Path] | None,
    typer.Option("--catalogue", help="Ask these files (JSON) instead of the service; may be repeated."),
]
InstalledBuilds = Annotated[
    list[str] | None,
    typer.Option(
        "--installed", metavar="PRODUCT=VERSION", help="With --catalogue: what is installed; repeatable."
    ),
]
Facts = Annotated[
    list[str] | None,
    typer.Option("--fact", metavar="NAME=VALUE", help="With --catalogue: a fact; repeatable."),
]
Hardware = Annotated[
    str, typer.Option(metavar="FAMILY[/MODEL]", help="With --catalogue: the system's hardware.")
]
Nodes = Annotated[
    int | None, typer.Option(min=1, max=10_000, help="With --catalogue: how many nodes it has.")
]

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Assumed:
    """A graph, and a system on which that is installed."""

    graph: ReleaseGraph
    facts: SystemFacts


def assumed(
    catalogues: list[Path] | None,
    installed: list[str] | None,
    *,
    facts: list[str] | None = None,
    hardware: str = "",
    nodes: int | None = None,
) -> Assumed | None:
    """The system that the options describe; None where the service is to be asked.

    Raises:
        InvalidCatalogue: the files do not hold together; with all problems listed.
        InvalidInput, NotFound: a file or an option cannot be used.
    """
    if not catalogues:
        if installed or facts or hardware or nodes:
            raise InvalidInput(
                "what is installed is said without a catalogue",
                hint="Add --catalogue FILE, or ask the service.",
            )
        return None
    known = [read_file(path) for path in catalogues]
    family, _, model = hardware.partition("/")
    return Assumed(
        checked(known),
        SystemFacts(
            installed=tuple(_entry(item, known) for item in installed or ()),
            at=datetime.now(UTC),
            hardware_family=family,
            hardware_model=model,
            nodes=nodes,
            facts=dict(_pair(item, "NAME=VALUE", "connected=no") for item in facts or ()),
        ),
    )


def read_file(path: Path) -> Catalogue:
    """Raises NotFound, InvalidInput (it cannot be read) or InvalidCatalogue (with all that is wrong)."""
    return read_catalogue(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """At most what a catalogue may have, and a byte more. Raises NotFound, InvalidInput."""
    try:
        with path.open("rb") as opened:
            return opened.read(MAX_CATALOGUE_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", hint="Check the path.") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}", hint="Check path and mode.") from error


def _pair(item: str, form: str, example: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not (name and equals and value):
        raise InvalidInput(f"{item!r} is not {form}", hint=f"Such as {example}.")
    return name, value


def _entry(item: str, known: list[Catalogue]) -> Installed:
    product, text = _pair(item, "PRODUCT=VERSION", "lantern=1.2311.0.9")
    release = _release(product, Version.parse(text), known)
    family = release.family or next(iter(release.families), None)
    return Installed(release.id, release.type, family, _ALWAYS, InstalledBy.BASELINE)


def _release(product: str, version: Version, known: list[Catalogue]) -> Release:
    of_product = {
        release.id: release
        for catalogue in known
        if catalogue.product == product
        for release in catalogue.releases
    }
    if not of_product:
        products = ", ".join(sorted({catalogue.product for catalogue in known}))
        raise NotFound(f"no catalogue is of the product {product!r}", hint=f"Products here: {products}.")
    fitting = [r for r in of_product.values() if version in (r.version, *r.equivalent_builds)]
    if len(fitting) > 1:
        raise InvalidInput(
            f"several publishers have {product} {version}", hint="Ask one catalogue at a time."
        )
    if not fitting:
        raise NotFound(f"no catalogue has {product} {version}", hint=_nearest(version, of_product.values()))
    return fitting[0]


def _nearest(wanted: Version, releases: Iterable[Release]) -> str:
    """Builds that begin alike are told first: a person may have mistyped the end."""

    def alike(release: Release) -> int:
        pairs = zip(release.version.numbers, wanted.numbers, strict=False)
        return -sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    first = sorted(releases, key=alike)[:_SHOWN]
    return f"Known are {', '.join(str(release.version) for release in first)}, among others."
