"""What a rehearsal hears from nodes: done, to do, that a step would be refused, and that nobody can say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from engine.bench import Bench, step
from pitstop.engine.rehearsal import Found, Probed, probe_all
from pitstop.model.errors import PackagesHeld, StepFailed, Unreachable
from pitstop.steps.kind import Done, StepContext
from pitstop.steps.table import KINDS


def test_a_step_that_would_be_refused_says_so_beforehand(tmp_path: Path) -> None:
    async def probe(context: StepContext, _args: object) -> Done | None:
        match context.here.name:
            case "n1":
                return Done("it is there")
            case "n2":
                return None
            case "n3":
                raise PackagesHeld("lamp is held")
            case "n4":
                raise StepFailed("it says nothing")
        raise Unreachable("it is away")

    bench = Bench(tmp_path, [step("one", role="host")], nodes=5)
    kinds = {**KINDS, "command": replace(KINDS["command"], probe=probe)}
    found = asyncio.run(probe_all(kinds, bench.world(), bench.tree()))
    by_node = {leaf.node: found[leaf.index] for leaf in bench.tree().leaves() if leaf.name.startswith("one")}
    assert by_node == {
        "n1": Probed(Found.DONE, "it is there"),
        "n2": Probed(Found.TO_DO),
        "n3": Probed(Found.REFUSED, "lamp is held"),
        "n4": Probed(Found.UNSAID, "it says nothing"),
        "n5": Probed(Found.UNSAID, "it is away"),
    }
