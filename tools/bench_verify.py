"""``make bench-verify``: how long it takes to see that a package of 1 GiB is what was signed.

``ours_s`` is what a system does before it unpacks: it reads metadata, plan and manifest, checks their
digests, and each volume against its own. It runs in a process of its own, whose memory is ``peak_mib``.
``sha256sum_s`` and ``hashlib_s`` (``hashlib.file_digest``) are of the same volume file in the same run. Each
is the fastest of several goes, in turn. The last line is one JSON object; with ``--check`` it ends with
status 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from pitstop.model.packages import ContentFile, Manifest, Volume
from pitstop.model.plans import Plan, PlanStep
from pitstop.package.fileset import MANIFEST, METADATA, PLAN, volume_name
from pitstop.package.manifest_format import write_manifest
from pitstop.package.metadata_xml import write_metadata
from pitstop.package.plan_format import write_plan
from pitstop.steps.download import is_right
from pitstop.store.payloads import FilePayloads
from tools.plain_package import plain_metadata

NAME = "Bench1.0"
MIB = 1 << 20
FILE = 64 * MIB
NO_SLOWER, SHARE_OF_HASHLIB, MOST_MIB = 1.0, 0.9, 150


def lay(folder: Path, size: int) -> Path:
    """A package with this many bytes of content in the state folder ``folder/state``; its volume."""
    made = folder / volume_name(NAME, 1)
    files = []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for number, start in enumerate(range(0, size, FILE)):
            content = os.urandom(min(FILE, size - start))
            digest = hashlib.sha256(content).hexdigest()
            files.append(ContentFile(f"f{number:04}", 0o644, len(content), digest))
            archive.writestr(files[-1].path, content)
    volume = Volume(made.name, made.stat().st_size, _hashlib(made))
    manifest = write_manifest(Manifest(tuple(files)))
    plan = write_plan(Plan("Bench", (PlanStep("Rest", "command", args={"run": ["true"]}, role="*"),)))
    xml = write_metadata(plain_metadata("Bench", "1.0", volume, _sha256(manifest), _sha256(plan)))
    payloads = FilePayloads(folder / "state")
    payloads.put_documents(NAME, {METADATA: xml, MANIFEST: manifest, PLAN: plan})
    return made.rename(payloads.volume(NAME, made.name))


def verify(state: Path) -> None:
    """Raises ValueError: the package is not what was signed."""
    payloads = FilePayloads(state)
    metadata = payloads.metadata(NAME)
    payloads.manifest(NAME)
    payloads.plan(NAME)
    for volume in metadata.volumes:
        if not is_right(payloads.volume(NAME, volume.name), volume):
            raise ValueError(f"{volume.name} is not what was signed")


def _in_own_process(state: Path) -> tuple[float, float]:
    """Seconds of ``verify``, and the most MiB that its process has held."""
    words = (sys.executable, "-m", "tools.bench_verify", "--verify", str(state))
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    seconds, peak = json.loads(said)
    return seconds, peak


def _verified(state: Path) -> tuple[float, float]:
    began = monotonic()
    verify(state)
    return monotonic() - began, _peak_mib()


def _peak_mib() -> float:
    """The most memory that this program has held; what getrusage says counts that of who started it."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def _sha256sum(path: Path) -> str:
    return subprocess.run(("sha256sum", str(path)), check=True, capture_output=True, text=True).stdout[:64]


def _hashlib(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _seconds(work: Callable[[Path], object], path: Path) -> float:
    began = monotonic()
    work(path)
    return monotonic() - began


def measure(size: int, goes: int) -> dict[str, float]:
    """What the last line says."""
    with TemporaryDirectory() as name:
        volume = lay(Path(name), size)
        best = {"ours_s": inf, "sha256sum_s": inf, "hashlib_s": inf}
        peak = 0.0
        for _ in range(goes):
            ours, held = _in_own_process(Path(name) / "state")
            peak = max(peak, held)
            took = (ours, _seconds(_sha256sum, volume), _seconds(_hashlib, volume))
            best = {key: min(before, now) for (key, before), now in zip(best.items(), took, strict=True)}
    return {**{key: round(value, 4) for key, value in best.items()}, "peak_mib": round(peak, 1)}


def missed(found: dict[str, float]) -> Iterator[str]:
    """The aims that were missed."""
    if found["ours_s"] > NO_SLOWER * found["sha256sum_s"]:
        yield "slower than sha256sum"
    if found["hashlib_s"] < SHARE_OF_HASHLIB * found["ours_s"]:
        yield f"less than {SHARE_OF_HASHLIB} of the speed of hashlib.file_digest"
    if found["peak_mib"] >= MOST_MIB:
        yield f"{MOST_MIB} MiB or more of memory"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-verify ARGS=...", description="Speed of verification.")
    parser.add_argument("--goes", type=int, default=7, help="how often each is measured; default: 7")
    parser.add_argument("--mib", type=int, default=1024, help="size of the package; default: 1024")
    parser.add_argument("--check", action="store_true", help="end with status 1 where an aim is missed")
    parser.add_argument("--verify", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.verify is not None:
        print(json.dumps(_verified(options.verify)))
        return 0
    found = measure(options.mib * MIB, options.goes)
    problems = list(missed(found))
    gib = options.mib / 1024
    for name in ("ours_s", "sha256sum_s", "hashlib_s"):
        print(f"{name.removesuffix('_s'):10} {found[name]:7.2f} s  {gib / found[name]:5.2f} GiB/s")
    for problem in problems:
        print(f"missed: {problem}")
    print(json.dumps(found))
    return 1 if problems and options.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
