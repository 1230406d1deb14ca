"""Ansible's own environments: made offline of wheels, and kept by what their requirements say."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.nodes.environments import REQUIREMENTS, make_environment


class AnsibleEnvironments:
    """One is made once, whoever asks: runs in the service's event loop, and rehearsals in loops of their own.

    Args:
        folder: where they are kept.
        wheels: the machine's own folder of wheels with a ``requirements.txt``; None: there is none.
    """

    def __init__(self, folder: Path, wheels: Path | None = None) -> None:
        self._folder = folder
        self._wheels = wheels
        self._making = threading.Lock()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def of(self, wheels: Mapping[str, Path] | None, deadline: timedelta) -> Path:
        """The environment of these wheels; None: of the machine's own.

        Raises:
            InvalidPlan: they have no requirements. StepFailed: the machine has none, or it cannot be made.
        """
        wheels = self._own_wheels() if wheels is None else wheels
        if REQUIREMENTS not in wheels:
            raise InvalidPlan(f"there is no {REQUIREMENTS} beside the wheels of Ansible")
        digest = hashlib.sha256(await asyncio.to_thread(wheels[REQUIREMENTS].read_bytes)).hexdigest()
        folder = self._folder / digest[:16]
        async with self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            await asyncio.to_thread(self._make, folder, wheels, deadline)
        return folder / "venv"

    def _make(self, folder: Path, wheels: Mapping[str, Path], deadline: timedelta) -> None:
        with self._making:
            if not (folder / "whole").exists():
                tried = ("-m", "ansible_runner", "--version")
                make_environment(folder, wheels, then=tried, deadline=deadline, report=_nobody_counts)
                (folder / "whole").touch()

    def _own_wheels(self) -> Mapping[str, Path]:
        if self._wheels is None or not self._wheels.is_dir():
            raise StepFailed(
                "the plan brings no Ansible, and this machine has none for it",
                hint="Put wheels of ansible-core and ansible-runner with a requirements.txt into a folder, "
                "and name it as `ansible_wheels` in the settings; then resume the run.",
            )
        return {file.name: file for file in self._wheels.iterdir()}


def _nobody_counts(_done: int, _whole: int) -> None:
    """It is a part of the step that has no steps of its own."""
