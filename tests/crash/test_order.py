"""What is on the disk in which order: a step is begun on its node only when the journal says so for good."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crash.traced import traced

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here (on Debian: strace)")
def test_no_act_is_begun_before_the_journal_is_synced_that_says_so(tmp_path: Path) -> None:
    try:
        trace = traced(tmp_path)
    except PermissionError:
        pytest.skip("this user may not trace processes here")
    acts = trace.acts()
    assert len(acts) == len({step for step, _ in acts}) > 30
    assert trace.too_early() == []
    assert len(trace.without_syncs().too_early()) == len(acts), "a worker that syncs nothing would be seen"
