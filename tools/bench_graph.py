"""``make bench-graph``: how long the release graph takes to build, plan and explain, and how that grows.

Each figure is processor time of one thread, the fastest of several goes (what other programs on the machine
take is not the graph's):

- ``build_s``: from catalogues as values to a graph that was checked in every respect, as an import does it.
- ``path_ms``: one path with its reasons, from the first family to the last, on a graph in use: another system
  has asked of it before. The lines before the last also say how long the first question to a new graph takes.
- ``explain_ms``: the state of every release on that system with all its reasons, on a graph in use.
- ``growth_x10``: build, path and explain together at ten times the size, as a multiple of them at this size.
- ``peak_mib``: the most memory that the process has held until all was done at this size, interpreter and
  catalogues included.

The last line is one JSON object. With ``--check`` it ends with status 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from time import process_time

from pitstop.model.releases import Catalogue
from pitstop.policy.applicability import applicabilities
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph, checked
from pitstop.policy.path import plan_path
from tools.synthetic_graph import Size, on_build_of, rules_of, synthetic

LARGER = 10
AIMS = {"build_s": 1.0, "path_ms": 5.0, "growth_x10": 15.0}
"""What is aimed at: less than this. Linear growth is ten."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds."""

    build: float
    path: float
    explain: float

    @property
    def together(self) -> float:
        return self.build + self.path + self.explain


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: what was counted in the graph that was built, and how long it took; ``first``: a path and an
    explanation that are the first of their graph."""

    releases: int
    edges: int
    rules: int
    steps: int
    reasons: int
    times: Times
    first: Times


def measure(size: Size, goes: int) -> Measured:
    """Build, plan and explain so many times.

    Raises:
        RuntimeError: there is no way through the graph, so that there is nothing to measure.
    """
    catalogues, facts = synthetic(size)
    graph = checked(catalogues)
    other = replace(facts, installed=on_build_of(size.families // 2))
    if not plan_path(graph, other).reached:
        raise RuntimeError("the benchmark's graph has no way to its end")
    applicabilities(graph, other)
    path = plan_path(graph, facts)
    answers = applicabilities(graph, facts)
    return Measured(
        len(graph.releases),
        graph.edges,
        rules_of(catalogues),
        len(path.steps),
        sum(len(answer.reasons) for answer in answers.values()),
        _in_use(catalogues, graph, facts, goes),
        _first(catalogues, facts, goes),
    )


def _in_use(catalogues: Sequence[Catalogue], graph: ReleaseGraph, facts: SystemFacts, goes: int) -> Times:
    """A graph is built anew; the questions are to one that has answered before."""
    return Times(
        min(_seconds(lambda: checked(catalogues)) for _ in range(goes)),
        min(_seconds(lambda: plan_path(graph, facts)) for _ in range(goes)),
        min(_seconds(lambda: applicabilities(graph, facts)) for _ in range(goes)),
    )


def _first(catalogues: Sequence[Catalogue], facts: SystemFacts, goes: int) -> Times:
    """Each question to a graph that nothing was asked of before."""
    build = path = explain = inf
    for _ in range(goes):
        one, other = checked(catalogues), checked(catalogues)
        path = min(path, _seconds(partial(plan_path, one, facts)))
        explain = min(explain, _seconds(partial(applicabilities, other, facts)))
        build = min(build, _seconds(lambda: checked(catalogues)))
    return Times(build, path, explain)


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def peak_mib() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def result(small: Measured, large: Measured, peak: float) -> dict[str, float]:
    """What the last line says."""
    return {
        "releases": small.releases,
        "edges": small.edges,
        "rules": small.rules,
        "build_s": round(small.times.build, 4),
        "path_ms": round(small.times.path * 1000, 2),
        "explain_ms": round(small.times.explain * 1000, 2),
        "peak_mib": round(peak, 1),
        "growth_x10": round(large.times.together / small.times.together, 2),
    }


def told(small: Measured, large: Measured) -> str:
    """The same at length, for people."""
    lines = [line for one in (small, large) for line in _told(one)]
    growth = (
        f"{name} {getattr(large.times, name) / getattr(small.times, name):.1f}" for name in Times.__slots__
    )
    return "\n".join([*lines, f"growth at {LARGER} times the size: {', '.join(growth)}"])


def _told(one: Measured) -> Sequence[str]:
    times, first = one.times, one.first
    return (
        f"{one.releases} releases, {one.edges} edges, {one.rules} conditional rules:",
        f"  build {times.build:.3f} s",
        f"  path of {one.steps} steps {times.path * 1000:.2f} ms (first: {first.path * 1000:.2f} ms)",
        f"  {one.reasons} reasons {times.explain * 1000:.1f} ms (first: {first.explain * 1000:.1f} ms)",
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="make bench-graph ARGS=...", description="The release graph's speed."
    )
    parser.add_argument("--goes", type=int, default=15, help="how often each is measured; default: 15")
    parser.add_argument("--check", action="store_true", help="end with status 1 where an aim is missed")
    options = parser.parse_args(arguments)
    small = measure(Size(), options.goes)
    peak = peak_mib()
    large = measure(Size().times(LARGER), max(options.goes // 3, 1))
    found = result(small, large, peak)
    print(told(small, large))
    missed = [name for name, aim in AIMS.items() if found[name] >= aim]
    for name in missed:
        print(f"missed: {name} is {found[name]}, aimed at is less than {AIMS[name]}")
    print(json.dumps(found))
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
