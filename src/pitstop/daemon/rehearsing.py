"""Asking the nodes for a rehearsal, outside the service's event loop: for a question of a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pitstop.engine.rehearsal import Probed, probe_all
from pitstop.model.run_tree import RunTree
from pitstop.nodes.probing import HttpxProber
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.host_keys import HostKeys
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """Implements :class:`pitstop.ports.rehearsing.NodeProbes` by connections of its own."""

    world: Callable[[], World]
    host_keys: HostKeys

    def probed(self, tree: RunTree) -> Mapping[str, Probed]:
        return asyncio.run(self._ask(tree))

    async def _ask(self, tree: RunTree) -> Mapping[str, Probed]:
        nodes, http = SshNodes(self.host_keys), HttpxProber()
        try:
            return await probe_all(KINDS, replace(self.world(), nodes=nodes, http=http), tree)
        finally:
            await nodes.close()
            await http.close()
