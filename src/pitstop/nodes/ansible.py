"""Playing playbooks with ansible-runner: :class:`pitstop.ports.playbooks.Playbooks`.

Ansible is a process of its own in an environment of its own, made offline of the wheels that the package
carries or that lie in a folder of the machine, and kept by what its requirements say. How nodes are reached
is an OpenSSH configuration made of the system's: their keys, jump hosts and pinned host keys; no host that is
not pinned is spoken to. Connections are not kept, and have a terminal: what is cut off ends there as well.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from pitstop.model.system import Become, Node
from pitstop.nodes.ansible_environments import AnsibleEnvironments
from pitstop.nodes.ansible_ssh import host_alias, known_hosts, ssh_config
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.playbooks import Play, PlayEvent, TaskOutcome
from pitstop.steps.ansible import leftovers_ended

_GRACE_SECONDS = 10.0
_LONGEST_LINE = 16 << 20
_KEPT = 2_000
_OUTCOMES = {
    "runner_on_start": TaskOutcome.STARTED,
    "runner_on_ok": TaskOutcome.OK,
    "runner_on_skipped": TaskOutcome.SKIPPED,
    "runner_on_failed": TaskOutcome.FAILED,
    "runner_on_unreachable": TaskOutcome.UNREACHABLE,
}


class AnsibleRunner:
    """Args:
    folder: where environments are kept.
    wheels: the machine's own folder of wheels with a ``requirements.txt``; None: there is none.
    """

    def __init__(self, folder: Path, host_keys: HostKeys, wheels: Path | None = None) -> None:
        self._host_keys = host_keys
        self._environments = AnsibleEnvironments(folder, wheels)

    async def play(self, play: Play, seen: Callable[[PlayEvent], None], *, deadline: timedelta) -> str:
        environment = await self._environments.of(play.wheels, deadline)
        work = Path(tempfile.mkdtemp(prefix="pitstop-play-"))
        try:
            await asyncio.to_thread(self._lay, play, work)
            return await self._run(play, environment, work, seen)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    async def end(self, mark: str) -> None:
        words = ("/bin/sh", "-c", leftovers_ended(mark))
        ending = await asyncio.create_subprocess_exec(*words, start_new_session=True)
        await ending.wait()

    # --- what it is given

    def _lay(self, play: Play, work: Path) -> None:
        for path, source in play.project.items():
            target = work / "project" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        for folder in ("inventory", "env"):
            (work / folder).mkdir()
        (work / "known_hosts").write_text(known_hosts(play.nodes, self._host_keys.pinned))
        (work / "ssh_config").write_text(ssh_config(play.nodes, work / "known_hosts", play.mark))
        (work / "inventory/hosts.json").write_text(json.dumps(_inventory(play)))
        (work / "env/extravars").write_text(json.dumps(dict(play.variables)))
        (work / "ansible.cfg").touch()

    # --- playing it

    async def _run(self, play: Play, environment: Path, work: Path, seen: Callable[[PlayEvent], None]) -> str:
        runner = str(environment / "bin/ansible-runner")
        words = [runner, "run", str(work), "--playbook", play.playbook, "--json"]
        told = ["--limit", ",".join(play.limit)] + (["--check"] if play.check else [])
        process = await asyncio.create_subprocess_exec(
            *words,
            *("--ident", "play", "--cmdline", shlex.join(told)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_settings(play, environment, work),
            cwd=work,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        try:
            said = await _heard(process, seen)
            status = await process.wait()
        finally:
            await self._ended(process, play.mark)
        return "" if status == 0 else said or f"ansible-runner ended with status {status}"

    async def _ended(self, process: asyncio.subprocess.Process, mark: str) -> None:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
            await self.end(mark)
            await process.wait()


async def _heard(process: asyncio.subprocess.Process, seen: Callable[[PlayEvent], None]) -> str:
    """Pass the events on; what was said that is none."""
    rest = ""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    async for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            rest = (rest + line.decode("utf-8", "replace"))[-_KEPT:]
            continue
        for each in _events(event):
            seen(each)
        if event.get("event") in ("verbose", "error") and (said := str(event.get("stdout", "")).strip()):
            rest = f"{rest}\n{said}"[-_KEPT:]
    return rest.strip()


def _events(event: Mapping[str, Any]) -> Iterator[PlayEvent]:
    data = event.get("event_data") or {}
    outcome = _OUTCOMES.get(str(event.get("event")))
    if outcome is None:
        return
    result = data.get("res") or {}
    said = str(result.get("msg") or result.get("stderr") or "")
    if outcome is TaskOutcome.OK and result.get("changed"):
        outcome = TaskOutcome.CHANGED
    if outcome in (TaskOutcome.SKIPPED, TaskOutcome.OK) and "check mode" in said:
        outcome = TaskOutcome.UNSAID
    ignored = bool(data.get("ignore_errors"))
    yield PlayEvent(str(data.get("host", "")), str(data.get("task", "")), outcome, said, ignored)


def _settings(play: Play, environment: Path, work: Path) -> Mapping[str, str]:
    return {
        "PATH": f"{environment / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "LC_PITSTOP_PLAY": play.mark,
        "ANSIBLE_CONFIG": str(work / "ansible.cfg"),
        "ANSIBLE_HOME": str(work / "home"),
        "ANSIBLE_LOCAL_TEMP": str(work / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(work / "project/collections"),
        "ANSIBLE_ROLES_PATH": str(work / "project/roles"),
        "ANSIBLE_SSH_ARGS": f"-F {work / 'ssh_config'}",
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_PIPELINING": "False",
        "ANSIBLE_NOCOLOR": "True",
    }


def _inventory(play: Play) -> Mapping[str, object]:
    roles = sorted({role for node in play.nodes for role in node.roles})
    hosts = {node.name: _host(node, play.mark) for node in play.nodes}
    groups: dict[str, object] = {
        re.sub(r"\W", "_", role): {"hosts": {node.name: {} for node in play.nodes if role in node.roles}}
        for role in roles
    }
    return {"all": {"hosts": hosts, "children": groups}}


def _host(node: Node, mark: str) -> Mapping[str, object]:
    return {
        "ansible_host": host_alias(node.name),
        "ansible_remote_tmp": f"/tmp/.pitstop-play-{mark}",  # noqa: S108 - made by Ansible, mode 700
        "ansible_become": node.become is Become.SUDO,
        "ansible_become_method": "sudo",
        "pitstop_root": node.root,
        "pitstop_fault_domain": node.fault_domain,
        "pitstop_facts": dict(node.facts),
    }
