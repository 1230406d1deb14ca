"""The Debian that all machines are made of: bootstrapped once from where this machine has its own packages
from, and kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

WITH = ("openssh-server", "python3", "dnf", "dnf-plugins-core", "rpm")
"""Beyond the smallest Debian: what the machines are reached by, what Ansible needs on them, and what makes
and installs RPM packages: the same machine stands for one whose packages these are."""

_PROGRAMS = ("debootstrap", "unshare", "nsenter", "ip", "dpkg-deb", "apt-get")
_APART = ("unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
_TRY = "mount -t tmpfs none /mnt && mkdir /mnt/a /mnt/u /mnt/w && mount -t overlay none /mnt/a -o {}"
_OVERLAY = "lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w"


class NoMachines(Exception):
    """There can be no such machines here; says why."""


@cache
def why_not() -> str:
    """Why there can be no such machines here; "" where there can, as far as can be said beforehand."""
    if os.geteuid() != 0:
        return "machines in namespaces are made by root"
    lacking = [name for name in _PROGRAMS if shutil.which(name) is None]
    if lacking:
        return f"these programs of Debian's are needed: {', '.join(lacking)}"
    tried = subprocess.run([*_APART, "sh", "-c", _TRY.format(_OVERLAY)], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "this machine lets nobody make namespaces with an overlay in them"


def base_root(cached_in: Path | None = None) -> Path:
    """The folder of the base root, made where it is not there yet (about a minute). Nobody writes into it.

    Raises:
        NoMachines: it cannot be made.
    """
    reason = why_not()
    if reason:
        raise NoMachines(reason)
    folder = cached_in or _cache()
    folder.mkdir(parents=True, exist_ok=True)
    mirror, suite = _origin()
    made = hashlib.sha256(repr((mirror, suite, WITH)).encode()).hexdigest()[:12]
    root = folder / f"{suite}-{platform.machine()}-{made}"
    with _alone(folder):
        if not root.exists():
            _bootstrap(root, mirror, suite)
    return root


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pitstop" / "machines"


def _origin() -> tuple[str, str]:
    """Where this machine has its packages from, and which release of Debian it is."""
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    wanted = ["Created-By: Packages", f"Codename: {suite}", "Component: main"]
    said = _run(["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted])
    mirrors = said.split()
    if not mirrors:
        raise NoMachines("this machine's apt knows of no packages: apt-get update")
    return mirrors[0], suite


def _bootstrap(root: Path, mirror: str, suite: str) -> None:
    new = root.with_name(f".{root.name}")
    shutil.rmtree(new, ignore_errors=True)
    _run(["debootstrap", "--variant=minbase", f"--include={','.join(WITH)}", suite, str(new), mirror])
    for unneeded in ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*", "etc/ssh/ssh_host_*"):
        for file in new.glob(unneeded):
            file.unlink()
    new.rename(root)


def _run(words: Sequence[str]) -> str:
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip().splitlines()[-3:]
        raise NoMachines(f"{words[0]} ended with status {ended.returncode}: {' / '.join(said)}")
    return ended.stdout


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time looks after the cache."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
