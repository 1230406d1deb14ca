"""The demo's stage: built once into a folder, then run from it, as often as wanted.

``build`` makes the publishers' sites and the rack; ``Stage`` starts what serves them. The folder holds all
state; a stage that was built before goes on where it was.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import rack
from demo import processes
from demo.processes import DemoError, Part
from lantern import build as lantern_build

BASELINE = {"lantern": "1.2601.0.12", "lumen-r4": "2.0.2510.1"}
"""What the rack runs at first: the platform is three families behind."""

SOURCES = {
    "northstar": ("platform", '["Full", "Express", "Hotfix"]'),
    "lumen": ("oem", '["OEM"]'),
}
CONTACTS = (
    ("platform", "Northstar support", '["deployment", "update"]'),
    ("oem", "Lumen support", '["hardware"]'),
)
PASSWORD_FILE = "first-password"  # noqa: S105 - the name of a file


def default_folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "pitstop-demo"


def build(folder: Path) -> None:
    """Make a new stage: signed sites, a rack on the baseline, settings.

    Raises:
        DemoError: the folder holds something that is no stage.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "stage.json").exists():
        raise DemoError(f"{folder} holds something else: name another folder with --folder")
    remove(folder)
    folder.mkdir(parents=True)
    (folder / "stage.json").write_text("{}\n")
    (folder / "logs").mkdir()
    ports = {name: processes.free_port() for name in (*SOURCES, "service")}
    sites = {name: f"http://127.0.0.1:{ports[name]}/" for name in SOURCES}
    lantern_build.build(folder / "publishers", sites=sites)
    rack.make(folder / "rack", lantern_version=BASELINE["lantern"], oem_version=BASELINE["lumen-r4"])
    (folder / "stage.json").write_text(json.dumps(ports) + "\n")
    (folder / "pitstop.toml").write_text(settings(folder, ports))


def remove(folder: Path) -> None:
    """Stop the rack, if it runs, and remove the stage."""
    if (folder / "rack" / "system.toml").exists():
        rack.stop(folder / "rack")
    shutil.rmtree(folder, ignore_errors=True)


def settings(folder: Path, ports: dict[str, int]) -> str:
    lines = [
        'system = "rack/system.toml"',
        'state = "state"',
        f'listen = "127.0.0.1:{ports["service"]}"',
        "poll_minutes = 1",
    ]
    for name, (kind, types) in SOURCES.items():
        root = folder / "publishers" / name / "root.json"
        shutil.copyfile(root, folder / f"{name}-root.json")
        lines += [
            "",
            "[[source]]",
            f'name = "{name}"',
            f'publisher = "{name}"',
            f'kind = "{kind}"',
            f'url = "http://127.0.0.1:{ports[name]}/"',
            f"types = {types}",
            f'root = "{name}-root.json"',
        ]
    for party, name, asks in CONTACTS:
        lines += ["", "[[contact]]", f'name = "{name}"', f'party = "{party}"', f"asks = {asks}"]
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class Stage:
    """A stage that runs."""

    folder: Path
    ports: dict[str, int]
    sites: list[Part] = field(default_factory=list)
    service: Part | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['service']}"

    def site(self, publisher: str) -> str:
        """The address of a publisher's site."""
        return f"http://127.0.0.1:{self.ports[publisher]}/"

    @property
    def password(self) -> str:
        return (self.folder / PASSWORD_FILE).read_text().strip()

    @property
    def environment(self) -> dict[str, str]:
        """What a shell needs to use ``pitstop`` on this stage, once signed in."""
        return {"PITSTOP_URL": self.url, "PITSTOP_CONFIG": str(self.folder / "profile")}

    def start_sites(self) -> None:
        for name in SOURCES:
            publisher = self.folder / "publishers" / name
            port = self.ports[name]
            arguments = ["publish", "serve", "--publisher", str(publisher), "--port", str(port)]
            part = processes.start(f"site of {name}", arguments, self.folder / "logs" / f"{name}.log")
            self.sites.append(part)
            processes.wait_for(part, f"http://127.0.0.1:{port}/metadata/timestamp.json")

    def start_service(self) -> None:
        arguments = ["service", "start", "--settings", str(self.folder / "pitstop.toml")]
        self.service = processes.start("the service", arguments, self.folder / "logs" / "service.log")
        processes.wait_for(self.service, f"{self.url}/sign-in")

    def first_start(self) -> None:
        """Make the first account, sign in, look what the sources have, and adopt the rack's baseline."""
        settings = ["--settings", str(self.folder / "pitstop.toml")]
        said = json.loads(processes.call(["service", "init", *settings, "--json"]))
        secret = self.folder / PASSWORD_FILE
        secret.touch(mode=0o600)
        secret.write_text(said["password"] + "\n")
        self.start_service()
        self.sign_in()
        processes.call(["source", "check"], self.environment)
        baseline = [f"{product}={version}" for product, version in BASELINE.items()]
        processes.call(["system", "adopt", *baseline], self.environment)

    def sign_in(self) -> None:
        arguments = ["login", "admin", "--password-stdin"]
        processes.call(arguments, self.environment, given=self.password + "\n")

    def stop(self) -> None:
        if self.service is not None:
            self.service.stop()
        for site in self.sites:
            site.stop()


@contextmanager
def running(folder: Path) -> Iterator[Stage]:
    """The stage of this folder with all its parts; everything is ended behind it."""
    stage = Stage(folder, json.loads((folder / "stage.json").read_text()))
    with rack.running(folder / "rack"):
        try:
            stage.start_sites()
            if (folder / PASSWORD_FILE).exists():
                stage.start_service()
            else:
                stage.first_start()
            yield stage
        finally:
            stage.stop()


def keep_up(stage: Stage, pause: float = 2.0) -> None:
    """Stay until interrupted; a service that ends is started again, as an init system would."""
    while True:
        time.sleep(0.5)
        if stage.service is not None and stage.service.process.poll() is not None:
            print(f"The service has ended; it is started again in {pause:.0f} s.", flush=True)
            time.sleep(pause)
            stage.start_service()
            print(f"The service runs again, as process {stage.service.process.pid}.", flush=True)
