"""What keeps container images on a node: podman's store or a docker daemon, with nothing but its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pitstop.steps.images import ImageTool

_SECONDS_TO_START = 30


@dataclass(frozen=True, slots=True)
class Store:
    """``environment``: what its command line needs to find it."""

    tool: ImageTool
    environment: Mapping[str, str]

    def id_of(self, name: str) -> str:
        """The id that a name stands for; "" for nothing."""
        words = (self.tool, "image", "inspect", "--format", "{{.Id}}", name)
        asked = subprocess.run(
            words, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        return asked.stdout.strip().removeprefix("sha256:")


def lacks(tool: ImageTool) -> str:
    """What is needed for it that is not here; "" for nothing."""
    if shutil.which(tool) is None:
        return f"{tool}: apt-get install {'docker.io' if tool is ImageTool.DOCKER else tool}"
    if tool is ImageTool.DOCKER and (os.geteuid() != 0 or shutil.which("dockerd") is None):
        return "root and a docker daemon: apt-get install docker.io"
    return ""


@contextmanager
def store_in(folder: Path, tool: ImageTool) -> Iterator[Store]:
    """One that keeps all it has in this folder, until the block ends."""
    if tool is ImageTool.DOCKER:
        with _daemon(folder) as address:
            yield Store(tool, {"DOCKER_HOST": address})
    else:
        settings = folder / "storage.conf"
        settings.write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/containers"\nrunroot = "{folder}/running"\n'
        )
        yield Store(tool, {"CONTAINERS_STORAGE_CONF": str(settings)})


@contextmanager
def _daemon(folder: Path) -> Iterator[str]:
    """A docker daemon that touches no network of the machine's; its sockets need a short path."""
    with tempfile.TemporaryDirectory(prefix="dockerd-") as run:
        address = f"unix://{run}/docker.sock"
        places = (f"--data-root={folder}/docker", f"--exec-root={run}/exec", f"--pidfile={run}/pid")
        alone = ("--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs")
        with (folder / "log").open("wb") as log:
            words = ("dockerd", *places, *alone, f"--host={address}")
            daemon = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            _wait_for(address, daemon, folder / "log")
            yield address
        finally:
            daemon.terminate()
            daemon.wait()


def _wait_for(address: str, daemon: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while subprocess.run(
        ["docker", "--host", address, "version"], capture_output=True, check=False
    ).returncode:
        assert daemon.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)
