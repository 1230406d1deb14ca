"""A run over real nodes: SSH servers with folders for their file systems, and the engine as it is.

Each node has a program ``ctl`` that takes it out of service and puts it back, and says what runs there.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from engine.bench import Bench, NoHttp, no_feed
from pitstop.model.plans import Drain
from pitstop.model.run_tree import RunTree
from pitstop.nodes.ssh import SshNodes
from pitstop.steps.kind import World
from pitstop.store.payloads import FilePayloads
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import SshServer

CTL = """\
#!/bin/sh
case $1 in
out)
    echo "$1" >>orders
    if [ -e busy ]; then
        echo "waits for volume pvc-7: its last replica is on this node"
        while [ -e busy ]; do sleep 0.05; done
    fi
    touch out ;;
back) echo "$1" >>orders; rm -f out ;;
is-out) [ -e out ] ;;
version) cat version ;;
esac
"""
DRAIN = Drain(out=("./ctl", "out"), back=("./ctl", "back"), is_out=("./ctl", "is-out"))
PROBES = {"lantern": ("./ctl", "version")}


@dataclass
class RealNodes(Bench):
    """Nodes n1, n2, ... of which each stays as it was left from one drive to the next."""

    def __post_init__(self) -> None:
        self.servers = {
            name: SshServer(self.folder / "rack", name)
            for name in (f"n{number}" for number in range(1, self.nodes + 1))
        }
        for server in self.servers.values():
            self.write(server.name, "ctl", CTL)
            (server.root / "ctl").chmod(0o755)
        super().__post_init__()
        self.system = replace(self.system, version_probes=PROBES)

    def write(self, node: str, file: str, content: str = "") -> None:
        (self.servers[node].root / file).write_text(content)

    def read(self, node: str, file: str) -> str:
        return (self.servers[node].root / file).read_text()

    def remove(self, node: str, file: str) -> None:
        (self.servers[node].root / file).unlink()

    def out_of_service(self) -> list[str]:
        return [name for name, server in self.servers.items() if (server.root / "out").exists()]

    def drive(self, worker: str = "worker") -> RunTree:
        asyncio.run(self._drive(worker))
        return self.tree()

    async def _drive(self, worker: str) -> None:
        async with AsyncExitStack() as plugged:
            for server in self.servers.values():
                await server.plug()
                plugged.push_async_callback(server.close)
            reached = {name: server.node() for name, server in self.servers.items()}
            self.system = replace(
                self.system,
                nodes=tuple(
                    replace(
                        node,
                        port=reached[node.name].port,
                        user=reached[node.name].user,
                        key=reached[node.name].key,
                        root=reached[node.name].root,
                    )
                    for node in self.system.nodes
                ),
            )
            driver = SshNodes(FileHostKeys(self.folder / "host-keys"))
            plugged.push_async_callback(driver.close)
            self.over = driver
            await self.driver(worker).drive("run-1")

    def world(self) -> World:
        payloads = FilePayloads(self.folder)
        return World(self.system, self.over, NoHttp(), payloads, no_feed, self.clock, hours=self.hours)
