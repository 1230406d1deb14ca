"""Checklists in memory, for faces: :class:`pitstop.service.desk.ChecklistsDesk`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import NotFound
from pitstop.policy.checklist import Item, Known, Stage, Tick, matter, worked_out
from pitstop.service.checklists import item_view
from pitstop.wire.checklist_views import ChecklistTick, ChecklistView
from simulators.logs import NOW

KNOWN = Known({"oem-too-old": "OEM 2.1 is needed."}, contacts=("Northstar support",), entitled=True)


@dataclass
class SimulatedChecklists:
    """Of updates that have no run."""

    ticks: dict[str, Tick] = field(default_factory=dict)

    def show(self, actor: Actor, update: str) -> ChecklistView:
        actor.require(Permission.SEE)
        items = worked_out(KNOWN, [Stage.BEFORE], list(self.ticks.values()))
        todo = sum(item.standing == "todo" for item in items)
        return ChecklistView(update=update, run=None, items=tuple(map(item_view, items)), todo=todo)

    def tick(self, actor: Actor, update: str, item: str, wanted: ChecklistTick) -> ChecklistView:
        actor.require(Permission.OPERATE)
        if matter(item) is None:
            raise NotFound(f"there is nothing {item!r} on the list")
        if wanted.done:
            self.ticks[item] = Tick(item, actor.name, NOW, wanted.note)
        else:
            self.ticks.pop(item, None)
        return self.show(actor, update)


class NoLists:
    """Implements :class:`pitstop.service.updates.KeptLists`: nobody asks for them."""

    def before(self, update: str) -> Sequence[Item]:
        return ()

    def keep(self, run_id: str, update: str, items: Sequence[Item]) -> None:
        """Nothing."""
