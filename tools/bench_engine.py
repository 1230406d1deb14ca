"""``make bench-engine``: a durable run over many nodes, beside Ansible and beside bare asyncssh, and what it
costs to remember a step.

Real SSH servers on this machine (:mod:`tools.engine_fleet`), the same five steps on each node
(:mod:`tools.engine_work`), eight nodes at a time, done three ways in the same run of this program:

- ``ours_s``: a durable run, from when it is taken to its end, state in SQLite (WAL, ``synchronous=FULL``).
- ``asyncssh_s``: the same calls of the node's side over bare asyncssh, without any journal.
- ``ansible_s``: ``ansible-playbook`` with the modules ``command`` and ``copy``.

The first two are the median of several goes, in turn; Ansible, which takes minutes, has one. After each go
every node is looked at: the work was done, and each step once. ``step_ms`` is milliseconds a step, by
database, of a durable step and of one plain committed row (:mod:`tools.engine_journal`).

The last line is one JSON object. With ``--check`` it ends with status 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pitstop.model.system import Node
from tools import engine_ansible
from tools.engine_ansible import NoAnsible, ansible_seconds
from tools.engine_fleet import Fleet, NoFleet, fleet
from tools.engine_journal import step_ms
from tools.engine_sides import bare_seconds, durable_seconds
from tools.engine_work import check

SIZES = (16, 64, 256)
TIMES_ANSIBLE = 10
"""So many times quicker than Ansible is aimed at."""

TIMES_BARE = 1.5
"""Of the time that bare asyncssh takes, at most."""

LINEAR = 1.25
"""A node of the largest size may take so many times what one of the smallest takes."""


@dataclass(frozen=True)
class Seconds:
    """Of one size."""

    nodes: int
    ours: float
    bare: float
    ansible: float | None


def measure(count: int, goes: int, installed: Path | None) -> Seconds:
    """All sides on so many nodes. ``installed``: an environment with Ansible; None: without it."""
    with TemporaryDirectory(prefix="bench-") as temporary:
        work = Path(temporary)
        with fleet(work / "fleet", count) as up:
            ours, bare = [], []
            for go in range(goes):
                bare.append(_side(up, work / f"bare-{go}", lambda nodes, _folder: bare_seconds(nodes)))
                ours.append(_side(up, work / f"ours-{go}", durable_seconds))
                say(f"  {count} nodes: asyncssh {bare[-1]:.2f} s, ours {ours[-1]:.2f} s")
            ansible = None
            if installed is not None:
                ansible = _side(up, work / "ansible", lambda *told: ansible_seconds(installed, *told))
                say(f"  {count} nodes: Ansible {ansible:.1f} s")
    return Seconds(count, median(ours), median(bare), ansible)


def _side(up: Fleet, folder: Path, takes: Callable[[Sequence[Node], Path], float]) -> float:
    """What one side takes on nodes that nobody has touched; each is looked at afterwards."""
    nodes = up.rooted(folder / "nodes")
    seconds = takes(nodes, folder / "own")
    check(nodes)
    return seconds


def result(measured: Sequence[Seconds], steps: object) -> dict[str, object]:
    """What the last line says."""
    return {
        "nodes": [one.nodes for one in measured],
        "ours_s": [round(one.ours, 2) for one in measured],
        "ansible_s": [None if one.ansible is None else round(one.ansible, 1) for one in measured],
        "asyncssh_s": [round(one.bare, 2) for one in measured],
        "step_ms": steps,
    }


def missed(measured: Sequence[Seconds]) -> Iterator[str]:
    """The aims that were missed."""
    for one in measured:
        if one.ansible is not None and one.ours * TIMES_ANSIBLE > one.ansible:
            times = one.ansible / one.ours
            yield f"{one.nodes} nodes: {times:.1f} times as fast as Ansible, not {TIMES_ANSIBLE}"
        if one.ours > TIMES_BARE * one.bare:
            yield f"{one.nodes} nodes: {one.ours / one.bare:.2f} times bare asyncssh, not {TIMES_BARE}"
    small, large = measured[0], measured[-1]
    growth = (large.ours / large.nodes) / (small.ours / small.nodes)
    if growth > LINEAR:
        yield f"a node takes {growth:.2f} times as long among {large.nodes} as among {small.nodes}"


def table(measured: Sequence[Seconds]) -> str:
    """The figures as a table in Markdown."""
    lines = [
        "| nodes | ours, s | a node, ms | bare asyncssh, s | times it | Ansible, s | times faster |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in measured:
        cells = [str(one.nodes), f"{one.ours:.2f}", f"{one.ours / one.nodes * 1000:.0f}", f"{one.bare:.2f}"]
        cells.append(f"{one.ours / one.bare:.2f}")
        cells += (
            ["-", "-"] if one.ansible is None else [f"{one.ansible:.1f}", f"{one.ansible / one.ours:.1f}"]
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "pitstop-bench" / "engine"


def _ansible(wish: str, cache: Path) -> Path | None:
    """The environment with Ansible, as wished; None: to be left out."""
    if wish == "no" or (wish == "if-there" and not engine_ansible.is_there(cache)):
        return None
    try:
        installed = engine_ansible.environment(cache)
        say(f"beside {engine_ansible.version(installed)}")
    except NoAnsible as error:
        say(f"Ansible is left out: {error}")
        return None
    return installed


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-engine ARGS=...", description="The run engine's speed.")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, help="numbers of nodes; default: 16 64 256"
    )
    parser.add_argument("--goes", type=int, default=3, help="of each but Ansible; default: 3")
    parser.add_argument(
        "--steps", type=int, default=320, help="to be remembered on each database; default: 320"
    )
    parser.add_argument(
        "--ansible",
        choices=("install", "if-there", "no"),
        default="install",
        help="install it where it is not there (default), only measure it where it is there, or leave it out",
    )
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where Ansible is installed")
    parser.add_argument("--check", action="store_true", help="end with status 1 where an aim is missed")
    options = parser.parse_args(arguments)
    installed = _ansible(options.ansible, options.cache)
    try:
        measured = [measure(count, options.goes, installed) for count in sorted(options.sizes)]
    except NoFleet as error:
        say(str(error))
        return 1
    with TemporaryDirectory(prefix="bench-") as temporary:
        steps = step_ms(Path(temporary), options.steps, options.goes)
    print(table(measured), end="\n\n")
    misses = list(missed(measured))
    for line in misses:
        print(f"missed: {line}")
    print(json.dumps(result(measured, steps)))
    return 1 if misses and options.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
