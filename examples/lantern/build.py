"""Build and publish all of Lantern's releases and its OEM's, with the publishing functions that anyone uses.

``python -m lantern.build OUT`` makes::

    OUT/northstar/   the platform's publisher: publisher.toml, root.json, keys/, site/
    OUT/lumen/       the OEM
    OUT/built/       the packages, as they were built
    OUT/passphrase   of both publishers' keys (a demo's: a publisher keeps it elsewhere)

What is released, and in which order, is what lies in ``releases/`` and ``oem/``. The sites have their pages
for people too, with the common issues of ``common-issues.toml`` and the OEM's guidance.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from pitstop.model.errors import Conflict, PitstopError
from pitstop.model.releases import PublisherKind
from pitstop.publish.building import build as build_package
from pitstop.publish.building import plan_kinds
from pitstop.publish.documents import add_issues, put_guidance, read_issues_file
from pitstop.publish.founding import found
from pitstop.publish.keys import KeyFolder
from pitstop.publish.media import sign_for_media
from pitstop.publish.pages import put_pages
from pitstop.publish.releasing import release
from pitstop.publish.repository import Repository
from pitstop.publish.settings import PublisherSettings, RootKeys

HERE = Path(__file__).resolve().parent
RELEASES = HERE / "releases"
OEM_RELEASES = HERE / "oem"
ISSUES = HERE / "common-issues.toml"
GUIDANCE = OEM_RELEASES / "hardware-lifecycle-host.md"
KEYS_OPEN_WITH = "passphrase"
ONE_OF_TWO = RootKeys(keys=2, threshold=1)


def build(out: Path, *, now: datetime | None = None, sites: Mapping[str, str] | None = None) -> None:
    """Make both publishers and all their releases in ``out``, which appears when all of it is there.

    Args:
        now: the instant of signing; this one unless told.
        sites: the addresses that the sites will have, by publisher; without them there are no feeds.

    Raises:
        Conflict: ``out`` is there already.
    """
    if out.exists():
        raise Conflict(f"{out} is there already", hint="Remove it first, or name another folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        passphrase = secrets.token_urlsafe(24)
        at = now or datetime.now(UTC)
        for plain, sources in ((northstar(work), RELEASES), (lumen(work), OEM_RELEASES)):
            publisher = at_address(plain, (sites or {}).get(plain.publisher))
            found(publisher, passphrase, at)
            publish_all(publisher, in_order(sources), work / "built", passphrase, at)
            publish_rest(publisher, passphrase, at)
        secret = work / KEYS_OPEN_WITH
        secret.touch(mode=0o600)
        secret.write_text(f"{passphrase}\n", encoding="ascii")
        work.rename(out)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def northstar(out: Path) -> PublisherSettings:
    """The platform's publisher."""
    return PublisherSettings(
        folder=out / "northstar",
        publisher="northstar",
        display_name="Northstar Systems",
        prefix="Northstar",
        kind=PublisherKind.PLATFORM,
        product="lantern",
        support_address="support@northstar.example",
        root=ONE_OF_TWO,
    )


def lumen(out: Path) -> PublisherSettings:
    """The hardware's."""
    return PublisherSettings(
        folder=out / "lumen",
        publisher="lumen",
        display_name="Lumen Hardware",
        prefix="OEM",
        kind=PublisherKind.OEM,
        product="lumen-r4",
        support_address="support@lumen.example",
        root=ONE_OF_TWO,
    )


def at_address(publisher: PublisherSettings, url: str | None) -> PublisherSettings:
    """The publisher with a site at this address, and so with feeds."""
    if url is None:
        return publisher
    return replace(publisher, site_url=url, feed_authority=f"{publisher.publisher}.example,2026")


def in_order(folder: Path) -> list[Path]:
    """The package sources below ``folder``, by the day of their release."""
    return sorted((path.parent for path in folder.glob("*/package.toml")), key=released)


def released(source: Path) -> date:
    day: date = tomllib.loads((source / "package.toml").read_text(encoding="utf-8"))["released"]
    return day


def publish_all(
    publisher: PublisherSettings, sources: Iterable[Path], built: Path, passphrase: str, now: datetime
) -> None:
    """Build each source and release it."""
    repository = Repository(publisher)
    keys = KeyFolder(publisher.key_folder, passphrase)
    kinds = plan_kinds()
    for source in sources:
        release(repository, keys, build_package(source, built, publisher, kinds), now)


def publish_rest(publisher: PublisherSettings, passphrase: str, now: datetime) -> None:
    """Known issues or guidance, the signature for media, and the pages for people."""
    repository = Repository(publisher)
    keys = KeyFolder(publisher.key_folder, passphrase)
    if publisher.kind is PublisherKind.OEM:
        put_guidance(repository, keys, GUIDANCE, now)
    else:
        add_issues(repository, keys, read_issues_file(ISSUES), now)
    sign_for_media(repository, keys, now)
    put_pages(repository)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m lantern.build OUT", file=sys.stderr)
        return 2
    try:
        build(Path(arguments[0]))
    except PitstopError as error:
        print(f"error: {error}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
