"""How far steps have come, as they tell it themselves."""

from __future__ import annotations

import pytest

from pitstop.engine.progress import Progress, WorkEnded


def test_the_portions_of_a_run_are_those_of_its_steps_together() -> None:
    progress = Progress()
    progress.reporter("r", "1")(10, 100)
    progress.reporter("r", "2")(40, 100)
    progress.reporter("other", "1")(1, 1)
    portion = progress.of_run("r")
    assert portion is not None
    assert (portion.done, portion.whole, portion.percent) == (50, 200, 25.0)
    progress.forget("r", "1")
    assert progress.of("r", "1") is None


def test_work_that_nobody_waits_for_is_stopped_when_it_tells_how_far_it_is() -> None:
    progress = Progress()
    report = progress.reporter("r", "1")
    report(1, 2)
    progress.forget("r", "1")
    with pytest.raises(WorkEnded):
        report(2, 2)
    progress.reporter("r", "1")(1, 2)
    with pytest.raises(WorkEnded):
        report(2, 2)
