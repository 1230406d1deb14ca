"""Asking the nodes what they run, outside the service's event loop: for questions of a person."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pitstop.model.errors import Unreachable
from pitstop.nodes.ssh import SshNodes
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.systems import Systems
from pitstop.steps.confirm_version import VersionSaid, ask_versions

_DEADLINE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class NodeVersions:
    """Implements :class:`pitstop.ports.installed.InstalledVersions`."""

    systems: Systems
    host_keys: HostKeys

    def said(self) -> Mapping[str, Mapping[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for product in self.systems.now().version_probes:
            for each in asyncio.run(self._ask_all(product)):
                if each.version:
                    found.setdefault(each.node, {})[product] = each.version
        return found

    def on_nodes(self, product: str) -> Mapping[str, str]:
        said = asyncio.run(self._ask_all(product))
        silent = [str(each) for each in said if each.version is None]
        if silent:
            raise Unreachable(
                f"not every node says its version of {product}: {'; '.join(silent)}",
                hint="Check that these nodes can be reached and that the version probe works there.",
            )
        return {each.node: each.version or "" for each in said}

    async def _ask_all(self, product: str) -> Sequence[VersionSaid]:
        nodes = SshNodes(self.host_keys, self.systems.now().ssh.connections)
        try:
            return await ask_versions(nodes, self.systems.now(), product, deadline=_DEADLINE)
        finally:
            await nodes.close()
