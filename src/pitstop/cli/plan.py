"""``pitstop plan``: what a package's plan says, and what it would do on a system; nothing is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.assumed import read_bytes
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import behind, clean, field, note, say, say_json
from pitstop.cli.system import AsJson

if TYPE_CHECKING:
    from pitstop.model.plans import Plan
    from pitstop.model.run_tree import RunTree
    from pitstop.model.system import SystemDescription
    from pitstop.wire.views import RehearsalView, RehearsedStep

app = noun_app("Plans: check, show, rehearse.")

PlanFile = Annotated[Path, typer.Argument(metavar="FILE", help="A plan, YAML or JSON.")]


@app.command()
def check(file: PlanFile) -> None:
    """Check a plan's form and every step's arguments; every problem is named with its place."""
    plan = _checked(file)
    note(f"{file}: format {plan.format}, no problem was found.")


@app.command()
def show(
    file: PlanFile,
    system: Annotated[Path, typer.Option("--system", metavar="FILE", help="The nodes file to lay it over.")],
    as_json: AsJson = False,
) -> None:
    """Show what a plan would do on the nodes of a nodes file, without a service."""
    from pitstop.model.expansion import left_out
    from pitstop.nodes.declared import read_system
    from pitstop.service.rehearsals import rehearsal_view
    from pitstop.wire.views import LeftOutView

    plan, described = _checked(file), read_system(system)
    skipped = tuple(LeftOutView(item=o.item, node=o.node, why=o.why) for o in left_out(plan, described))
    _said(rehearsal_view(_tree_of(plan, described), {}, skipped, plan.name), as_json=as_json)


@app.command()
def rehearse(
    name: Annotated[str, typer.Argument(metavar="UPDATE", help="The update's name.")],
    ask_nodes: Annotated[
        bool,
        typer.Option("--ask-nodes", help="Put the steps' probes and the package's checks to the nodes."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show exactly what installing an update would do on this system. Nothing is changed."""
    from pitstop.cli.connection import connect

    with connect() as client:
        rehearsal = client.rehearse(name, ask_nodes=ask_nodes)
    _said(rehearsal, as_json=as_json)


def _checked(file: Path) -> Plan:
    from pitstop.package.plan_format import check_plan, read_plan, read_plan_yaml
    from pitstop.steps.table import KINDS

    raw = read_bytes(file)
    plan = read_plan(raw) if file.suffix == ".json" else read_plan_yaml(raw)
    check_plan(plan, {name: kind.read for name, kind in KINDS.items() if kind.in_plans})
    return plan


def _tree_of(plan: Plan, system: SystemDescription) -> RunTree:
    from pitstop.model.releases import ReleaseId
    from pitstop.model.run_tree import RunTree as Tree
    from pitstop.model.runs import Run, RunPurpose, RunState
    from pitstop.model.versions import Version
    from pitstop.steps.composition import steps_of_plan

    nothing = ReleaseId("", "", Version((0,)))
    at = datetime.now(UTC)
    run = Run("rehearsal", plan.name, nothing, RunPurpose.APPLY, RunState.IN_PROGRESS, at, "")
    return Tree(run, steps_of_plan(plan, system))


def _said(rehearsal: RehearsalView, *, as_json: bool) -> None:
    if as_json:
        say_json(rehearsal)
        return
    for line in rehearsal_lines(rehearsal):
        say(line)


def rehearsal_lines(rehearsal: RehearsalView) -> Iterator[str]:
    from pitstop.wire.formats import count

    to = f" -> {rehearsal.to_version}" if rehearsal.to_version else ""
    yield f"Rehearsal: {clean(rehearsal.title)}{to}. Nothing is done."
    yield from field("nodes", f"{count(len(rehearsal.nodes), 'node')}: {', '.join(rehearsal.nodes)}")
    yield from field("expected", _takes(rehearsal))
    yield from field("no return", rehearsal.no_return or "none: all that it does can be taken back")
    if rehearsal.with_updates:
        yield from field("goes along", ", ".join(rehearsal.with_updates))
    for item in rehearsal.left_out:
        where = f" on {item.node}" if item.node else ""
        yield from field("left out", f"{clean(item.item)}{where}: {item.why}")
    yield ""
    yield "Steps"
    yield from _branch(rehearsal.steps, 1)


def _takes(rehearsal: RehearsalView) -> str:
    from pitstop.wire.formats import duration, duration_range

    if rehearsal.usual:
        return f"{duration_range(rehearsal.usual)}, by what this system has taken so far"
    return f"about {duration(rehearsal.expected)}, by what the plan says"


def _branch(steps: tuple[RehearsedStep, ...], depth: int) -> Iterator[str]:
    from pitstop.wire.formats import duration, duration_range

    for step in steps:
        where = f" on {step.node}" if step.node and step.node not in step.name else ""
        usual = f"usually {duration_range(step.usual)}" if step.usual else f"about {duration(step.expected)}"
        said = [step.mode or step.kind, usual]
        if step.way_back:
            said.append("no way back" if step.way_back == "none" else f"back: {step.way_back}")
        yield f"{'  ' * depth}{step.index} {clean(step.name)}{where}  ({', '.join(said)})"
        if step.found:
            says = clean(step.says).strip().splitlines()
            yield from behind(f"{'  ' * depth}    now: ", f"{step.found}{f', {says[-1]}' if says else ''}")
        yield from _branch(step.steps, depth + 1)
