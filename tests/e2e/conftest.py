"""The demo's own parts, for real: two publishers' sites, four nodes, the service; one stage for all tests.

The tests of this folder tell one story on it, in the order in which they stand.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

import rack
from demo import stage
from demo.smoke import versions
from demo.stage import Stage
from pitstop.client.client import PitstopClient
from pitstop.model.updates import Verb
from pitstop.wire.views import RunReport


class Operator:
    """Somebody who works with the stage from outside."""

    def __init__(self, running: Stage) -> None:
        self.stage = running

    @property
    def rack(self) -> Path:
        return self.stage.folder / "rack"

    def versions(self) -> dict[str, str]:
        return versions(self.stage)

    def drained(self) -> list[str]:
        """The nodes that say they are out of service."""
        health = {
            node.name: httpx.get(f"{node.lantern_url}/health", trust_env=False).json()
            for node in rack.read(self.rack).nodes
        }
        return [name for name, said in health.items() if said["draining"]]

    def pitstop(self, *arguments: str, status: int = 0) -> str:
        """One command; its standard output. What it ends with is part of what is asked."""
        done = subprocess.run(
            [sys.executable, "-m", "pitstop", *arguments],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", **self.stage.environment},
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def asked(self, *arguments: str) -> Any:
        """What a query says as JSON."""
        return json.loads(self.pitstop(*arguments, "--json"))

    def client(self) -> PitstopClient:
        with PitstopClient(self.stage.url) as anonymous:
            token = anonymous.sign_in("admin", self.stage.password).token
        return PitstopClient(self.stage.url, token=token)

    def install(self, update: str) -> str:
        """Begin; the run's id."""
        with self.client() as client:
            return client.start(update, Verb.APPLY).id

    def reach(self, *updates: str) -> None:
        """Install those of these updates, in this order, that are not on yet: what a test begins from must
        not depend on which tests ran before it on the same stage."""
        for update in updates:
            if self.asked("update", "show", update)["state"] not in ("Installed", "Obsolete"):
                assert self.ended(self.install(update)).run.state == "succeeded"

    def ended(self, run_id: str) -> RunReport:
        """Wait for the run's end, through whatever happens to the service."""
        with self.client() as client:
            reports: Sequence[RunReport] = list(client.watch(run_id))
        return reports[-1]


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    yield from _operator(tmp_path_factory)


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Of another stage, for what the story would leave nothing to install."""
    yield from _operator(tmp_path_factory)


def _operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("stage") / "demo"
    stage.build(folder)
    with stage.running(folder) as running:
        yield Operator(running)
