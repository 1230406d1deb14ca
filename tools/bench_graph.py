"""``make bench-graph``: how long the release graph takes to build, plan and explain, and how that grows.

What is timed, each as the median of several goes in one thread, the graph built anew for each:

- ``build_s``: from catalogues as values to a graph that was checked in every respect, as an import does it.
- ``path_ms``: the first path that is asked of a fresh graph, from its first family to its last, with reasons.
- ``explain_ms``: the state of every release on that system with all its reasons, the first time.
- ``growth_x10``: the three together at ten times the size, as a multiple of the three at this size.
- ``peak_mib``: the most memory that the process held until everything was done once at this size.

The last line is one JSON object; the lines before it say the same at length. With ``--check`` it ends with
status 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TypeVar

from pitstop.model.releases import Catalogue
from pitstop.policy.applicability import applicabilities
from pitstop.policy.facts import SystemFacts
from pitstop.policy.graph import ReleaseGraph, checked
from pitstop.policy.path import Path, plan_path
from tools.synthetic_graph import Size, rules_of, synthetic

T = TypeVar("T")

LARGER = 10
AIMS = {"build_s": 1.0, "path_ms": 5.0, "growth_x10": 15.0}
"""What is aimed at: less than this. Near linear is a growth of about ten."""


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
    """One size: what was counted in the graph that was built, and how long it took."""

    releases: int
    edges: int
    rules: int
    steps: int
    reasons: int
    times: Times
    path_again: float


def measure(size: Size, goes: int) -> Measured:
    """Build, plan and explain so many times."""
    catalogues, facts = synthetic(size)
    times = [_once(catalogues, facts) for _ in range(goes)]
    graph = checked(catalogues)
    path = _reached(plan_path(graph, facts))
    answers = applicabilities(graph, facts)
    return Measured(
        len(graph.releases),
        graph.edges,
        rules_of(catalogues),
        len(path.steps),
        sum(len(answer.reasons) for answer in answers.values()),
        Times(*(median(getattr(one, name) for one in times) for name in Times.__slots__)),
        median(_timed(lambda: plan_path(graph, facts))[0] for _ in range(goes)),
    )


def _once(catalogues: Sequence[Catalogue], facts: SystemFacts) -> Times:
    """Each on a graph that nothing was asked of before."""
    build, graph = _timed(lambda: checked(catalogues))
    path, _ = _timed(lambda: plan_path(graph, facts))
    untouched: ReleaseGraph = checked(catalogues)
    explain, _ = _timed(lambda: applicabilities(untouched, facts))
    return Times(build, path, explain)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = perf_counter()
    result = work()
    return perf_counter() - began, result


def _reached(path: Path) -> Path:
    if not path.reached:
        raise RuntimeError(f"the benchmark's graph has no way to its end: {path.why_not}")
    return path


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
    lines = []
    for one in (small, large):
        times = one.times
        lines += [
            f"{one.releases} releases, {one.edges} edges, {one.rules} conditional rules:",
            f"  build {times.build:.3f} s",
            f"  path of {one.steps} steps {times.path * 1000:.2f} ms ({one.path_again * 1000:.2f} ms again)",
            f"  explain with {one.reasons} reasons {times.explain * 1000:.1f} ms",
        ]
    growth = [
        f"{name} {getattr(large.times, name) / getattr(small.times, name):.1f}" for name in Times.__slots__
    ]
    return "\n".join([*lines, f"growth at {LARGER} times the size: {', '.join(growth)}"])


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="make bench-graph ARGS=...", description="The release graph's speed."
    )
    parser.add_argument("--goes", type=int, default=15, help="how often each is measured; default: 15")
    parser.add_argument("--check", action="store_true", help="end with status 1 where an aim is missed")
    options = parser.parse_args(arguments)
    small = measure(Size(), options.goes)
    peak = peak_mib()
    large = measure(Size().times(LARGER), max(options.goes // 5, 1))
    found = result(small, large, peak)
    missed = [
        f"{name} is {found[name]}, aimed at less than {aim}"
        for name, aim in AIMS.items()
        if found[name] >= aim
    ]
    print(told(small, large))
    for line in missed:
        print(f"missed: {line}")
    print(json.dumps(found))
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
