"""Machines with a real Debian each, where this user can have them."""

from __future__ import annotations

import pytest

import machines
from machines import NoMachines


def require_machines() -> None:
    """Skips where there can be none, and says why."""
    try:
        machines.base_root()
    except NoMachines as reason:
        pytest.skip(str(reason))
