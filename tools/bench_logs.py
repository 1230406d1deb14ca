"""``make bench-logs``: collect 1 GiB of logs from four nodes, with every secret in them removed.

The nodes are those of ``examples/rack``: processes of their own with SSH servers. Their logs are a mix as
systems write it, with a planted secret in every 600 lines or so, in each of forty forms in turn. They are
collected as the service does it, in a process of its own and with the limits of the settings, but without a
limit on bandwidth. Afterwards all of the bundle is searched for what was planted: a secret that is left is an
error.

- ``redact_mib_s_core``: MiB that are looked at for secrets, for each second of processor time that it takes.
- ``total_s``: from the asking to the file, nodes and SSH on the same cores.
- ``peak_mib``: the most memory that the collecting process has held, interpreter included.

The last line is one JSON object; with ``--check`` it ends with status 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import rack
from pitstop.diagnostics.collecting import LogCollector
from pitstop.diagnostics.node_reading import What
from pitstop.model.logs import Bundle, BundleState, Outcome, Wanted, Why
from pitstop.nodes.declared import read_system
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.logs import FILE
from tools.planted_logs import MARK, noise, planted

MIB = 1 << 20
BLOCK = 64 << 10
BLOCKS = 64
FILES = 8
LEAST_MIB_S, MOST_MIB = 50, 250


class NoRuns:
    """There were none."""

    def runs(self, _wanted: Wanted) -> Sequence[str]:
        return ()

    def of(self, _run_id: str) -> Iterator[tuple[str, str]]:
        return iter(())


class KnownKeys:
    """No node is met for the first time."""

    def pinned(self, _name: str) -> str | None:
        return None

    def all_pinned(self) -> Mapping[str, str]:
        return {}

    def pin(self, _name: str, key: str) -> str:
        return key

    def trust(self, _name: str, _key: str) -> None: ...

    def forget(self, _name: str) -> None: ...


def lay_logs(node: Path, size: int, rng: random.Random) -> int:
    """So many bytes of logs on a node; how often the mark is in them."""
    blocks = [noise(rng, BLOCK) for _ in range(BLOCKS)]
    secrets = cycle([one.text.encode() + b"\n" for _ in range(20) for one in planted(rng)])
    marks = 0
    for number in range(FILES):
        path, left = node / f"var/log/app{number}/app.log", size // FILES
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            while left > 0:
                piece = rng.choice(blocks) + next(secrets)
                marks += piece.count(MARK.encode())
                left -= file.write(piece)
    return marks


def collect(folder: Path, *, pseudonyms: bool) -> dict[str, float]:
    """Collect from the rack that runs in this folder; what was measured in this process."""
    now = datetime.now(UTC)
    wanted = Wanted(now - timedelta(hours=4), now, pseudonyms=pseudonyms)
    bundle = Bundle("0000-bench", "bench", Why.ASKED, wanted, BundleState.COLLECTING, now)

    async def work() -> dict[str, float]:
        streams = SshStreams(KnownKeys())
        system = read_system(folder / "rack" / "system.toml")
        what = What(commands={})
        collector = LogCollector(streams, NoRuns(), lambda: system, folder / "none", what=what)
        began = monotonic()
        gathered = await collector.collect(bundle, folder, lambda _done, _of: None)
        total = monotonic() - began
        await streams.close()
        lost = [thing for thing in gathered.collected if thing.outcome in (Outcome.FAILED, Outcome.CUT)]
        if lost:
            raise ValueError(f"not all was collected: {lost[0]}")
        return {
            "redact_mib_s_core": gathered.looked_at / MIB / gathered.seconds,
            "total_s": total,
            "peak_mib": _peak_mib(),
            "looked_at_mib": gathered.looked_at / MIB,
            "removed": sum(gathered.removed.values()),
        }

    return asyncio.run(work())


def _peak_mib() -> float:
    """The most memory that this program has held; what getrusage says counts that of who started it."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def marks_left(bundle: Path) -> int:
    """How often the mark is in what a bundle holds."""
    found, mark = 0, MARK.encode()
    with zipfile.ZipFile(bundle) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                end = b""
                while piece := member.read(MIB):
                    found += (end + piece).count(mark)
                    end = piece[1 - len(mark) :]
    return found


def measure(size: int, *, pseudonyms: bool) -> dict[str, float]:
    """What the last line says, and what the lines before it do.

    Raises:
        ValueError: a secret was left.
    """
    with TemporaryDirectory(prefix="bench-logs-") as name:
        folder = Path(name)
        made = rack.make(folder / "rack")
        rng = random.Random(17)  # noqa: S311 - the same logs each time
        planted_marks = sum(lay_logs(node.root, size // len(made.nodes), rng) for node in made.nodes)
        with rack.running(folder / "rack"):
            words = [sys.executable, "-m", "tools.bench_logs", "--collect", str(folder)]
            words += ["--pseudonyms"] if pseudonyms else []
            said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        found: dict[str, float] = json.loads(said)
        left = marks_left(folder / FILE)
        if left:
            raise ValueError(f"{left} of {planted_marks} planted marks are left")
        return {**found, "planted_marks": planted_marks, "file_mib": (folder / FILE).stat().st_size / MIB}


def missed(found: dict[str, float]) -> Iterator[str]:
    """The aims that were missed."""
    if found["redact_mib_s_core"] < LEAST_MIB_S:
        yield f"less than {LEAST_MIB_S} MiB a second of one core"
    if found["peak_mib"] >= MOST_MIB:
        yield f"{MOST_MIB} MiB or more of memory"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-logs ARGS=...", description="Speed of collecting logs.")
    parser.add_argument("--mib", type=int, default=1024, help="logs of all nodes together; default: 1024")
    parser.add_argument("--pseudonyms", action="store_true", help="with names and addresses replaced")
    parser.add_argument("--check", action="store_true", help="end with status 1 where an aim is missed")
    parser.add_argument("--collect", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.collect is not None:
        print(json.dumps(collect(options.collect, pseudonyms=options.pseudonyms)))
        return 0
    found = measure(options.mib * MIB, pseudonyms=options.pseudonyms)
    print(f"looked at       {found['looked_at_mib']:8.0f} MiB")
    print(f"planted marks   {found['planted_marks']:8.0f}, left 0; {found['removed']:.0f} finds removed")
    print(f"file            {found['file_mib']:8.1f} MiB")
    problems = list(missed(found))
    for problem in problems:
        print(f"missed: {problem}")
    print(json.dumps({key: round(found[key], 1) for key in ("redact_mib_s_core", "total_s", "peak_mib")}))
    return 1 if problems and options.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
