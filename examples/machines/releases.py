"""Lantern as Debian packages, and the releases that carry it: built and published as anyone would."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from lantern.build import (
    KEYS_OPEN_WITH,
    at_address,
    in_order,
    lumen,
    northstar,
    publish_all,
)
from machines.debs import Deb, make
from pitstop.publish.founding import found

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "releases"
PRODUCT = HERE.parent / "lantern" / "product"
PASSPHRASE = "a passphrase of the example's"  # noqa: S105 - a publisher keeps it elsewhere

BASELINE = "1.2601.0.12"
HOTFIX = "1.2601.1.15"
FULL = "1.2604.0.21"


def lantern(version: str) -> Deb:
    """The service itself. Its settings are each node's own, its limits come with it."""
    files = {
        "/opt/lantern/lantern.py": (PRODUCT / "lantern.py").read_text(),
        "/opt/lantern/bin/lanternctl": (PRODUCT / "lanternctl").read_text(),
        "/etc/init.d/lantern": (PRODUCT / "init.d/lantern").read_text(),
        "/opt/lantern/VERSION": f"{version}\n",
        "/etc/lantern/limits.toml": f"# Limits of Lantern {version}\nconnections = 100\n",
    }
    programs = {"/opt/lantern/lantern.py", "/opt/lantern/bin/lanternctl", "/etc/init.d/lantern"}
    return Deb("lantern", version, files, frozenset(programs), control={"Depends": "python3"})


def debs(version: str) -> tuple[Deb, ...]:
    """What a release carries."""
    if version == BASELINE:
        return (lantern(version), Deb("lantern-legacy", version, {"/opt/lantern/legacy": "long ago\n"}))
    if version == FULL:
        tools = Deb("lantern-tools", version, {"/opt/lantern/tools": "of use\n"})
        return (lantern(version), tools)
    return (lantern(version),)


def publish(out: Path, sites: Mapping[str, str]) -> None:
    """The publishers' sites with all releases, in ``out``."""
    now = datetime.now(UTC)
    for plain, folder in ((northstar(out), "lantern"), (lumen(out), "lumen")):
        publisher = at_address(plain, sites.get(plain.publisher))
        found(publisher, PASSPHRASE, now)
        publish_all(publisher, in_order(_sources(out, folder)), out / "built", PASSPHRASE, now)
    (out / KEYS_OPEN_WITH).write_text(f"{PASSPHRASE}\n")


def _sources(out: Path, folder: str) -> Path:
    """The sources of the releases, with the packages that their content is."""
    sources = out / "sources" / folder
    shutil.copytree(SOURCES / folder, sources)
    for source in sources.glob("*/package.toml"):
        told = tomllib.loads(source.read_text())
        for deb in debs(told["version"]) if told["type"] != "OEM" else ():
            make(deb, source.parent / "debs")
    return sources
