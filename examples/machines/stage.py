"""A stage of machines: four nodes with a Debian each, the publishers' sites, the service."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import rack
from demo import processes
from demo.stage import BASELINE, SOURCES, Stage, settings
from machines import releases
from machines.bmc import PASSWORD, Bmc, serving
from machines.bmc import USER as USER_OF_BMC
from machines.debs import make
from machines.machine import USER, Machine, Role, running
from rack.nodes_file import HARDWARE_FAMILY, HARDWARE_MODEL, table


@dataclass(frozen=True)
class MachineStage:
    """The stage, the machines on it, and by name their management controllers."""

    stage: Stage
    machines: Sequence[Machine]
    controllers: Mapping[str, Bmc]

    def machine(self, name: str) -> Machine:
        return next(machine for machine in self.machines if machine.name == name)

    def packages(self) -> dict[str, str]:
        """``dpkg -l`` of each."""
        return {machine.name: machine.packages() for machine in self.machines}

    def firmware(self) -> dict[str, str]:
        """What each machine says that it runs on."""
        return {machine.name: firmware_of(machine).read_text().strip() for machine in self.machines}

    def boot_ids(self) -> dict[str, str]:
        return {machine.name: machine.boot_id() for machine in self.machines}


@contextmanager
def on_stage(folder: Path) -> Iterator[MachineStage]:
    """Everything, made anew in this folder, up until the block ends.

    Raises:
        NoMachines: there can be none here.
        DemoError: a part does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "logs").mkdir()
    ports = {name: processes.free_port() for name in (*SOURCES, "service")}
    roles = [Role(spec.name, spec.roles, spec.fault_domain) for spec in rack.default_nodes(4)]
    releases.publish(folder / "publishers", {name: f"http://127.0.0.1:{ports[name]}/" for name in SOURCES})
    with running(folder / "machines", roles) as made, ExitStack() as serving_all:
        controllers = {}
        for machine in made:
            _install_baseline(machine, folder)
            controllers[machine.name] = serving_all.enter_context(serving(_controller(machine)))
        (folder / "rack").mkdir()
        (folder / "rack/system.toml").write_text(_nodes_file(folder, made, controllers))
        (folder / "stage.json").write_text(json.dumps(ports) + "\n")
        (folder / "pitstop.toml").write_text(settings(folder, ports))
        stage = Stage(folder, ports)
        try:
            stage.start_sites()
            stage.first_start()
            yield MachineStage(stage, made, controllers)
        finally:
            stage.stop()


def _install_baseline(machine: Machine, folder: Path) -> None:
    """As the machine came from the vendor."""
    firmware_of(machine).parent.mkdir(parents=True)
    firmware_of(machine).write_text(f"{BASELINE['lumen-r4']}\n")
    told = f'node = "{machine.name}"\nrole = "{machine.asked.roles[0]}"\nport = 8080\n'
    (machine.root / "etc/lantern").mkdir()
    (machine.root / "etc/lantern/lantern.toml").write_text(told)
    for deb in releases.debs(releases.BASELINE):
        shutil.copy(make(deb, folder / "baseline"), machine.root / "root")
    machine.run("sh", "-c", "dpkg -i /root/*.deb && rm /root/*.deb && /etc/init.d/lantern start")


def firmware_of(machine: Machine) -> Path:
    """Where its kernel says what firmware it has found."""
    return machine.root / "sys/class/dmi/id/bios_version"


def _controller(machine: Machine) -> Bmc:
    def runs(version: str) -> None:
        firmware_of(machine).write_text(f"{version}\n")

    return Bmc(BASELINE["lumen-r4"], HARDWARE_MODEL, on_version=runs)


def _nodes_file(folder: Path, made: Sequence[Machine], controllers: Mapping[str, Bmc]) -> str:
    lines = ["[system]"]
    lines += table({"name": "lantern-rack-1", "location": "demo"})
    lines += table({"hardware_family": HARDWARE_FAMILY, "hardware_model": HARDWARE_MODEL})
    probes = {
        "lantern": ("dpkg-query", "-W", "-f", "${Version}", "lantern"),
        "lumen-r4": ("cat", "/sys/class/dmi/id/bios_version"),
    }
    lines += ["", "[system.version_probes]", *table(probes)]
    lines += ["", "[ssh]", *table({"user": USER, "key": str(folder / "machines/operator")})]
    (folder / "rack/bmc").write_text(f"{PASSWORD}\n")
    lines += ["", "[login.bmc]", *table({"user": USER_OF_BMC, "password": "file:bmc"})]
    for machine in made:
        lines += ["", "[[node]]"]
        lines += table({"name": machine.name, "address": machine.address, "host_key": machine.host_key})
        lines += table({"roles": machine.asked.roles, "fault_domain": machine.asked.fault_domain})
        lines.append(f'facts = {{ bmc = "{controllers[machine.name].address}" }}')
    return "\n".join(lines) + "\n"
