"""Canned imports, one in each state; the state is the id."""

from __future__ import annotations

from datetime import timedelta

from pitstop.wire.views import (
    FindingView,
    HandedFileView,
    ImportedPackageView,
    ImportedSourceView,
    ImportView,
    PortionView,
)
from simulators.scenes import HOTFIX, NOW

FILES = ("northstar-1-of-2.zip", "northstar-2-of-2.zip")

REFUSED = FindingView(
    code="not-trusted",
    severity="Critical",
    subject="medium usb/emberforge",
    what="usb/emberforge is of no source of this system",
    remedy="Declare its publisher as a source, with the root of trust that you got from it.",
    impact="Nothing of this part was taken.",
    detail="",
    links=(),
    runbook="",
)
INCOMPLETE = FindingView(
    code="payload-incomplete",
    severity="Informational",
    subject=f"update {HOTFIX}",
    what="1 of its volumes is not here yet: part-2.zip.",
    remedy="Import the transfer's other volumes, in any order.",
    impact="",
    detail="",
    links=(),
    runbook="",
)


def receiving(*received: int) -> ImportView:
    """An upload of two files of a million bytes each."""
    here = received or (1_000_000, 250_000)
    files = tuple(
        HandedFileView(name=name, size=1_000_000, received=at) for name, at in zip(FILES, here, strict=True)
    )
    return ImportView(
        id="receiving",
        name=FILES[0],
        by="ada",
        handed="uploaded",
        path="",
        state="receiving",
        created=NOW,
        ended=None,
        files=files,
        sources=(),
        packages=(),
        findings=(),
        kept=True,
    )


def importing(done: int = 600_000) -> ImportView:
    return ImportView(
        id="importing",
        name="usb",
        by="pitstop",
        handed="watched",
        path="/srv/imports/usb",
        state="importing",
        created=NOW,
        ended=None,
        files=(),
        sources=(),
        packages=(),
        findings=(),
        kept=False,
        progress=PortionView(
            done=done, whole=2_000_000, percent=done / 20_000, rate=100_000.0, seconds_left=14.0
        ),
    )


def succeeded() -> ImportView:
    return ImportView(
        id="succeeded",
        name="usb",
        by="ada",
        handed="by-path",
        path="/media/usb/transfer",
        state="succeeded",
        created=NOW - timedelta(hours=2),
        ended=NOW - timedelta(hours=1),
        files=(),
        sources=(ImportedSourceView(source="northstar", standing="older", made=NOW - timedelta(days=20)),),
        packages=(
            ImportedPackageView(name=HOTFIX, missing=("part-2.zip",)),
            ImportedPackageView(name="Northstar9.9999.0.1", missing=()),
        ),
        findings=(INCOMPLETE,),
        kept=False,
    )


def failed() -> ImportView:
    files = tuple(HandedFileView(name=name, size=1_000_000, received=1_000_000) for name in FILES)
    return ImportView(
        id="failed",
        name="usb",
        by="ada",
        handed="uploaded",
        path="",
        state="failed",
        created=NOW - timedelta(hours=4),
        ended=NOW - timedelta(hours=3),
        files=files,
        sources=(),
        packages=(),
        findings=(REFUSED, INCOMPLETE),
        kept=True,
    )


def every() -> tuple[ImportView, ...]:
    """Oldest first."""
    return failed(), succeeded(), receiving(), importing()
