"""What earlier runs tell: how often in a row an update could not be got."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pitstop.model.releases import ReleaseId
from pitstop.model.runs import Phase, Run, RunPurpose, RunState
from pitstop.model.versions import Version
from pitstop.service.timed_runs import failed_to_get

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_RUN = Run("r", "U", ReleaseId("p", "q", Version((1,))), RunPurpose.APPLY, RunState.FAILED, _NOW, "admin")
DOWNLOAD, PREPARE = replace(_RUN, phase=Phase.DOWNLOAD), replace(_RUN, phase=Phase.PREPARE)
CHECK, INSTALL = replace(_RUN, phase=Phase.HEALTH_CHECK), replace(_RUN, phase=Phase.INSTALL)
DONE = replace(PREPARE, state=RunState.SUCCEEDED)
GOING_ON = replace(DOWNLOAD, state=RunState.IN_PROGRESS)
OTHER = replace(DOWNLOAD, update="V")


@pytest.mark.parametrize(
    ("newest_first", "failures"),
    [
        ([], {}),
        ([DOWNLOAD], {"U": 1}),
        ([PREPARE, DOWNLOAD], {"U": 2}),
        ([GOING_ON, PREPARE, DOWNLOAD], {"U": 2}),
        ([DOWNLOAD, OTHER, OTHER, PREPARE], {"U": 2, "V": 2}),
        ([replace(DOWNLOAD, attempt=2)], {"U": 2}),
        ([DOWNLOAD, DONE, DOWNLOAD], {"U": 1}),
        ([CHECK, DOWNLOAD, DOWNLOAD], {}),
        ([INSTALL, DOWNLOAD, DOWNLOAD], {}),
        ([replace(_RUN, phase=None), DOWNLOAD], {}),
    ],
)
def test_failures_before_anything_was_checked_are_counted_in_a_row(
    newest_first: list[Run], failures: dict[str, int]
) -> None:
    assert failed_to_get(newest_first) == failures
