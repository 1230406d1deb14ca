"""Real runs of the demo, one after the other, while other processes load the machine: what each run told
about the time left, and what it then took.

Everything that a new stage may install is installed, in the order in which it may: about seven runs. Each run
has a load of its own, nought to three processes that only compute, and from a moment within it on another
one. The loads come from a seed; what they do to the run is up to the machine.
"""

from __future__ import annotations

import math
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from demo import stage
from demo.stage import Stage
from pitstop.client.client import PitstopClient
from pitstop.model.updates import Verb
from pitstop.wire.views import Range
from tools.bench_time_left import MOMENTS, Ask

MOST = 3
CHANGES_WITHIN = (3.0, 20.0)
LOOKS_APART = 0.25

Look = tuple[float, Range | None]
"""When somebody looked at the run, and what it told."""


def timed(seed: int) -> Iterator[Ask]:
    """The asks of all runs of one new stage."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory(prefix="pitstop-timed-") as folder:
        stage.build(Path(folder) / "demo")
        with stage.running(Path(folder) / "demo") as running, _signed_in(running) as client:
            before = 0
            while update := _next(client):
                yield from _timed_run(client, update, before, dice)
                before += 1


@contextmanager
def _signed_in(running: Stage) -> Iterator[PitstopClient]:
    with PitstopClient(running.url) as anonymous:
        token = anonymous.sign_in("admin", running.password).token
    with PitstopClient(running.url, token=token) as client:
        yield client


def _next(client: PitstopClient) -> str | None:
    """The update with the lowest version of those that may be installed now, firmware first."""
    open_now = [it for it in client.updates() if any(action.verb == Verb.APPLY for action in it.actions)]
    open_now.sort(key=lambda it: (it.package_type != "OEM", [int(part) for part in it.version.split(".")]))
    return open_now[0].name if open_now else None


def _timed_run(client: PitstopClient, update: str, before: int, dice: random.Random) -> Iterator[Ask]:
    loads, after = [dice.randint(0, MOST) for _ in range(2)], dice.uniform(*CHANGES_WITHIN)
    with _busy(loads[0]) as change:
        began = time.monotonic()
        run = client.start(update, Verb.APPLY)
        looks: list[Look] = []
        while True:
            report = client.run(run.id)
            at = time.monotonic()
            if report.run.state != "in-progress":
                break
            looks.append((at, report.remaining))
            if at - began > after:
                change(loads[1])
                after = math.inf
            time.sleep(LOOKS_APART)
    print(f"{update}: {report.run.state} after {at - began:.1f} s, loads {loads}", file=sys.stderr)
    if report.run.state == "succeeded":
        yield from _asks(looks, began, at, before)


def _asks(looks: list[Look], began: float, ended: float, before: int) -> Iterator[Ask]:
    for moment in MOMENTS:
        wanted = began + moment * (ended - began)
        at, told = min(looks, key=lambda look: abs(look[0] - wanted))
        if told is not None:
            middle = math.sqrt(told.least * told.most)
            yield Ask(before, moment, middle, told.least, told.most, ended - at)


def _compute() -> None:
    while True:
        math.factorial(500)


@contextmanager
def _busy(processes: int) -> Iterator[Callable[[int], None]]:
    """So many processes compute meanwhile; the function changes how many."""
    going: list[BaseProcess] = []

    def change(wanted: int) -> None:
        while len(going) > wanted:
            ended = going.pop()
            ended.kill()
            ended.join()
        while len(going) < wanted:
            going.append(multiprocessing.get_context("spawn").Process(target=_compute, daemon=True))
            going[-1].start()

    try:
        change(processes)
        yield change
    finally:
        change(0)
