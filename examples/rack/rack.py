"""Make a rack, start and stop it, and make its nodes fail on purpose.

Nothing is held in memory: every function takes the rack's folder, so that the demo, a test and a person at a
shell may act on the same rack. Nodes outlive the process that started them.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import asyncssh

from rack import layout, nodes_file, power
from rack.nodes_file import ADDRESS, Node, NodeSpec, Rack, RackError, default_nodes

PORTS = range(20000, 32000)
"""Below the ports that systems give to outgoing connections: a rack that rests keeps its ports."""

BOOT_SECONDS = 60.0
POWER_OFF_SECONDS = 30.0
DEFAULT_LANTERN_VERSION = "1.2311.0.10"
DEFAULT_OEM_VERSION = "2.1.4"


def make(
    folder: Path,
    nodes: Sequence[NodeSpec] = default_nodes(),
    *,
    lantern_version: str = DEFAULT_LANTERN_VERSION,
    oem_version: str = DEFAULT_OEM_VERSION,
    product_dir: Path = layout.PRODUCT,
) -> Rack:
    """Lay a rack into ``folder``: node folders with Lantern and firmware, keys, and ``system.toml``.

    Nothing is started. Raises RackError if a rack is there already, or names are double or not usable.
    """
    check_names([spec.name for spec in nodes])
    if (folder / "system.toml").exists():
        raise RackError(f"there is a rack in {folder} already")
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    operator = write_key(folder / nodes_file.OPERATOR_KEY)
    ports = free_ports(2 * len(nodes))
    made = tuple(
        lay_node(folder / "nodes" / spec.name, spec, ports.pop(), ports.pop(), operator) for spec in nodes
    )
    for node in made:
        layout.lay_lantern(node.root, lantern_version, product=product_dir)
        layout.lay_oem(node.root, oem_version, product=product_dir)
        write_settings(node, [peer for peer in made if peer is not node])
    rack = Rack(folder, made)
    nodes_file.write(rack)
    return rack


def check_names(names: Sequence[str]) -> None:
    for name in names:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise RackError(f"{name!r} is no name for a node: small letters, digits and hyphens only")
    if len(set(names)) < len(names) or not names:
        raise RackError("a rack needs at least one node, and each a name of its own")


def lay_node(root: Path, spec: NodeSpec, port: int, lantern_port: int, operator: str) -> Node:
    """The node's file system with its host key, open to the operator's key."""
    layout.make_folders(root)
    host_key = write_key(root / layout.HOST_KEY)
    (root / layout.AUTHORIZED_KEYS).write_text(f"{operator} {nodes_file.USER}\n", encoding="ascii")
    url = f"http://{ADDRESS}:{lantern_port}"
    return Node(spec.name, port, host_key, root, spec.roles, spec.fault_domain, url)


def write_key(path: Path) -> str:
    """Generate an ed25519 key, readable by its owner alone; gives the public half as ``type base64``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(path))
    return " ".join(key.export_public_key().decode("ascii").split()[:2])


def write_settings(node: Node, peers: Iterable[Node]) -> None:
    """Lantern's configuration; a node with several roles runs Lantern as its first."""
    path = node.root / layout.LANTERN_SETTINGS
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"node = {json.dumps(node.name)}", f"role = {json.dumps(node.roles[0] if node.roles else '')}"]
    lines += [f"port = {node.lantern_url.rpartition(':')[2]}", "", "[peers]"]
    lines += [f"{peer.name} = {json.dumps(peer.lantern_url)}" for peer in peers]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on now."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(found) == count:
            return found
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind((ADDRESS, port))
            found.append(port)
    raise RackError(f"there are no {count} free ports between {PORTS.start} and {PORTS.stop}")


def start(folder: Path) -> Rack:
    """Start every node that is off; returns when each takes SSH and its Lantern answers.

    Raises RackError with the name, reason and, where it is that, the port of each node that did not come up;
    the others stay up.
    """
    rack = nodes_file.read(folder)
    boot(*(node for node in rack.nodes if power.server_of(node.root) is None))
    return rack


def boot(*nodes: Node) -> None:
    """Start nodes side by side. The environment is the rack's own: the node makes that of its commands."""
    examples = str(Path(__file__).resolve().parents[1])
    starts = [
        subprocess.Popen(
            [sys.executable, "-m", "rack.node", node.name, node.root, str(node.port), "--detach"],
            env={**os.environ, "PYTHONPATH": examples},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for node in nodes
    ]
    failures = []
    for node, starting in zip(nodes, starts, strict=True):
        with starting:
            try:
                _, reason = starting.communicate(timeout=BOOT_SECONDS)
            except subprocess.TimeoutExpired:
                starting.kill()
                reason = f"nothing was heard of it in {BOOT_SECONDS:g} seconds"
                starting.wait()
        if starting.returncode:
            failures.append(f"{node.name} did not come up: {reason.strip() or 'no reason was given'}")
    if failures:
        raise RackError("\n".join(failures))


def stop(folder: Path) -> None:
    """Take the power from every node: Lantern ends in order, then all else that runs on it."""
    nodes = nodes_file.read(folder).nodes
    for node in nodes:
        power.signal_server(node.root, signal.SIGTERM)
    for node in nodes:
        if not power.wait_off(node.root, POWER_OFF_SECONDS):
            power.signal_server(node.root, signal.SIGKILL)
            power.wait_off(node.root, POWER_OFF_SECONDS)
        power.cut_power(node.root)  # the SSH server did this already, unless it was unplugged


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Rack]:
    """The rack in ``folder``, started, and stopped at the end."""
    try:
        yield start(folder)
    finally:
        stop(folder)


def break_node(folder: Path, name: str) -> None:
    """Make Lantern of that node come up sick (503, ``broken``) from its next restart on."""
    (nodes_file.read(folder).node(name).root / layout.BROKEN_MARKER).touch()


def mend_node(folder: Path, name: str) -> None:
    """Take the cause away; Lantern is well after its next restart."""
    (nodes_file.read(folder).node(name).root / layout.BROKEN_MARKER).unlink(missing_ok=True)


def unplug(folder: Path, name: str) -> None:
    """Make the node unreachable: its SSH server and connections are gone, what runs on it goes on."""
    root = nodes_file.read(folder).node(name).root
    power.signal_server(root, signal.SIGKILL)
    if not power.wait_off(root, POWER_OFF_SECONDS):
        raise RackError(f"{name}: its SSH server does not end")


def plug(folder: Path, name: str) -> None:
    """Make an unplugged node reachable again. Lantern is left as it is if it runs, and started if not."""
    node = nodes_file.read(folder).node(name)
    if power.server_of(node.root) is None:
        boot(node)


def remove(folder: Path) -> None:
    """Stop the rack and delete its folder."""
    stop(folder)
    shutil.rmtree(folder)
