"""A step fails with a stale lock: it is matched, mended with consent, resumed; the next without asking."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import rack
from e2e.conftest import Operator
from pitstop.model.errors import NotAllowed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("second")]

HOTFIX = "Northstar1.2601.1.15"
LATER = ("Northstar1.2604.0.21", "Northstar1.2604.2.26", "Northstar1.2607.0.30", "Northstar1.2607.1.33")
ISSUE = "northstar/stale-lock"


def dead_process() -> int:
    """The id of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as done:
        done.wait()
    return done.pid


def lock(operator: Operator, node: str, process: int) -> Path:
    """Leave a maintenance lock of this process on the node."""
    root = rack.read(operator.rack).node(node).root
    path = Path(root) / "run/lantern/maintenance.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{process}\n")
    return path


def next_update(operator: Operator) -> str:
    """One that can be begun now: what is on depends on the tests before."""
    updates = {update["name"]: update["actions"] for update in operator.asked("update", "list")}
    return next(name for name in (HOTFIX, *LATER) if any(a["verb"] == "apply" for a in updates.get(name, ())))


def test_a_stale_lock_is_matched_and_mended_with_consent_and_then_without_asking(second: Operator) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as holder:
        path = lock(second, "n1", holder.pid)
        run_id = second.install(next_update(second))
        report = second.ended(run_id)
        assert (report.run.state, report.issues) == ("failed", ())  # its holder is alive
        with second.client() as client, pytest.raises(NotAllowed, match="is not offered"):
            client.mend(run_id, ISSUE)
        holder.communicate(b"\n")
    with second.client() as client:
        client.resume(run_id)
    report = second.ended(run_id)
    (offer,) = report.issues
    assert (report.run.state, offer.issue.name, offer.likeness) == ("failed", ISSUE, "match")
    assert (offer.node, offer.mend) == ("n1", True)
    assert any("which is gone" in item.text for item in offer.evidence)

    second.pitstop("run", "mend", run_id, "--yes")
    report = second.ended(run_id)
    assert (report.run.state, report.issues[0].mended, path.exists()) == ("failed", "succeeded", False)
    assert "it was mended: resume the run" in second.pitstop("run", "show", run_id)
    with second.client() as client:
        events = [event.kind for event in client.events(run_id)]
        assert events.index("mend-requested") < events.index("run-mended")
    assert ("admin", f"mend {ISSUE}", "done") in audited(second, "outcome")

    # another node has one too; this time it was agreed to beforehand
    lock(second, "n2", dead_process())
    with second.client() as client:
        client.consent(ISSUE, given=True)
        client.resume(run_id)
    while second.ended(run_id).run.state == "failed":
        time.sleep(0.2)
    assert second.ended(run_id).run.state == "succeeded"
    assert ("admin", f"mend {ISSUE}", "standing consent") in audited(second, "origin")
    assert ("admin", "resume run", "standing consent") in audited(second, "origin")
    with second.client() as client:
        client.consent(ISSUE, given=False)


def audited(operator: Operator, beside: str) -> list[tuple[str, str, str]]:
    """Who did what, and another field of the audit log."""
    return [(entry["who"], entry["what"], entry[beside]) for entry in operator.asked("audit", "list")]
