"""Many who ask how far a run is do not hold it up."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
import uvicorn
from sqlalchemy import insert

import sqlite
from engine.bench import EARLY, RELEASE, RUN, NoHttp, no_feed, rolling, step, system
from pitstop.daemon.clock import MachineClock
from pitstop.daemon.stored import Stored, open_state
from pitstop.daemon.web import create_app
from pitstop.engine.driver import Driver
from pitstop.engine.progress import Progress
from pitstop.model.expansion import expand, group, numbered
from pitstop.model.plans import Plan
from pitstop.model.runs import Phase, Run, RunPurpose, RunState
from pitstop.model.updates import UpdateState
from pitstop.ports.nodes import Answer
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.offers import Offers
from pitstop.service.outlooks import Outlooks
from pitstop.service.runs import RunsService
from pitstop.service.step_sizes import StepSizes
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store import tables
from simulators import desk
from simulators.nodes import Call, SimulatedNodes
from simulators.systems import GivenSystem

NODES, AT_ONCE = 32, 4
SECONDS = 0.05
"""That each of five steps takes on each node."""

MOST, LONGEST = 2.5, 10.0
"""How many times as long a batch may take while everybody asks, and how many seconds an answer. It was nine
times as long while each answer was made by itself; one for all, and it is about as long as in silence."""

POLLERS = 16
PATHS = (f"/api/v1/runs/{RUN}", "/api/v1/runs")
ASKING = """
import json, sys, threading, time
import httpx
url, token, pollers, *paths = sys.argv[1:]
took, asking, over = [], threading.Event(), threading.Event()
def ask(path):
    head = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=head, timeout=30, trust_env=False) as client:
        while asking.wait() and not over.is_set():
            begun = time.monotonic()
            client.get(path).raise_for_status()
            took.append(time.monotonic() - begun)
threads = [threading.Thread(target=ask, args=(paths[n % len(paths)],)) for n in range(int(pollers))]
for thread in threads: thread.start()
print("ready", flush=True)
for line in sys.stdin:
    asking.set() if line == "ask\\n" else asking.clear()
over.set(), asking.set()
for thread in threads: thread.join()
print(json.dumps({"answers": len(took), "longest": max(took)}))
"""
"""A process of its own, as pollers are: told by lines when to ask and when to be silent."""


@dataclass
class Polled:
    """A run that goes on in the service's own event loop, while others ask it, batch after batch: two in
    silence, two while everybody asks.

    Attributes:
        ended: when each node was done, by the clock.
    """

    stored: Stored
    ended: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock, stored = MachineClock(), self.stored
        knowledge = Knowledge(
            stored.catalogues,
            stored.ledger,
            stored.runs,
            stored.declarations,
            GivenSystem(system(NODES)),
            clock,
        )
        outlooks = Outlooks(stored.runs, stored.journal, StepSizes(stored.payloads))
        audited = Audited(stored.audit, clock)
        self.progress = Progress()
        offers = Offers(ListedIssues(stored.known_issues), knowledge, lambda _since, _until: ())
        runs = RunsService(
            stored.journal, stored.runs, knowledge, NoJobs(), self.progress, audited, outlooks, offers
        )
        self.shown = desk.quiet()
        self.app = create_app(replace(self.shown.desk, runs=runs))
        self.nodes = SimulatedNodes(self.does)

    async def does(self, call: Call) -> Answer:
        await asyncio.sleep(SECONDS)
        if call.operation is not None and "#five" in call.script:
            self.ended.append(time.monotonic())
            if len(self.ended) % (2 * AT_ONCE) == 0:
                self.ask_or_not()
        return Answer(0, "done")

    def ask_or_not(self) -> None:
        is_odd = len(self.ended) // (2 * AT_ONCE) % 2
        assert self.polling.stdin is not None
        self.polling.stdin.write(b"ask\n" if is_odd else b"be silent\n")

    def world(self) -> World:
        return World(system(NODES), self.nodes, NoHttp(), self.stored.payloads, no_feed, MachineClock())

    async def run(self) -> Mapping[str, float]:
        """What the pollers have to say."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            server = uvicorn.Server(uvicorn.Config(self.app, log_config=None, access_log=False))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            self.polling = await polling(url, self.shown.token("ada"))
            driver = Driver(self.stored.journal, KINDS, self.world, self.progress, "worker")
            self.begun = time.monotonic()
            await driver.drive(RUN)
            said, _ = await asyncio.wait_for(self.polling.communicate(b"be silent\n"), 60)
            server.should_exit = True
            await serving
        answers: Mapping[str, float] = json.loads(said)
        return answers

    def batches(self, *, asked: bool) -> list[float]:
        """How long the batches took that went on in silence, or while everybody asked."""
        ends = [self.begun, *self.ended[AT_ONCE - 1 :: AT_ONCE]]
        return [b - a for n, (a, b) in enumerate(pairwise(ends)) if (n // 2 % 2 == 1) is asked]


async def polling(url: str, token: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    arguments = ("-c", ASKING, url, token, str(POLLERS), *PATHS)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    await process.stdout.readline()
    return process


class NoJobs:
    """Implements :class:`pitstop.ports.jobs.Jobs`: nobody asks for any."""

    def submit(self, job: str, key: str) -> None:
        raise AssertionError(f"{job} {key}")


def begun(stored: Stored) -> None:
    """A run over all nodes, written down."""
    with stored.journal._database.writing() as connection:
        connection.execute(
            insert(tables.updates).values(
                name=RELEASE.name,
                publisher=RELEASE.id.publisher,
                product=RELEASE.id.product,
                version=RELEASE.version,
                type=RELEASE.type,
                family=RELEASE.family,
                state=UpdateState.READY,
            )
        )
    steps = [step(name) for name in ("one", "two", "three", "four", "five")]
    items = expand(Plan("long", (rolling(*steps, batch=AT_ONCE),)), system(NODES))
    places = [
        *(group(phase, [], phase=phase) for phase in EARLY),
        group("Install", items, phase=Phase.INSTALL),
    ]
    at = MachineClock().now()
    run = Run(RUN, RELEASE.name, RELEASE.id, RunPurpose.APPLY, RunState.IN_PROGRESS, at, "operator")
    stored.journal.create(run, tuple(numbered(places)), expected=UpdateState.READY)


@pytest.mark.slow
def test_who_asks_how_far_a_run_is_does_not_starve_it(tmp_path: Path) -> None:
    """Frequent polling of an update's progress starved the service that drove it, until both timed out
    (Azure/AzureLocal-Supportability 47)."""
    with open_state(sqlite.laid(tmp_path / "state")) as stored:
        begun(stored)
        polled = Polled(stored)
        answers = asyncio.run(polled.run())
        assert stored.runs.run(RUN).state is RunState.SUCCEEDED
    ratio = median(polled.batches(asked=True)) / median(polled.batches(asked=False))
    assert ratio < MOST, f"{ratio:.2f} times as long; {answers}"
    assert answers["answers"] >= POLLERS
    assert answers["longest"] < LONGEST
