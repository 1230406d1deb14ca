"""Packages of one large file with little in it, and what a system does with them, as a program of its own.

``python -m scenarios.heavy bring STATE FILES PACKAGE`` takes a package out of a folder of handed-over files
and unpacks it; ``... rebuild STATE DELTA PACKAGE BASE`` makes its content with a delta. Each prints the most
bytes that it has held.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from tools.plain_package import plain_metadata

from pitstop.model.packages import ContentFile, Manifest, Volume
from pitstop.model.plans import Plan, PlanStep
from pitstop.package.delta_route import Delta
from pitstop.package.fileset import DOCUMENTS, MANIFEST, METADATA, PLAN, volume_name
from pitstop.package.manifest_format import write_manifest
from pitstop.package.metadata_xml import read_metadata, write_metadata
from pitstop.package.plan_format import write_plan
from pitstop.steps.download import is_right
from pitstop.store.payloads import FilePayloads
from pitstop.transport.medium_feed import LooseFeed

MIB = 1 << 20
SIZE = 256 * MIB
PLAN_RAW = write_plan(Plan("Heavy", (PlanStep("Rest", "command", args={"run": ["true"]}, role="*"),)))


def content(folder: Path, mark: bytes) -> tuple[Path, ContentFile]:
    """Zeros with a mark in their midst."""
    path = folder / f"{mark.decode()}.img"
    with path.open("wb") as file:
        file.truncate(SIZE)
        file.seek(SIZE // 2)
        file.write(mark)
    with path.open("rb") as file:
        return path, ContentFile("disk.img", 0o644, SIZE, hashlib.file_digest(file, "sha256").hexdigest())


def hand_over(folder: Path, version: str, path: Path, file: ContentFile) -> str:
    """Lay the package's files into the folder, its one volume as large as what it carries; its name."""
    name = f"Heavy{version}"
    made = folder / volume_name(name, 1)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.write(path, file.path)
    with made.open("rb") as opened:
        volume = Volume(made.name, made.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())
    manifest = write_manifest(Manifest((file,)))
    digests = [hashlib.sha256(raw).hexdigest() for raw in (manifest, PLAN_RAW)]
    xml = write_metadata(plain_metadata("Heavy", version, volume, *digests))
    for document, raw in ((METADATA, xml), (MANIFEST, manifest), (PLAN, PLAN_RAW)):
        (folder / document).write_bytes(raw)
    return name


def know(state: Path, files: Path, name: str) -> FilePayloads:
    """A state folder that has the package's small files."""
    payloads, feed = FilePayloads(state), _feed(files)
    payloads.put_documents(name, {document: feed.document(name, document) for document in DOCUMENTS})
    return payloads


def _feed(files: Path) -> LooseFeed:
    xml = (files / METADATA).read_bytes()
    return LooseFeed(xml, read_metadata(xml), files, lambda _folder: 1 << 40)


def bring(state: Path, files: Path, name: str) -> None:
    """Raises ValueError: it is not what was handed over."""
    payloads = know(state, files, name)
    (volume,) = payloads.metadata(name).volumes
    _feed(files).fetch_volume(name, volume.name, payloads.volume(name, volume.name), _silent)
    if not is_right(payloads.volume(name, volume.name), volume):
        raise ValueError(f"{volume.name} is not what was signed")
    payloads.unpack(name, _silent)


def rebuild(state: Path, made: Path, name: str, base: str) -> None:
    payloads = FilePayloads(state)
    delta = Delta(name, base, made.name, made.stat().st_size)
    shutil.copyfile(made, payloads.delta(name, delta))
    payloads.rebuild(name, (delta,), _silent)


def _silent(_done: int, _in_all: int) -> None:
    pass


def _peak() -> int:
    """Of this program; what getrusage says counts that of who started it."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    act, folder, other, *names = sys.argv[1:]
    acts: dict[str, Callable[..., None]] = {"bring": bring, "rebuild": rebuild}
    acts[act](Path(folder), Path(other), *names)
    print(_peak())
