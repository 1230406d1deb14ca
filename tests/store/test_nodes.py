"""The declared nodes and the pinned host keys in the database."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from contracts.declared_nodes import KEY, N1, T0, HostKeysContract, NodesBench, NodesContract, at
from contracts.journal import BROKEN, FIRST, STEPS, Bench, new_run
from pitstop.model.errors import NodesChanging, PitstopError, RunLasts
from pitstop.model.run_events import RunFailed
from pitstop.model.system import DeclaredIn, DeclaredNode
from pitstop.ports.host_keys import HostKeys
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database
from pitstop.store.host_keys import SqlHostKeys
from pitstop.store.journal import SqlJournal
from pitstop.store.nodes import SqlNodes
from simulators.declared_nodes import MemoryHostKeys, MemoryNodes
from simulators.host_keys import FileHostKeys


def sql_bench(database: Database) -> NodesBench:
    """Runs of one update, of which each fails before the next begins."""
    journal, numbers = SqlJournal(database), itertools.count(1)
    begun = ""

    def begin(moment: datetime) -> None:
        nonlocal begun
        wanted = f"run-{next(numbers)}"
        state = SqlCatalogues(database).update_states()[FIRST.name]
        journal.create(replace(new_run(wanted), created=moment), STEPS, expected=state)
        begun = wanted

    def end(moment: datetime) -> None:
        journal.append(journal.take(begun, "w1", moment), RunFailed(moment, BROKEN))

    return NodesBench(SqlNodes(database), SqlHostKeys(database), begin, end)


class TestSqlNodes(NodesContract):
    @pytest.fixture(name="bench")
    def nodes_bench(self, bench: Bench, database: Database) -> NodesBench:
        return sql_bench(database)


class TestMemoryNodes(NodesContract):
    @pytest.fixture
    def bench(self) -> NodesBench:
        nodes = MemoryNodes()

        def end(_moment: datetime) -> None:
            nodes.run = None

        return NodesBench(nodes, nodes.host_keys, lambda moment: nodes.begin_run("run-1", moment), end)


class TestHostKeys(HostKeysContract):
    @pytest.fixture(params=["sql", "memory", "file"])
    def keys(self, request: pytest.FixtureRequest, database: Database) -> HostKeys:
        made: dict[str, Callable[[], HostKeys]] = {
            "sql": lambda: SqlHostKeys(database),
            "memory": MemoryHostKeys,
            "file": lambda: FileHostKeys(request.getfixturevalue("tmp_path") / "host-keys"),
        }
        return made[request.param]()


def test_of_a_run_and_a_change_that_begin_together_one_begins(bench: Bench, database: Database) -> None:
    """Again and again, from two threads at the same moment: never both, never neither."""
    who_began(sql_bench(database), rounds=15)


def who_began(bench: NodesBench, *, rounds: int) -> None:
    together = threading.Barrier(2)

    def tried(begin: Callable[[], object]) -> object:
        together.wait()
        try:
            return begin() or True
        except (RunLasts, NodesChanging):
            return None

    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            minute = 10.0 * number
            run = pool.submit(tried, partial(bench.begin_run, at(minute)))
            leave = pool.submit(tried, partial(bench.leave, minute))
            assert bool(run.result()) is not bool(leave.result())
            if run.result():
                bench.end_run(at(minute + 1))
            else:
                bench.nodes.leave(leave.result())  # type: ignore[arg-type]


def test_a_resumed_run_does_not_go_on_while_the_nodes_are_changed(bench: Bench, database: Database) -> None:
    of_nodes = sql_bench(database)
    of_nodes.begin_run(at(0))
    of_nodes.end_run(at(1))
    leave = of_nodes.leave(2)
    with pytest.raises(NodesChanging):
        bench.journal.resume("run-1", "ada", at(3))
    of_nodes.nodes.place(leave, DeclaredNode(N1, DeclaredIn.SERVICE, "ada", T0), KEY)
    bench.journal.resume("run-1", "ada", at(4))
    with pytest.raises(PitstopError, match="in progress"):
        of_nodes.leave(5)
