"""What every :class:`pitstop.ports.installation.Installation` holds to."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import pytest

from pitstop.model.errors import NotLaunched
from pitstop.ports.installation import FellBack, Installation

SWITCH = "run-1.2-1"


class Bench(Protocol):
    """An installation, and what its launcher does.

    Attributes:
        launched: one on a machine where a launcher started the service.
        alone: one where none did.
        ends: how often the process was asked to end.
    """

    launched: Installation
    alone: Installation

    @property
    def ends(self) -> int: ...

    def take_back(self) -> None:
        """The launcher takes the version back that was asked for last: "it was not up", "error: no"."""


class InstallationContract:
    """Inherited by a test class that has a ``bench`` fixture."""

    def test_a_switch_ends_the_process_once_and_is_told_of_when_it_failed(self, bench: Bench) -> None:
        running = bench.launched.running
        assert bench.launched.fell_back(SWITCH) is None
        bench.launched.switch("2.0", SWITCH)
        assert bench.ends == 1
        assert bench.launched.fell_back(SWITCH) is None
        bench.take_back()
        assert bench.launched.fell_back(SWITCH) == FellBack("2.0", running, "it was not up", "error: no")
        assert bench.launched.fell_back("run-1.2-2") is None, "each attempt is a switch of its own"

    def test_what_failed_last_is_what_is_known(self, bench: Bench) -> None:
        for attempt in ("run-1.2-1", "run-1.2-2"):
            bench.launched.switch("2.0", attempt)
            bench.take_back()
        assert bench.launched.fell_back("run-1.2-1") is None
        assert bench.launched.fell_back("run-1.2-2") is not None

    def test_without_a_launcher_no_version_is_changed(self, bench: Bench) -> None:
        alone = bench.alone
        with pytest.raises(NotLaunched):
            alone.require_launcher()
        with pytest.raises(NotLaunched):
            alone.switch("2.0", SWITCH)
        with pytest.raises(NotLaunched):
            alone.install("2.0", {}, deadline=timedelta(minutes=1), report=lambda _done, _of: None)
        assert alone.fell_back(SWITCH) is None
        assert alone.running
        assert bench.ends == 0
