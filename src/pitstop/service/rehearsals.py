"""A run before it begins: exactly what would be done, on which nodes, in what order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import NotFound
from pitstop.model.expansion import left_out
from pitstop.model.expected import expected_time
from pitstop.model.releases import Release
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Run, RunPurpose, RunState, Step
from pitstop.model.undoing import point_of_no_return
from pitstop.model.updates import Verb
from pitstop.policy.time_left import Outlook
from pitstop.ports.rehearsing import Answered, NodeProbes
from pitstop.service.beginning import Beginning
from pitstop.service.outlooks import Outlooks
from pitstop.service.reports import range_of, usual_range
from pitstop.wire.views import LeftOutView, RehearsalView, RehearsedStep


@dataclass(frozen=True, slots=True)
class Rehearsals:
    """Implements :class:`pitstop.service.desk.RehearsalsDesk`."""

    beginning: Beginning
    probes: NodeProbes
    outlooks: Outlooks

    def rehearse(self, actor: Actor, name: str, *, ask_nodes: bool = False) -> RehearsalView:
        actor.require(Permission.OPERATE if ask_nodes else Permission.SEE)
        release = self.beginning.knowledge.release(name)
        if release is None:
            raise NotFound(f"there is no update {name}", hint="List them with `pitstop update list`.")
        steps, rider = self.beginning.composed(release, Verb.APPLY)
        tree = RunTree(self._run(release, rider), steps)
        answers = self.probes.probed(tree) if ask_nodes else {}
        outlook = self.outlooks.ahead(tree, tree.run.created)
        return rehearsal_view(tree, answers, self._left_out(release, rider), release.title, outlook)

    def _run(self, release: Release, rider: Release | None) -> Run:
        return Run(
            id="rehearsal",
            update=release.name,
            release=release.id,
            purpose=RunPurpose.APPLY,
            state=RunState.IN_PROGRESS,
            created=self.beginning.knowledge.clock.now(),
            requested_by="",
            to_version=str((rider or release).version),
        )

    def _left_out(self, release: Release, rider: Release | None) -> tuple[LeftOutView, ...]:
        system = self.beginning.facing()
        return tuple(
            LeftOutView(item=item.item, node=item.node, why=item.why)
            for each in (release, rider)
            if each is not None
            for item in left_out(self.beginning.payloads.plan(each.name), system)
        )


def rehearsal_view(
    tree: RunTree,
    answers: Mapping[str, Answered],
    skipped: tuple[LeftOutView, ...],
    title: str,
    outlook: Outlook | None = None,
) -> RehearsalView:
    """The run as it would go.

    Args:
        answers: what the nodes say, by index; empty where they were not asked.
        outlook: how it would stand on this system; None: there is none.
    """
    point = point_of_no_return(tree)
    return RehearsalView(
        update=tree.run.update,
        title=title,
        to_version=tree.run.to_version,
        with_updates=tuple(
            dict.fromkeys(
                step.package
                for step in tree.steps.values()
                if step.package is not None and step.package != tree.run.update
            )
        ),
        nodes=tuple(sorted({leaf.node for leaf in tree.leaves() if leaf.node})),
        expected=expected_time(tree).total_seconds(),
        no_return=f"step {point.index} {point.name}" if point else "",
        left_out=skipped,
        steps=tuple(_step(tree, place, answers, outlook) for place in tree.children()),
        usual=range_of(outlook.left) if outlook and outlook.usual and outlook.left else None,
    )


def _step(
    tree: RunTree, step: Step, answers: Mapping[str, Answered], outlook: Outlook | None
) -> RehearsedStep:
    answer = answers.get(step.index)
    return RehearsedStep(
        index=step.index,
        name=step.name,
        description=step.description,
        mode=step.mode or "",
        kind=step.kind or "",
        node=step.node or "",
        expected=expected_time(tree, step.index).total_seconds(),
        deadline=step.deadline.total_seconds() if step.is_leaf else None,
        way_back=_way_back(tree, step),
        found=answer.found if answer else "",
        says=answer.says if answer else "",
        steps=tuple(_step(tree, child, answers, outlook) for child in tree.children(step.index)),
        usual=usual_range(outlook, step.index) if outlook else None,
    )


def _way_back(tree: RunTree, step: Step) -> str:
    if not step.is_leaf or tree.phase_of(step.index) != "install":
        return ""
    if step.undo is None:
        return "none"
    return ", ".join(undo.kind for undo in step.undo) or "nothing to take back"
