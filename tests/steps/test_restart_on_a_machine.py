"""``restart`` on a machine whose init goes down and comes back, or does not."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import machines
from machines import Machine, Role
from machines.machine import await_up
from pitstop.model.errors import NodeNotBack, NodeNotRestarted
from pitstop.model.system import Node
from pitstop.nodes.ssh import SshNodes
from pitstop.steps.kind import Done
from simulators.host_keys import FileHostKeys
from simulators.real_machines import require_machines

from .conftest import Content, NodeBench
from .test_restart import PatientClock

pytestmark = pytest.mark.slow
ARGS: dict[str, object] = {"run": ["reboot"], "ready_when": ["test", "-e", "/run/sshd.pid"]}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    require_machines()
    with machines.running(tmp_path_factory.mktemp("machine") / "m", [Role("n1")]) as made:
        yield made[0]


def on(machine: Machine, folder: Path, do: Callable[[NodeBench], Awaitable[Done | None]]) -> Done | None:
    async def run() -> Done | None:
        key = str(machine.storage.parent / "operator")
        node = Node("n1", machine.address, key=key, host_key=machine.host_key)
        driver = SshNodes(FileHostKeys(folder / "host-keys"))
        bench = NodeBench(
            driver, Content(folder / secrets.token_hex(4)), node, deadline=timedelta(seconds=20)
        )
        bench.clock = PatientClock()
        try:
            return await do(bench)
        finally:
            await driver.close()

    return asyncio.run(run())


def test_a_machine_that_does_not_restart_does_not_come_back_and_comes_back(
    machine: Machine, tmp_path: Path
) -> None:
    first = machine.boot_id()
    machine.mark("no-restart")
    with pytest.raises(NodeNotRestarted, match="answers, but was not restarted"):
        on(machine, tmp_path, lambda bench: bench.act("restart", ARGS))
    machine.mark("no-restart", on=False)
    machine.mark("no-return")
    with pytest.raises(NodeNotBack, match="was restarted and is not back"):
        on(machine, tmp_path, lambda bench: bench.act("restart", ARGS, attempt=2))
    machine.mark("no-return", on=False)
    await_up(machine)
    done = on(machine, tmp_path, lambda bench: bench.probe("restart", ARGS))
    assert done is not None
    assert machine.boot_id() != first
    assert done.output == "n1 was restarted and is ready"
