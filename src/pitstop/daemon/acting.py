"""Wiring of what acts: the ways to nodes and their controllers, and the driver of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pitstop.daemon.ending import Ending
from pitstop.daemon.getting import Getting
from pitstop.daemon.ground import Ground
from pitstop.daemon.installation import LaunchedService, launched
from pitstop.daemon.node_versions import NodeVersions
from pitstop.daemon.stored import worker_name
from pitstop.engine.driver import Driver
from pitstop.nodes.ansible import AnsibleRunner
from pitstop.nodes.examining import SshExaminer
from pitstop.nodes.probing import HttpxProber
from pitstop.nodes.redfish import RedfishControllers
from pitstop.nodes.ssh import SshNodes
from pitstop.service.adoption import Adoption
from pitstop.service.check_rounds import CheckRounds
from pitstop.service.hours import DeclaredHours
from pitstop.service.node_watch import NodeWatch
from pitstop.service.nodes import NodesService
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.database import DATABASE_NAME


@dataclass(frozen=True, slots=True)
class Acting:
    """Attributes: ``world``: what a run acts with; ``declarations``: the nodes, and changing them."""

    nodes: SshNodes
    http: HttpxProber
    world: Callable[[], World]
    driver: Driver
    declarations: NodesService
    watch: NodeWatch
    adoption: Adoption
    installation: LaunchedService
    ending: Ending

    async def close(self) -> None:
        """Let go of all connections."""
        await self.nodes.close()
        await self.http.close()


def acting(on: Ground, got: Getting, rounds: CheckRounds) -> Acting:
    settings, stored = on.settings, on.stored
    nodes, http = SshNodes(stored.host_keys, on.header.ssh.connections), HttpxProber()
    controllers = RedfishControllers(lambda: on.header.logins)
    playbooks = AnsibleRunner(stored.folder / "ansible", stored.host_keys, settings.ansible_wheels)
    ending = Ending()
    own_database = stored.folder / DATABASE_NAME if settings.database is None else None
    installation = launched(own_database, ending.to_be_started_anew)

    def world() -> World:
        return World(
            on.systems.now(),
            nodes,
            http,
            stored.payloads,
            got.sources.feed_of,
            on.clock,
            installation=installation,
            hours=DeclaredHours(stored.declarations),
            controllers=controllers,
            playbooks=playbooks,
            readiness=rounds,
        )

    versions = NodeVersions(on.systems, stored.host_keys)
    examiner = SshExaminer(stored.host_keys)
    return Acting(
        nodes=nodes,
        http=http,
        world=world,
        driver=Driver(stored.journal, KINDS, world, on.progress, worker_name()),
        declarations=NodesService(
            stored.nodes, stored.host_keys, examiner, on.header, stored.alerts, on.audited
        ),
        watch=NodeWatch(on.knowledge, versions, stored.nodes, stored.alerts),
        adoption=Adoption(stored.ledger, on.knowledge, versions, on.audited),
        installation=installation,
        ending=ending,
    )
