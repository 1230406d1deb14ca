"""Where things lie on a node, and how Lantern and the OEM's firmware are laid there.

A node of the rack is a folder that stands for the file system of a machine; ``PITSTOP_ROOT`` names it to
everything that runs on the node. On a real machine it is ``/``.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

NODE_FOLDERS = ("opt", "etc", "var/lib", "var/log", "lib", "run", "tmp", "sbin")

HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
AUTHORIZED_KEYS = "etc/ssh/authorized_keys"
SSHD_LOG = "var/log/sshd.log"
SSHD_PID = "run/sshd.pid"
BOOT_ID = "run/boot_id"
INIT_SCRIPT = "etc/init.d/lantern"
LANTERN_SETTINGS = "etc/lantern/lantern.toml"
BROKEN_MARKER = "etc/lantern/broken"

PRODUCT = Path(__file__).resolve().parents[1] / "lantern" / "product"

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

REBOOT = """#!/bin/sh
# Stands before the machine's own reboot on the PATH of a node: restarts this node of the rack only.
kill -HUP "$(cat "${PITSTOP_ROOT:?}/run/sshd.pid")"
"""


def make_folders(root: Path) -> None:
    """The empty file system of a node, with a ``reboot`` that cannot reach the machine underneath."""
    for folder in NODE_FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    write_executable(root / "sbin/reboot", REBOOT)


def write_executable(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    path.chmod(0o755)


def environment(root: Path) -> Mapping[str, str]:
    """All that a command on a node gets to see: its own commands first, then this Python as ``python3``."""
    path = f"{root / 'sbin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{SYSTEM_PATH}"
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": str(root), "PITSTOP_ROOT": str(root)}


def lay_lantern(
    root: Path, version: str, *, product: Path = PRODUCT, requires_oem: str | None = None
) -> None:
    """Lay a version of Lantern below ``root``, which may be a node or the tree of a payload to be packed.

    The configuration and the state are the node's own: they are not part of the product.
    """
    for source, target in (
        ("lantern.py", "opt/lantern/lantern.py"),
        ("lanternctl", "opt/lantern/bin/lanternctl"),
        ("init.d/lantern", INIT_SCRIPT),
    ):
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(product / source, root / target)
        (root / target).chmod(0o755)
    (root / "opt/lantern/VERSION").write_text(f"{version}\n", encoding="ascii")
    if requires_oem is not None:
        (root / "opt/lantern/REQUIRES_OEM").write_text(f"{requires_oem}\n", encoding="ascii")


def lay_oem(root: Path, version: str, *, product: Path = PRODUCT) -> None:
    """Lay a version of the OEM's firmware below ``root``; the image names it, so that versions differ."""
    folder = root / "lib/firmware/lumen"
    folder.mkdir(parents=True, exist_ok=True)
    image = (product / "oem/lumen.fw").read_bytes()
    (folder / "lumen.fw").write_bytes(image + f"version {version}\n".encode("ascii"))
    (folder / "VERSION").write_text(f"{version}\n", encoding="ascii")
