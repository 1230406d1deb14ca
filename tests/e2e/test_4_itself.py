"""Pitstop updates itself in the middle of a run over real nodes; a new version that is broken is taken back.

Wheels made of this tree under other version numbers, installed by the launcher's own means; the service, its
launcher and the nodes are real processes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import httpx
import pytest

import rack
from demo import processes
from lantern import build as lantern_build
from pitstop import __version__
from pitstop.client.client import PitstopClient
from pitstop.model.errors import PitstopError
from pitstop.model.updates import Verb
from pitstop.publish.founding import found
from pitstop.wire.views import RunReport, StepView, leaves
from rack import power
from self_update.package import lay_source
from self_update.wheels import Change, build_dependencies, build_pitstop, write_requirements

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("itself")]

NEW, BROKEN = "98.0.1", "98.0.2"
HOTFIXES = {"1.2601.1.15": NEW, "1.2601.2.16": BROKEN, "1.2601.3.17": BROKEN}
PASSPHRASE = "correct horse battery"
PATIENCE = 400.0

NEWER_SCHEMA = '''"""A schema that the older version does not know."""

from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("CREATE TABLE of_the_newer_version (told TEXT)")
'''
BREAKS = """

_runs = run


def run(wired, **told):
    if Path({cause!r}).exists():
        raise NotFound("the cause is still there")
    _runs(wired, **told)
"""
"""Behind the module that starts the service: it has opened and migrated the state when it comes to this."""


@dataclass
class Site:
    """One machine with the launcher and the service, a publisher's site, and a rack of two nodes."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        return self.folder / "opt"

    @property
    def cause(self) -> Path:
        """While it is there, the broken version does not come up."""
        return self.folder / "cause"

    @cached_property
    def port(self) -> int:
        return processes.free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        with (self.folder / "log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, self.home / "launcher", "--settings", self.folder / "pitstop.toml"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PITSTOP_TRIAL_SECONDS": "60"},
                start_new_session=True,
            )
        self.until(lambda: httpx.get(f"{self.url}/sign-in", trust_env=False).status_code == 200)

    def kill(self) -> None:
        """Launcher and service at once, with no chance to tidy up."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def until(self, holds: object) -> None:
        assert callable(holds)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(httpx.HTTPError, PitstopError):
                if holds():
                    return
            time.sleep(0.1)
        raise AssertionError(f"not within {PATIENCE:.0f} s:\n{self.log[-3000:]}")

    def client(self) -> PitstopClient:
        return PitstopClient(self.url, token=self.token)

    @cached_property
    def token(self) -> str:
        with PitstopClient(self.url) as anonymous:
            return anonymous.sign_in("admin", (self.folder / "password").read_text()).token

    def install(self, update: str) -> str:
        with self.client() as client:
            return client.start(update, Verb.APPLY).id

    def ended(self, run_id: str) -> RunReport:
        """Through whatever happens to the service."""

        def has_ended() -> bool:
            with self.client() as client:
                return client.run(run_id).run.state != "in-progress"

        self.until(has_ended)
        with self.client() as client:
            return client.run(run_id)

    def version(self) -> str:
        """Of the service that answers now."""
        return (self.home / "current").readlink().name

    def changes(self) -> list[list[str]]:
        """What each node was changed to, every time."""
        files = [node.root / "var/log/changes" for node in rack.read(self.folder / "rack").nodes]
        return [file.read_text().split() if file.exists() else [] for file in files]

    def versions(self) -> list[str]:
        nodes = rack.read(self.folder / "rack").nodes
        return [httpx.get(f"{node.lantern_url}/version", trust_env=False).text.strip() for node in nodes]


def pitstop_step(report: RunReport) -> StepView:
    (step,) = [leaf for leaf in leaves(report.steps) if leaf.name == "Update Pitstop"]
    return step


def kinds_of(site: Site, run_id: str) -> list[str]:
    """The run's history; without a gap."""
    with site.client() as client:
        events = tuple(client.events(run_id))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    return [event.kind for event in events]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("itself"))
    base = lay_wheels(made)
    processes.call(["service", "install", str(made.home), "--wheels", str(base)])
    publish(made)
    rack.make(made.folder / "rack", rack.default_nodes(2), lantern_version="1.2601.0.12")
    settle(made)
    with rack.running(made.folder / "rack"):
        try:
            made.start()
            processes.call(
                ["login", "admin", "--password-stdin"], environment(made), given=password(made) + "\n"
            )
            processes.call(["source", "check"], environment(made))
            processes.call(["system", "adopt", "lantern=1.2601.0.12"], environment(made))
            yield made
        finally:
            made.stop()


def environment(site: Site) -> dict[str, str]:
    return {"PITSTOP_URL": site.url, "PITSTOP_CONFIG": str(site.folder / "profile")}


def password(site: Site) -> str:
    return (site.folder / "password").read_text()


def lay_wheels(site: Site) -> Path:
    """This version with all that it needs; the newer ones alone."""
    base = site.folder / "wheels"
    base.mkdir()
    build_dependencies(base)
    build_pitstop(__version__, base)
    write_requirements(base)
    for version, change in ((NEW, None), (BROKEN, breaks(site))):
        folder = site.folder / f"wheels-{version}"
        folder.mkdir()
        build_pitstop(version, folder, change)
        write_requirements(folder, base)
    return base


