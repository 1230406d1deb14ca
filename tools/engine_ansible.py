"""The work of ``make bench-engine`` done by Ansible: the newest ansible-core that this Python runs, pinned,
in an environment of its own, and always as a process of its own.

Set up as its users would set it up to be quick: pipelining, no facts, the connection kept (OpenSSH's
ControlPersist), as many forks as there are nodes in a batch.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pitstop.model.system import Node
from tools.engine_work import AT_ONCE, WORK, Command, WorkUndone

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements" / "ansible.txt"
_PYTHON_OF_NODES = ("/usr/bin/python3", sys.executable)


class NoAnsible(Exception):
    """Ansible cannot be had on this machine."""


def environment(cache: Path) -> Path:
    """The folder of an environment with Ansible in it, made where it is not there yet.

    Raises:
        NoAnsible: it cannot be installed.
    """
    folder = _folder(cache)
    if not is_there(cache):
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
        _run([*install, "--disable-pip-version-check", "--only-binary", ":all:", "-r", str(REQUIREMENTS)])
        (folder / ".ready").touch()
    return folder


def is_there(cache: Path) -> bool:
    """Whether the environment is installed already."""
    return (_folder(cache) / ".ready").exists()


def version(installed: Path) -> str:
    """Which Ansible it is."""
    said = _run([str(installed / "bin/ansible"), "--version"], {**os.environ, "ANSIBLE_HOME": str(installed)})
    return said.splitlines()[0]


def ansible_seconds(installed: Path, nodes: Sequence[Node], folder: Path) -> float:
    """One ``ansible-playbook`` over all nodes, from its start to its end.

    Raises:
        WorkUndone: it did not end well.
    """
    folder.mkdir(parents=True)
    inventory, playbook, known = folder / "inventory.json", folder / "playbook.json", folder / "known_hosts"
    known.write_text("".join(f"[{node.address}]:{node.port} {node.host_key}\n" for node in nodes))
    inventory.write_text(json.dumps({"all": {"hosts": {node.name: _host(node, known) for node in nodes}}}))
    playbook.write_text(json.dumps(_playbook()))
    play = [str(installed / "bin/ansible-playbook"), "-i", str(inventory), str(playbook)]
    with tempfile.TemporaryDirectory(prefix="cp-", dir="/tmp") as sockets:
        settings = _settings(folder, Path(sockets))
        began = time.monotonic()
        try:
            ended = subprocess.run(play, env=settings, capture_output=True, text=True, check=False)
            seconds = time.monotonic() - began
        finally:
            _let_go(Path(sockets))
    if ended.returncode != 0:
        raise WorkUndone(
            f"ansible-playbook ended with status {ended.returncode}:\n{ended.stdout}{ended.stderr}"
        )
    return seconds


def _host(node: Node, known: Path) -> Mapping[str, object]:
    return {
        "ansible_host": node.address,
        "ansible_port": node.port,
        "ansible_user": node.user,
        "ansible_ssh_private_key_file": node.key,
        "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={known} -o IdentitiesOnly=yes",
        "ansible_python_interpreter": next(path for path in _PYTHON_OF_NODES if Path(path).exists()),
        "ansible_remote_tmp": f"{node.root}/.ansible",
        "root": node.root,
    }


def _playbook() -> list[Mapping[str, object]]:
    tasks = [
        {"ansible.builtin.command": {"argv": list(item.words), "chdir": "{{ root }}"}}
        if isinstance(item, Command)
        else {
            "ansible.builtin.copy": {
                "content": item.content,
                "dest": "{{ root }}/" + item.name,
                "mode": "0644",
            }
        }
        for item in WORK
    ]
    return [{"hosts": "all", "gather_facts": False, "serial": AT_ONCE, "tasks": tasks}]


def _settings(folder: Path, sockets: Path) -> Mapping[str, str]:
    nothing = folder / "ansible.cfg"
    nothing.touch()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_CONFIG": str(nothing),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_FORKS": str(AT_ONCE),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "LC_ALL": "C.UTF-8",
    }


def _let_go(sockets: Path) -> None:
    """ControlPersist leaves a process for each connection, for another minute."""
    for socket in sockets.iterdir():
        close = ["ssh", "-F", "none", "-O", "exit", "-o", f"ControlPath={socket}", "node"]
        subprocess.run(close, capture_output=True, check=False)


def _folder(cache: Path) -> Path:
    pinned = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    return cache / f"ansible-{sys.version_info.major}.{sys.version_info.minor}-{pinned}"


def _run(words: Sequence[str], settings: Mapping[str, str] | None = None) -> str:
    ended = subprocess.run(words, env=settings, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise NoAnsible(
            f"{' '.join(words[:4])}... ended with status {ended.returncode}: {ended.stderr.strip()}"
        )
    return ended.stdout
