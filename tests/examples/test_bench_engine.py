"""The engine's benchmark measures what it says: the same work on real SSH servers, seen to be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools import bench_engine, engine_ansible
from tools.bench_engine import Seconds, default_cache, missed
from tools.engine_ansible import ansible_seconds, environment
from tools.engine_fleet import NoFleet, fleet
from tools.engine_work import LOG, WorkUndone, check

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bench-engine")]


@pytest.fixture(autouse=True, scope="module")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    try:
        with fleet(tmp_path_factory.mktemp("servers") / "fleet", 1):
            yield
    except NoFleet as error:
        pytest.skip(str(error))


def test_a_small_run_measures_all_but_ansible(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_engine.main(["--sizes", "16", "--goes", "1", "--steps", "20", "--ansible", "no"]) == 0
    said = capsys.readouterr().out
    found = json.loads(said.splitlines()[-1])
    assert list(found) == ["nodes", "ours_s", "ansible_s", "asyncssh_s", "step_ms"]
    assert found["nodes"] == [16]
    assert found["ansible_s"] == [None]
    assert 0 < found["asyncssh_s"][0] < 60
    assert 0 < found["ours_s"][0] < 60
    assert set(found["step_ms"]) == {"sqlite", "postgresql"}
    for measured in found["step_ms"].values():
        assert measured is None or 0 < measured["plain"] < measured["durable"]
    assert f"| 16 | {found['ours_s'][0]:.2f} |" in said


@pytest.mark.skipif(not engine_ansible.is_there(default_cache()), reason="Ansible is not installed for it")
def test_ansible_does_the_same_work(tmp_path: Path) -> None:
    with fleet(tmp_path / "fleet", 2) as up:
        nodes = up.rooted(tmp_path / "nodes")
        assert ansible_seconds(environment(default_cache()), nodes, tmp_path / "own") > 0
        check(nodes)


def test_work_that_was_not_done_is_noticed(tmp_path: Path) -> None:
    with fleet(tmp_path / "fleet", 1) as up:
        (node,) = up.rooted(tmp_path / "nodes")
        Path(node.root, LOG).write_text("begun\nconfigured\n")
        with pytest.raises(WorkUndone, match="the log of n1"):
            check([node])


def test_what_is_missed_is_named() -> None:
    assert list(missed([Seconds(16, 1.0, 0.9, 10.0), Seconds(64, 4.0, 3.0, None)])) == []
    slow = list(missed([Seconds(16, 1.0, 0.5, 5.0), Seconds(64, 8.0, 8.0, 90.0)]))
    assert slow == [
        "16 nodes: 5.0 times as fast as Ansible, not 10",
        "16 nodes: 2.00 times bare asyncssh, not 1.5",
        "a node takes 2.00 times as long among 64 as among 16",
    ]
