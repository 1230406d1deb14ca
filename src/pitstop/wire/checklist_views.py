"""The read models of checklists."""

from __future__ import annotations

from datetime import datetime

from pitstop.wire.base import View


class ChecklistItemView(View, frozen=True):
    """A line. ``stage``: before, during or after; ``standing``: done or todo; ``byFact``: a fact decides,
    ``because`` says which; else a person ticks it off: ``by``, ``at`` and ``note`` where one has."""

    id: str
    stage: str
    title: str
    says: str
    by_fact: bool
    standing: str
    because: str = ""
    by: str = ""
    at: datetime | None = None
    note: str = ""


class ChecklistView(View, frozen=True):
    """The list of an update. ``run``: its newest run, which ``before`` is as it stood when that began."""

    update: str
    run: str | None
    items: tuple[ChecklistItemView, ...]
    todo: int


class ChecklistTick(View, frozen=True):
    """``done`` false takes the tick back."""

    done: bool = True
    note: str = ""
