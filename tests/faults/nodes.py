"""The nodes of the room: folders with SSH servers, that are held at gates, unplugged and switched off."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import rack
from faults import releases
from rack import power

NAMES: Final = ("n1", "n2")


@dataclass(frozen=True, slots=True)
class Nodes:
    """``folder``: of the rack. ``until``: waits until something holds, and says for what."""

    folder: Path
    until: Callable[[Callable[[], object], str], None]

    def lay(self) -> None:
        rack.make(self.folder, rack.default_nodes(len(NAMES)), lantern_version=releases.BASE)
        for node in NAMES:
            ctl = self.root(node) / "sbin/ctl"
            ctl.write_text(releases.CTL)
            ctl.chmod(0o755)
            restart = self.root(node) / "sbin/restart"
            shutil.copyfile(self.root(node) / "sbin/reboot", restart)
            restart.chmod(0o755)

    def root(self, node: str) -> Path:
        return rack.read(self.folder).node(node).root

    def write(self, node: str, file: str, text: str = "") -> None:
        (self.root(node) / file).write_text(text)

    def remove(self, node: str, file: str) -> None:
        (self.root(node) / file).unlink(missing_ok=True)

    def hold(self, node: str, gate: str) -> None:
        """Whoever comes to the gate waits there."""
        self.write(node, f"run/hold-{gate}")

    def let_on(self, node: str, gate: str) -> None:
        self.remove(node, f"run/hold-{gate}")

    def until_at(self, node: str, gate: str) -> None:
        self.until((self.root(node) / f"run/at-{gate}").exists, f"{node} is at {gate}")

    def power_off(self, node: str) -> None:
        """At once: all that ran on it is gone."""
        root = self.root(node)
        rack.unplug(self.folder, node)
        power.cut_power(root)
        for file in [*(root / "run").glob("at-*"), *(root / "run").glob("hold-*")]:
            file.unlink()

    def power_on(self, node: str) -> None:
        rack.plug(self.folder, node)

    def unplug(self, node: str) -> None:
        rack.unplug(self.folder, node)

    def plug(self, node: str) -> None:
        rack.plug(self.folder, node)

    def done(self, update: str) -> dict[str, list[str]]:
        """What the update's steps did on each node, as often as they did it."""
        version = update.removeprefix("Northstar")
        lines = {node: self._lines(node) for node in NAMES}
        return {
            node: [line.split()[0] for line in said if line.endswith(f" {version}")]
            for node, said in lines.items()
        }

    def _lines(self, node: str) -> list[str]:
        file = self.root(node) / "done"
        return file.read_text().splitlines() if file.exists() else []

    def out_of_service(self) -> list[str]:
        return [node for node in NAMES if (self.root(node) / "run/out").exists()]

    def versions(self) -> set[str]:
        return {(self.root(node) / "opt/lantern/VERSION").read_text().strip() for node in NAMES}
