"""Four machines with a Debian each: what an operator does over the months, and what goes wrong meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import pytest

from machines import releases
from machines.bmc import PASSWORD
from machines.stage import MachineStage, on_stage
from pitstop.client.client import PitstopClient
from pitstop.model.updates import Verb
from pitstop.wire.views import FindingView
from simulators.real_machines import require_machines

pytestmark = pytest.mark.slow

HOTFIX, FULL = f"Northstar{releases.HOTFIX}", f"Northstar{releases.FULL}"
FIRMWARE, OEM = "2.1.2604.3", "OEM2.1.2604.3"


class Operator:
    """Somebody who works with the stage by the command line."""

    def __init__(self, on: MachineStage) -> None:
        self.on = on
        with PitstopClient(on.stage.url) as anonymous:
            self.token = anonymous.sign_in("admin", on.stage.password).token

    def pitstop(self, *words: str, status: int | None = 0) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "pitstop", *words],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", **self.on.stage.environment},
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert status in (None, ended.returncode), ended.stdout + ended.stderr
        return ended.stdout

    def installs(self, update: str, *, ends: str = "succeeded") -> str:
        """Install it, and wait for its end; the run's id."""
        self.pitstop(
            "check", "run", status=None
        )  # what they said last may be of a run that was taken back meanwhile
        with self.client() as client:
            run_id = client.start(update, Verb.APPLY).id
        assert self.ended(run_id) == ends
        return run_id

    def ended(self, run_id: str) -> str:
        """The state of the run once it has come to an end."""
        with self.client() as client:
            return list(client.watch(run_id))[-1].run.state

    def reason(self, run_id: str) -> FindingView:
        """Why the run has failed."""
        with self.client() as client:
            finding = client.run(run_id).run.finding
        assert finding is not None
        return finding

    def client(self) -> PitstopClient:
        return PitstopClient(self.on.stage.url, token=self.token)

    def versions(self) -> dict[str, str]:
        ask = ("dpkg-query", "-W", "-f", "${Version}", "lantern")
        return {machine.name: machine.run(*ask) for machine in self.on.machines}


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    require_machines()
    with on_stage(tmp_path_factory.mktemp("stage") / "on") as on:
        yield Operator(on)


def test_a_year_of_four_machines(operator: Operator) -> None:
    a_hotfix_fails_on_one_node_and_goes_on_once_that_is_mended(operator)
    an_abort_before_the_point_of_no_return_leaves_all_as_it_was(operator)
    a_full_update_restarts_every_node(operator)
    firmware_is_brought_by_the_controllers_after_one_has_refused_it(operator)


def a_hotfix_fails_on_one_node_and_goes_on_once_that_is_mended(operator: Operator) -> None:
    sick, healthy = operator.on.machine("n3"), operator.on.machine("n2")
    (healthy.root / "etc/lantern/limits.toml").write_text("connections = 7\n")
    (sick.root / "etc/lantern/broken").touch()
    run_id = operator.installs(HOTFIX, ends="failed")
    assert operator.reason(run_id).code == "step-failed"
    assert set(operator.versions().values()) == {releases.BASELINE, releases.HOTFIX}
    (sick.root / "etc/lantern/broken").unlink()
    sick.run("/etc/init.d/lantern", "restart")
    operator.pitstop("run", "resume", run_id, "--watch")
    assert set(operator.versions().values()) == {releases.HOTFIX}
    assert (healthy.root / "etc/lantern/limits.toml").read_text() == "connections = 7\n"


def an_abort_before_the_point_of_no_return_leaves_all_as_it_was(operator: Operator) -> None:
    on = operator.on
    before, booted = on.packages(), on.boot_ids()
    on.machine("n4").run("apt-mark", "hold", "lantern")
    before["n4"] = on.machine("n4").packages()
    run_id = operator.installs(FULL, ends="failed")
    assert operator.reason(run_id).code == "packages-held"
    assert on.packages() != before
    operator.pitstop("run", "abort", run_id, "--yes", "--reason", "not tonight")
    assert operator.ended(run_id) == "aborted"
    assert on.packages() == before
    assert on.boot_ids() == booted
    on.machine("n4").run("apt-mark", "unhold", "lantern")


def a_full_update_restarts_every_node(operator: Operator) -> None:
    on = operator.on
    booted = on.boot_ids()
    operator.installs(FULL)
    assert set(operator.versions().values()) == {releases.FULL}
    assert all(now != booted[name] for name, now in on.boot_ids().items())
    for machine in on.machines:
        assert ": ok" in machine.run("/opt/lantern/bin/lanternctl", "status")
        shown = machine.packages()
        assert "lantern-tools" in shown
        assert "lantern-legacy" not in shown


def logs_of(operator: Operator) -> Iterator[tuple[str, bytes]]:
    """What a bundle of logs holds, collected now."""
    operator.pitstop("logs", "collect")
    file = operator.on.stage.folder / "logs.zip"
    newest = json.loads(operator.pitstop("logs", "list", "--json"))[0]["id"]
    operator.pitstop("logs", "save", newest, "--to", str(file))
    with zipfile.ZipFile(file) as bundle:
        names = bundle.namelist()
        assert [name for name in names if "run" in name], "the runs are in it"
        yield from ((name, bundle.read(name)) for name in names)


def firmware_is_brought_by_the_controllers_after_one_has_refused_it(operator: Operator) -> None:
    on = operator.on
    before, packages = on.firmware(), on.packages()
    on.controllers["n3"].critical = True
    run_id = operator.installs(OEM, ends="failed")
    assert operator.reason(run_id).code == "firmware-failed"
    assert "write protected" in operator.reason(run_id).what
    assert FIRMWARE in on.firmware().values()
    operator.pitstop("run", "abort", run_id, "--yes", "--reason", "a controller is broken")
    assert operator.ended(run_id) == "aborted"
    assert on.firmware() == before
    assert on.packages() == packages
    on.controllers["n3"].critical = False
    operator.installs(OEM)
    assert set(on.firmware().values()) == {FIRMWARE}
    state = (on.stage.folder / "state").rglob("*")
    assert not [file for file in state if file.is_file() and PASSWORD.encode() in file.read_bytes()]
    assert not [name for name, held in logs_of(operator) if PASSWORD.encode() in held]
