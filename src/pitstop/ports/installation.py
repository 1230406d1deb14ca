"""This very Pitstop on its machine: which version runs, and how another one takes its place.

Adapter: :mod:`pitstop.daemon.installation`, over the launcher's folder; simulator:
``tests/simulators/installation.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FellBack:
    """A version that was started and did not come up: ``back_to`` runs again. ``said``: its last words."""

    version: str
    back_to: str
    reason: str
    said: str = ""


class Installation(Protocol):
    """What is installed of Pitstop on this machine."""

    @property
    def running(self) -> str:
        """The version of this very process."""

    def require_launcher(self) -> None:
        """Versions can be changed here.

        Raises:
            NotLaunched: this process was not started by the launcher.
        """

    def install(
        self,
        version: str,
        files: Mapping[str, Path],
        *,
        deadline: timedelta,
        report: Callable[[int, int], None],
    ) -> str:
        """Make an environment of this version beside the others, out of these files alone; what came of it.
        Blocks. One that is there, whole, is left as it is. The running version is not touched.

        Args:
            files: wheels by their names, and ``requirements.txt``: every distribution with its version and
                digests. What the running version came with need not be among them.

        Raises:
            StepFailed: it cannot be made of these, or is not the version that was said.
            NotLaunched: as for ``require_launcher``.
        """

    def switch(self, version: str, switch: str) -> None:
        """Ask for this installed version to be started in place of this process, which ends soon after.

        Args:
            switch: the id under which what became of it can be asked for.
        """

    def fell_back(self, switch: str) -> FellBack | None:
        """How the switch of this id has failed; None: it has not."""
