"""``pitstop checklist``: what is to be seen to before, during and after an update."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import clean, note, paint, say, say_json
from pitstop.cli.system import AsJson
from pitstop.cli.update import Name
from pitstop.wire.checklist_views import ChecklistItemView, ChecklistTick, ChecklistView
from pitstop.wire.formats import STAGE_WORDS, Tone, count, instant

app = noun_app("The activity checklist of an update: show, tick, untick.")

ItemId = Annotated[str, typer.Argument(metavar="ITEM", help="As `pitstop checklist show` names it.")]


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show the list: before the update, or of its newest run. As it is, it can be printed."""
    with connect() as client:
        found = client.checklist(name)
    if as_json:
        say_json(found)
        return
    for line in checklist_lines(found):
        say(line)


@app.command()
def tick(
    name: Name,
    item: ItemId,
    said: Annotated[str, typer.Option("--note", help="What there is to say of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tick something off: that is written down with your name."""
    _ticked(name, item, ChecklistTick(note=said), as_json=as_json)


@app.command()
def untick(name: Name, item: ItemId, as_json: AsJson = False) -> None:
    """Take a tick back."""
    _ticked(name, item, ChecklistTick(done=False), as_json=as_json)


def _ticked(name: str, item: str, wanted: ChecklistTick, *, as_json: bool) -> None:
    with connect() as client:
        found = client.tick_checklist(name, item, wanted)
    if as_json:
        say_json(found)
    else:
        note(f"{count(found.todo, 'item')} left to see to.")


def checklist_lines(found: ChecklistView) -> list[str]:
    """One line for each item, below its stage; what is known of it under it."""
    lines = [f"{found.update}: {count(found.todo, 'item')} left to see to"]
    if found.run:
        lines.append(f"of run {found.run}")
    for stage, words in STAGE_WORDS.items():
        mine = [item for item in found.items if item.stage == stage]
        if mine:
            lines += ["", words, *(line for item in mine for line in _item_lines(item))]
    return lines


def _item_lines(item: ChecklistItemView) -> list[str]:
    done = item.standing == "done"
    mark = paint("[x]", Tone.GOOD) if done else "[ ]"
    known = [item.because] if item.because else []
    if item.by:
        note_text = f": {item.note}" if item.note else ""
        known.append(f"Ticked off by {item.by}, {instant(item.at)}{note_text}")
    elif not done and not item.by_fact and not item.because:
        known.append(item.says)
    return [f"  {mark} {item.title}  ({item.id})", *(f"      {clean(text)}" for text in known)]
