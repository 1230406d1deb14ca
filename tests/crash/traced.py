"""What a process asked of the disk, and when it acted: from the system calls of a worker, by ``strace``.

A node's side is begun as a program here (``local_nodes.py``): its start is the act. It must not come before
the row that says that the step is started is in the journal's log, and that log was synced.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crash.fuse import NEVER, Fuse
from crash.plan import Story
from crash.scene import RUN, Scene, scene_here

_CALLS = "execve,pwrite64,fdatasync,fsync"
_LOG = r"\d+<[^>]*pitstop\.db-wal>"
_LINE = re.compile(r"(?P<pid>\d+) +(?P<call>.*)")
_SYNC = re.compile(rf"f(?:data)?sync\({_LOG}(?P<rest>.*)")
_SYNC_ENDS = re.compile(r"<\.\.\. f(?:data)?sync resumed>.*= 0")
_ANY_SYNC = re.compile(r"\d+ +(<\.\.\. )?f(data)?sync")
_ACT = re.compile(rf'execve\("/bin/sh".*"operate", .*"{RUN}-(?P<step>[0-9.]+)-(?P<attempt>\d+)"')


@dataclass(frozen=True, slots=True)
class Trace:
    """System calls in the order of their lines. A call that others came in between of is there twice: when it
    began, and when it ended."""

    lines: tuple[str, ...]

    def acts(self) -> list[tuple[str, int]]:
        """Each operation that was begun: its step, and the place of that in the trace."""
        return [(act["step"], at) for at, line in enumerate(self.lines) if (act := _ACT.search(line))]

    def synced(self) -> Iterator[tuple[int, int]]:
        """From where to where the journal's log was synced, each time that it succeeded."""
        begun: dict[str, int] = {}
        for at, line in enumerate(self.lines):
            told = _LINE.match(line)
            if told is None:
                continue
            pid, call = told["pid"], told["call"]
            if (sync := _SYNC.match(call)) is not None:
                if sync["rest"].endswith("= 0"):
                    yield at, at
                elif "unfinished" in sync["rest"]:
                    begun[pid] = at
            elif pid in begun and _SYNC_ENDS.match(call):
                yield begun.pop(pid), at

    def written(self, step: str) -> int | None:
        """Where it was first written into the log that this step is started."""
        row = re.compile(rf"pwrite64\({_LOG}.*step-started{re.escape(step)}[^0-9.]")
        return next((at for at, line in enumerate(self.lines) if row.search(line)), None)

    def without_syncs(self) -> Trace:
        """As of a worker that syncs nothing."""
        return Trace(tuple(line for line in self.lines if not _ANY_SYNC.match(line)))

    def too_early(self) -> list[str]:
        """The steps whose act was begun before it was on the disk that they are started."""
        syncs = list(self.synced())
        early = []
        for step, acted in self.acts():
            written = self.written(step)
            if written is None or not any(written < begun and ended < acted for begun, ended in syncs):
                early.append(step)
        return early


def traced(folder: Path) -> Trace:
    """A run that nobody disturbs, by a worker whose system calls are written down.

    Raises:
        PermissionError: this process may not trace another.
    """
    scene = _scene(folder)
    scene.lay()
    file = folder / "trace"
    options = ["-f", "--seccomp-bpf", "-y", "-s", "16384", "-e", f"trace={_CALLS}", "-o", str(file)]
    ended = subprocess.run(
        ["strace", *options, sys.executable, "-m", "crash.traced", str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "ptrace" in ended.stderr and "not permitted" in ended.stderr:
        raise PermissionError(ended.stderr)
    assert ended.returncode == 0, ended.stderr
    return Trace(tuple(file.read_text(errors="replace").splitlines()))


def _scene(folder: Path) -> Scene:
    return scene_here(folder, Story.APPLY)


if __name__ == "__main__":
    there = Path(sys.argv[1])
    _scene(there).play(Fuse(NEVER, there))
