"""A bench to try the driver on: journal, nodes and clock simulated, step kinds and driver real."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from pitstop.engine.driver import Driver
from pitstop.engine.leaf import Kinds
from pitstop.engine.progress import Progress
from pitstop.model.expansion import changed, expand, group, leaf, numbered
from pitstop.model.packages import PackageType
from pitstop.model.plans import GroupMode, Plan, PlanGroup, PlanItem, PlanStep
from pitstop.model.releases import Release, ReleaseId
from pitstop.model.run_events import AbortRequested, CancelRequested, StopRequested
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Phase, Run, RunPurpose, RunState, Step, WindowUse
from pitstop.model.system import Node, SystemDescription
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.ports.feeds import Feed
from pitstop.ports.hours import AnyTime, Hours
from pitstop.ports.nodes import Answer
from pitstop.steps.composition import with_way_back
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.payloads import FilePayloads
from simulators.clock import SimulatedClock
from simulators.journal import MemoryJournal
from simulators.nodes import Call, SimulatedNodes

RELEASE = Release(
    ReleaseId("northstar", "lantern", Version((1, 2604))),
    "Northstar1.2604",
    PackageType.EXPRESS,
    "Lantern 2604",
    family="2604",
)
RUN = "run-1"
EARLY = (Phase.DOWNLOAD, Phase.PREPARE, Phase.HEALTH_CHECK)
_SAYS = re.compile(r"#([a-z0-9-]+)")


def system(count: int) -> SystemDescription:
    """Nodes n1, n2, ...: all of role ``host``, the first one also ``first``, two fault domains in turn."""
    nodes = tuple(
        Node(
            f"n{i}", "127.0.0.1", roles=("host", "first") if i == 1 else ("host",), fault_domain=f"fd{i % 2}"
        )
        for i in range(1, count + 1)
    )
    return SystemDescription("bench", "bench", "Lumen", "R4", nodes)


def step(name: str, *, role: str | None = None, **more: object) -> PlanStep:
    """A command that is known by its name."""
    made = PlanStep(name, "command", args={"shell": f": #{name}", **_args(more)}, role=role)
    return replace(made, **{key: value for key, value in more.items() if key != "done_when"})  # type: ignore[arg-type]


def _args(more: Mapping[str, object]) -> Mapping[str, object]:
    return {"done_when": more["done_when"]} if "done_when" in more else {}


def both_ways(name: str, **more: object) -> PlanStep:
    """A command with one that takes it back."""
    return replace(step(name, **more), undo=(step(f"un-{name}"),))  # type: ignore[arg-type]


def rolling(*items: PlanItem, **more: object) -> PlanGroup:
    """One node after the other, unless it is told otherwise."""
    return PlanGroup("roll", GroupMode.ROLLING, items, role="host", **more)  # type: ignore[arg-type]


@dataclass
class Bench:
    """One system with one run.

    Attributes:
        fails: names of steps that end with status 1, by node.
        done: answers of probes (``done_when``), by node: True ends with 0.
        closing: what the service itself does at the end of the install.
        ran: in which order operations were begun, as ``name@node``.
    """

    folder: Path
    items: Sequence[PlanItem]
    nodes: int = 2
    fails: set[tuple[str, str]] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    windows: WindowUse = WindowUse.NONE
    hours: Hours = field(default_factory=AnyTime)
    closing: tuple[PlanStep, ...] = ()
    ran: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.system = system(self.nodes)
        self.journal = MemoryJournal([RELEASE])
        self.clock = SimulatedClock()
        self.simulated = SimulatedNodes(self.does)
        self.kinds: Kinds = KINDS
        self.progress = Progress()
        first = self.system.nodes[0].name
        early = [leaf(step(phase), first, phase=phase) for phase in EARLY]
        plan = Plan("bench", tuple(self.items))
        items = [*expand(plan, self.system), *(leaf(each, None) for each in self.closing)]
        install = changed(group("Install", items, phase=Phase.INSTALL), with_way_back)
        run = Run(
            RUN,
            RELEASE.name,
            RELEASE.id,
            RunPurpose.APPLY,
            RunState.IN_PROGRESS,
            self.clock.now(),
            "operator",
            windows=self.windows,
        )
        self.journal.create(run, tuple(numbered([*early, install])), expected=UpdateState.READY)

    def does(self, call: Call) -> Answer:
        if call.operation is None:
            return Answer(0 if call.node in self.done else 1, "")
        name = named(call)
        self.ran.append(f"{name}@{call.node}")
        failing = (name, call.node) in self.fails
        return Answer(1 if failing else 0, f"{name} says no" if failing else f"{name} done")

    def world(self) -> World:
        return World(
            self.system,
            self.simulated,
            NoHttp(),
            FilePayloads(self.folder),
            no_feed,
            self.clock,
            hours=self.hours,
        )

    def driver(self, worker: str = "worker") -> Driver:
        return Driver(self.journal, self.kinds, self.world, self.progress, worker)

    def drive(self, worker: str = "worker") -> RunTree:
        """Drive the run to its end, or as far as it gets; the tree as the journal has it."""
        asyncio.run(self.driver(worker).drive(RUN))
        return self.tree()

    def stop(self, *, now: bool = False) -> None:
        self.journal.request(RUN, StopRequested(self.clock.now(), "operator", now=now))

    def abort(self, *, now: bool = False) -> None:
        self.journal.request(RUN, AbortRequested(self.clock.now(), "operator", now=now))

    def cancel(self, *, now: bool = False) -> None:
        self.journal.request(RUN, CancelRequested(self.clock.now(), "operator", now=now))

    def when(self, ran: str, then: Callable[[], None]) -> None:
        """Do this as soon as that operation is begun, once."""
        quick, waiting = self.simulated.does, [then]

        def does(call: Call) -> Answer | Awaitable[Answer]:
            answer = quick(call)
            if call.operation is not None and f"{named(call)}@{call.node}" == ran and waiting:
                waiting.pop()()
            return answer

        self.simulated.does = does

    def resume(self) -> None:
        self.journal.resume(RUN, "operator", self.clock.now())

    def tree(self) -> RunTree:
        return self.journal.load(RUN)

    def leaf(self, name: str, node: str) -> Step:
        """The leaf of this name on this node."""
        found = [item for item in self.tree().leaves() if item.node == node and item.name.startswith(name)]
        assert len(found) == 1, f"{len(found)} leaves are called {name} on {node}"
        return found[0]

    def state(self) -> UpdateState:
        return self.journal.update_states()[RELEASE.name]

    def times(self) -> Counter[str]:
        return Counter(self.ran)


def named(call: Call) -> str:
    """The name of the step that a script is of."""
    found = _SAYS.search(call.script)
    return found[1] if found else call.script.strip()


class NoHttp:
    """These runs ask no HTTP address."""

    async def get(self, url: str, *, deadline: timedelta) -> Answer:
        raise AssertionError(f"{url} was asked within {deadline}")

    async def connect(self, address: str, port: int, *, deadline: timedelta) -> None:
        raise AssertionError(f"{address}:{port} was asked within {deadline}")


def no_feed(update: str) -> Feed:
    raise AssertionError(f"the feed of {update} was asked for")
