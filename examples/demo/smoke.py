"""``make smoke``: the demo without a screen. Installs one update through the API, asks every node
whether it is there, stops everything, and prints as its last line one JSON object."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import httpx

import rack
from demo import stage
from demo.processes import DemoError
from demo.stage import Stage
from pitstop.client.client import PitstopClient
from pitstop.model.updates import Verb
from pitstop.wire.views import RunReport

UPDATE = "Northstar1.2601.1.15"


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pitstop-smoke-") as folder:
        stage.build(Path(folder) / "demo")
        with stage.running(Path(folder) / "demo") as running:
            report = install(running, UPDATE)
            said = versions(running)
    wanted = report.run.to_version
    result = {
        "ok": report.run.state == "succeeded" and set(said.values()) == {wanted},
        "seconds": round(time.monotonic() - began, 1),
        "nodes": len(said),
        "from": report.run.from_version,
        "to": wanted,
        "steps": report.steps_done,
    }
    print(json.dumps(result))
    return 0 if result["ok"] else 1


def install(running: Stage, update: str) -> RunReport:
    """Install it through the API, and wait for the end.

    Raises:
        DemoError: the service said nothing of the run.
    """
    with PitstopClient(running.url) as anonymous:
        token = anonymous.sign_in("admin", running.password).token
    with PitstopClient(running.url, token=token) as client:
        run = client.start(update, Verb.APPLY)
        report = None
        for report in client.watch(run.id):
            print(f"{report.percent:5.1f} %  {'; '.join(report.now)}", file=sys.stderr)
    if report is None:
        raise DemoError(f"nothing was heard of run {run.id}")
    return report


def versions(running: Stage) -> dict[str, str]:
    """What the Lantern process of each node itself says it runs."""
    return {
        node.name: httpx.get(f"{node.lantern_url}/version", trust_env=False).text.strip()
        for node in rack.read(running.folder / "rack").nodes
    }


if __name__ == "__main__":
    sys.exit(main())