def breaks(site: Site) -> Change:
    """Migrates the database, and then does not come up while the cause is there."""

    def change(package: Path) -> None:
        versions = package / "store" / "migrations" / "versions"
        head = max(file.name[1:5] for file in versions.glob("v[0-9]*.py"))
        (versions / "v9999_newer.py").write_text(NEWER_SCHEMA.format(head=head))
        with (package / "daemon" / "start.py").open("a") as start:
            start.write(BREAKS.format(cause=str(site.cause)))

    return change


def publish(site: Site) -> None:
    """The first release of the demo's product, and the hotfixes that carry Pitstop."""
    publisher = lantern_build.northstar(site.folder)
    now = datetime.now(UTC)
    found(publisher, PASSPHRASE, now)
    sources = [lantern_build.RELEASES / "1.2601.0.12"]
    for day, (version, pitstop) in enumerate(HOTFIXES.items(), start=1):
        wheels = site.folder / f"wheels-{pitstop}"
        source = site.folder / "sources" / version
        sources.append(lay_source(source, version, pitstop, wheels, released=f"2026-02-0{day}"))
    lantern_build.publish_all(publisher, sources, site.folder / "built", PASSPHRASE, now)


def settle(site: Site) -> None:
    """Settings and the first account."""
    settings = site.folder / "pitstop.toml"
    settings.write_text(
        f'system = "rack/system.toml"\nstate = "state"\nlisten = "127.0.0.1:{site.port}"\n'
        '[[source]]\nname = "northstar"\npublisher = "northstar"\nkind = "platform"\n'
        f'types = ["Full", "Hotfix"]\nroot = "northstar/root.json"\nurl = "file://{site.folder}/northstar/site/"\n'
    )
    said = json.loads(processes.call(["service", "init", "--settings", str(settings), "--json"]))
    (site.folder / "password").write_text(said["password"])


def test_the_service_is_replaced_in_the_middle_of_a_run_which_the_new_one_ends(site: Site) -> None:
    assert site.version() == __version__
    run_id = site.install("Northstar1.2601.1.15")
    report = site.ended(run_id)
    assert report.run.state == "succeeded", report.run.finding
    assert report.run.attempt == 1
    assert site.version() == NEW
    assert site.changes() == [["1.2601.1.15"], ["1.2601.1.15"]]
    assert site.versions() == ["1.2601.1.15", "1.2601.1.15"]
    step = pitstop_step(report)
    assert step.output == f"Pitstop {NEW} runs"
    assert step.attempt == 1
    kinds = kinds_of(site, run_id)
    assert kinds.count("run-taken") == 2
    assert kinds.count("run-succeeded") == 1


def test_a_new_version_that_is_broken_is_taken_back_and_the_run_resumed_once_the_cause_is_gone(
    site: Site,
) -> None:
    site.cause.touch()
    run_id = site.install("Northstar1.2601.2.16")
    report = site.ended(run_id)
    assert report.run.state == "failed"
    assert report.run.finding is not None
    assert report.run.finding.code == "pitstop-fell-back"
    assert f"Pitstop {BROKEN} did not come up, and {NEW} runs again" in report.run.finding.what
    assert "the cause is still there" in report.run.finding.what
    assert site.version() == NEW
    assert site.changes() == [["1.2601.1.15"], ["1.2601.1.15"]], "no node was touched"
    with site.client() as client:
        (alert,) = [alert for alert in client.alerts(active_only=True) if alert.verdict]
        assert alert.finding.code == "pitstop-fell-back"
    site.cause.unlink()
    with site.client() as client:
        client.resume(run_id)
    report = site.ended(run_id)
    assert report.run.state == "succeeded", report.run.finding
    assert site.version() == BROKEN
    assert site.changes() == [["1.2601.1.15", "1.2601.2.16"], ["1.2601.1.15", "1.2601.2.16"]]
    kinds = kinds_of(site, run_id)
    assert kinds.count("run-taken") == 4, "begun, after the fall-back, resumed, by the new version"


def test_the_machine_of_the_service_and_its_node_are_killed_at_once_and_the_run_goes_on_by_itself(
    site: Site,
) -> None:
    run_id = site.install("Northstar1.2601.3.17")

    def first_is_changed() -> bool:
        with site.client() as client:
            steps = leaves(client.run(run_id).steps)
        return any(step.name == "Note the change" and step.status == "succeeded" for step in steps)

    site.until(first_is_changed)
    site.kill()
    (node,) = [node for node in rack.read(site.folder / "rack").nodes if node.name == "n1"]
    power.signal_server(node.root, signal.SIGKILL)
    for process in power.processes_of(node.root):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    assert power.wait_off(node.root, PATIENCE)
    rack.plug(site.folder / "rack", "n1")
    site.start()
    report = site.ended(run_id)
    assert report.run.state == "succeeded", report.run.finding
    assert report.run.attempt == 1
    assert [change[-1] for change in site.changes()] == ["1.2601.3.17", "1.2601.3.17"]
    assert [len(change) for change in site.changes()] == [3, 3], "each node was changed once by each run"
    assert site.versions() == ["1.2601.3.17", "1.2601.3.17"]
    assert kinds_of(site, run_id).count("run-taken") == 2
    assert pitstop_step(report).output == f"Pitstop {BROKEN} runs"
