"""Following a run where lines are written: one for each thing that has changed, tasks of a playbook too."""

from __future__ import annotations

import msgspec

from pitstop.cli.following import changes
from pitstop.wire.views import StepView, leaves
from simulators import scenes


def test_each_task_of_a_playbook_is_a_line_as_it_begins_and_ends() -> None:
    after = scenes.report_playing()
    place = next(step for step in leaves(after.steps) if step.kind == "ansible")
    before = msgspec.structs.replace(
        after, steps=tuple(_replaced(step, place, place.steps[:1]) for step in after.steps)
    )
    first, second = (line[len("03:07:09") :] for line in changes(before, after))
    assert first == "  [FAILED]  3.1.3.1.2.2 Ask for oil on n3  (1 s): failed: there is no /etc/oil"
    assert second.startswith("  [now]     3.1.3.1.2.3 Light the lamp on n3")


def _replaced(step: StepView, place: StepView, inner: tuple[StepView, ...]) -> StepView:
    """``step`` with ``place`` having these inner steps alone."""
    if step is place:
        return msgspec.structs.replace(step, steps=inner)
    return msgspec.structs.replace(step, steps=tuple(_replaced(each, place, inner) for each in step.steps))
