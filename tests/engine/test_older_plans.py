"""Plans of older formats are still run: each format that was ever published lies in ``fixtures``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import rack
from engine.on_rack import Scene
from pitstop.model.runs import RunState
from pitstop.package.plan_format import check_plan, read_plan
from pitstop.publish.building import plan_kinds
from rack import Rack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("restarts")]

FIXTURES = Path(__file__).with_name("fixtures")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    folder = tmp_path_factory.mktemp("pair")
    rack.make(folder, rack.default_nodes(2))
    with rack.running(folder) as made:
        yield made


def test_a_plan_of_format_1_with_every_kind_of_group_is_run(pair: Rack, tmp_path: Path) -> None:
    plan = read_plan((FIXTURES / "plan-1.json").read_bytes())
    assert plan.format == 1
    check_plan(plan, plan_kinds())
    scene = Scene(pair, tmp_path, plan.items)
    tree = scene.driven()
    assert tree.run.state is RunState.SUCCEEDED, tree.run.finding
    done = [(node.root / "log").read_text().split() for node in pair.nodes]
    assert [sorted(words) for words in done] == [
        ["before", "first", "left", "right", "verified"],
        ["after", "before", "first", "left", "right", "verified"],
    ]
    assert not any((node.root / "drained").exists() for node in pair.nodes)
