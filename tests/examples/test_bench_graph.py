"""The graph benchmark measures what it says: exact sizes, counted in the graph, and a way to its end."""

from __future__ import annotations

import json

import pytest
from tools import bench_graph
from tools.bench_graph import LARGER, measure, result
from tools.synthetic_graph import Size, rules_of, synthetic

from pitstop.policy.graph import ReleaseGraph, checked
from pitstop.policy.path import plan_path

SMALL = Size(families=5, reissued=1, oem=4, releases=100, edges=960, rules=160)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_there_are_exactly_as_many_of_each_as_were_asked_for(seed: int) -> None:
    catalogues, facts = synthetic(SMALL, seed)
    graph = checked(catalogues)
    assert (len(graph.releases), graph.edges, rules_of(catalogues)) == (100, 960, 160)
    assert plan_path(graph, facts).reached


def test_the_full_size_is_1100_releases_20000_edges_and_1800_rules() -> None:
    catalogues, _ = synthetic(Size())
    graph = ReleaseGraph.of(catalogues)
    assert (len(graph.releases), graph.edges, rules_of(catalogues)) == (1_100, 20_000, 1_800)


def test_edges_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="no gates make"):
        synthetic(Size(families=5, reissued=1, oem=4, releases=100, edges=9_500, rules=160))


def test_the_same_seed_gives_the_same_graph() -> None:
    assert synthetic(SMALL, 7) == synthetic(SMALL, 7)
    assert synthetic(SMALL, 7) != synthetic(SMALL, 8)


def test_every_kind_of_rule_is_there_and_some_keep_hotfixes_off() -> None:
    (platform, _), facts = synthetic(SMALL)
    releases = platform.releases
    assert any(release.risks for release in releases)
    assert any(release.content for release in releases)
    assert any(c.when_installed for release in releases for c in release.conditions)
    assert any(c.when for release in releases for c in release.conditions)
    path = plan_path(checked((platform,)), facts)
    assert any(finding.code == "oem-too-old" for finding in path.why_not), "firmware is really needed"


def test_the_result_says_what_was_counted() -> None:
    small, large = measure(SMALL, 1), measure(SMALL.times(LARGER), 1)
    found = result(small, large, bench_graph.peak_mib())
    assert list(found) == [
        "releases",
        "edges",
        "rules",
        "build_s",
        "path_ms",
        "explain_ms",
        "peak_mib",
        "growth_x10",
    ]
    assert (found["releases"], found["edges"], found["rules"]) == (100, 960, 160)
    assert all(value > 0 for value in json.loads(json.dumps(found)).values())
    assert (large.releases, large.edges, large.rules) == (1_000, 9_600, 1_600)
