"""Pitstop's own installation in memory: :class:`pitstop.ports.installation.Installation` for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from pitstop.model.errors import NotLaunched, StepFailed
from pitstop.ports.installation import FellBack


class SimulatedInstallation:
    """One machine.

    Attributes:
        running: what this process is; a test sets it, as the launcher starts another one.
        launched: whether a launcher started it.
        installed: the versions that lie there, each with the names of the files that it was made of.
        wanted: the switches that were asked for, by id.
        broken: the versions that cannot be made.
    """

    def __init__(self, running: str = "1.0") -> None:
        self.running = running
        self.launched = True
        self.installed: dict[str, list[str]] = {}
        self.wanted: dict[str, str] = {}
        self.broken: set[str] = set()
        self._fell_back: dict[str, FellBack] = {}

    def fall_back(self, switch: str, reason: str = "it ended with status 1 before it was up") -> None:
        """What the launcher does with a version that does not come up."""
        self._fell_back = {switch: FellBack(self.wanted[switch], self.running, reason, "error: no")}

    def require_launcher(self) -> None:
        if not self.launched:
            raise NotLaunched("this service was not started by the launcher, which changes versions")

    def install(
        self,
        version: str,
        files: Mapping[str, Path],
        *,
        deadline: timedelta,
        report: Callable[[int, int], None],
    ) -> str:
        self.require_launcher()
        if version in self.broken:
            raise StepFailed("the new version cannot be installed: a digest is wrong")
        report(1, 1)
        self.installed[version] = sorted(files)
        return f"{version} is installed"

    def switch(self, version: str, switch: str) -> None:
        self.require_launcher()
        self.wanted[switch] = version

    def fell_back(self, switch: str) -> FellBack | None:
        return self._fell_back.get(switch)
