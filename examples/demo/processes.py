"""Starting, watching and ending the processes of the demo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

PITSTOP = (sys.executable, "-m", "pitstop")
START_SECONDS = 60.0
STOP_SECONDS = 15.0


class DemoError(Exception):
    """A part of the demo did not do its part."""


@dataclass(slots=True)
class Part:
    """One process of the demo, with its output in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Ask it to end; end it when it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def start(
    name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Part:
    """Start ``pitstop`` with these arguments, in a session of its own: Ctrl-C is for the demo alone."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*PITSTOP, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    return Part(name, process, log)


def call(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None, given: str | None = None
) -> str:
    """Run one ``pitstop`` command; its standard output.

    Raises:
        DemoError: it ended with another status than 0.
    """
    done = subprocess.run(
        [*PITSTOP, *arguments],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    if done.returncode != 0:
        raise DemoError(f"pitstop {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def wait_for(part: Part, url: str) -> None:
    """Wait until ``url`` answers.

    Raises:
        DemoError: the process ended, or it took too long.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if part.process.poll() is not None:
            raise DemoError(f"{part.name} ended at once:\n{part.tail()}")
        try:
            httpx.get(url, timeout=5, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise DemoError(f"{part.name} did not answer at {url} within {START_SECONDS:.0f} s:\n{part.tail()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
