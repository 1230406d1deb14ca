"""Runs: seeing them, and what is asked of them: to go on, to stop, to be undone, to end.

Who drives them is told by submitting a job.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pitstop.engine.progress import Progress
from pitstop.engine.windows import BY as WINDOW
from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import InvalidMove, NotAllowed
from pitstop.model.run_actions import RUN_ACTIONS, RunAction, RunVerb, require_open
from pitstop.model.run_tree import RunTree, to_void
from pitstop.model.runs import Phase, Run, RunState
from pitstop.model.undoing import passed_no_return
from pitstop.model.updates import UpdateState
from pitstop.policy.going_on import ways_on
from pitstop.ports.jobs import Jobs
from pitstop.ports.journal import Journal
from pitstop.ports.records import Runs
from pitstop.service.accounts import HERE
from pitstop.service.audited import Audited
from pitstop.service.desk import RUNS_LISTED
from pitstop.service.facts import Knowledge
from pitstop.service.offers import Offers
from pitstop.service.outlooks import Outlooks
from pitstop.service.reports import run_report, run_view, step_view
from pitstop.service.shared import Shared
from pitstop.wire.issue_views import OfferView
from pitstop.wire.views import EventView, RunReport, RunView, StepView

DRIVE = "drive-run"
"""The job that drives a run; its key is the run's id."""


@dataclass(frozen=True, slots=True)
class RunsService:
    """Implements :class:`pitstop.service.desk.RunsDesk`."""

    journal: Journal
    runs: Runs
    knowledge: Knowledge
    jobs: Jobs
    progress: Progress
    audited: Audited
    outlooks: Outlooks
    offers: Offers
    _shared: Shared = field(default_factory=Shared, repr=False)

    def list(
        self,
        actor: Actor,
        update: str | None = None,
        *,
        limit: int | None = RUNS_LISTED,
        before: str | None = None,
    ) -> tuple[RunView, ...]:
        actor.require(Permission.SEE)
        return self._shared.of(("list", update, limit, before), lambda: self._listed(update, limit, before))

    def _listed(self, update: str | None, limit: int | None, before: str | None) -> tuple[RunView, ...]:
        return tuple(self.view(run) for run in self.runs.runs(update, limit=limit, before=before))

    def show(self, actor: Actor, run_id: str) -> RunReport:
        """However many ask at once: it is made for all of them together."""
        actor.require(Permission.SEE)
        return self._shared.of(("report", run_id), lambda: self._report(run_id))

    def _report(self, run_id: str) -> RunReport:
        tree = self.journal.load(run_id)
        now = self.audited.clock.now()
        return run_report(
            tree,
            self.view(tree.run, tree),
            self.progress.of_steps(run_id).get,
            now,
            self.outlooks.of(tree, now, lambda index: self._said(run_id, index)),
            together=self.progress.of_run(run_id),
            issues=self.offers.of(tree),
        )

    def step(self, actor: Actor, run_id: str, index: str) -> StepView:
        actor.require(Permission.SEE)
        tree, now = self.journal.load(run_id), self.audited.clock.now()
        return step_view(tree, index, now, self.outlooks.of(tree, now, lambda at: self._said(run_id, at)))

    def _said(self, run_id: str, index: str) -> float | None:
        """Seconds that a step itself says it still needs; None where it says nothing."""
        portion = self.progress.of(run_id, index)
        return portion.seconds_left if portion else None

    def offered(self, run_id: str) -> tuple[OfferView, ...]:
        """What the steps of a run that has failed may have failed with, step by step, likeliest first."""
        return self._shared.of(("offers", run_id), lambda: self.offers.of(self.journal.load(run_id)))

    def revision(self, actor: Actor, run_id: str) -> int:
        actor.require(Permission.SEE)
        return self.runs.run(run_id).revision

    def history(
        self, actor: Actor, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[EventView, ...]:
        actor.require(Permission.SEE)
        return tuple(
            EventView(
                sequence=event.sequence,
                at=event.at,
                epoch=event.epoch,
                kind=event.kind,
                index=event.index,
                text=event.text,
            )
            for event in self.journal.history(run_id, after=after, limit=limit)
        )

    def resume(self, actor: Actor, run_id: str, again_on: frozenset[str] = frozenset()) -> RunView:
        with self.audited.change(actor, Permission.OPERATE, "resume run", run_id):
            self._require_open(run_id, RunVerb.RESUME)
            return self._resumed(run_id, actor.name, again_on)

    def ask(
        self, actor: Actor, run_id: str, verb: RunVerb, reason: str = "", *, now: bool = False
    ) -> RunView:
        with self.audited.change(actor, Permission.OPERATE, f"{verb} run", run_id):
            action = self._require_open(run_id, verb)
            wanted = action.event(self.audited.clock.now(), actor.name, reason, now=now)
            run = self.journal.request(run_id, wanted)
            self.jobs.submit(DRIVE, run_id)
            return self.view(run)

    def resume_by(self, run_id: str, by: str) -> RunView:
        """Go on with a run as somebody has agreed to beforehand. Raises as ``resume``."""
        self._require_open(run_id, RunVerb.RESUME)
        return self._resumed(run_id, by)

    def _resumed(self, run_id: str, by: str, again_on: frozenset[str] = frozenset()) -> RunView:
        """Raises NotAllowed: a node was replaced since, and nobody has agreed to do its steps again."""
        replaced = {node.name: node.since for node in self.knowledge.system.nodes if node.since is not None}
        tree = self.journal.load(run_id)
        void = to_void(tree, replaced)
        gone = sorted({node for index in void if (node := tree.steps[index].node)})
        if not again_on.issuperset(gone):
            raise NotAllowed(
                f"{', '.join(gone)}: another machine is in this place since run {run_id} did its steps there",
                hint="Those steps are done again if you agree: pitstop run resume "
                f"{' '.join(f'--again-on {node}' for node in gone)}",
            )
        self.journal.resume(run_id, by, self.audited.clock.now(), void)
        self.jobs.submit(DRIVE, run_id)
        return self.view(self.runs.run(run_id))

    def _require_open(self, run_id: str, verb: RunVerb) -> RunAction:
        """Raises InvalidMove: its state does not open it, or it failed too early, or is not the newest;
        NotAllowed: it is past its point of no return."""
        run = self.runs.run(run_id)
        wanted = require_open(run, verb)
        tree = self.journal.load(run_id) if verb is RunVerb.ABORT else None
        if tree is not None:
            _require_way_back(tree)
        if not any(action.verb is verb for action in self._actions(run, tree)):
            hint = "Of failed runs only the newest of an update whose install failed can go on or end."
            if run.phase is not Phase.INSTALL:
                hint = f"It has changed nothing, so it is begun again. {ways_on(run)[0]}"
            raise InvalidMove(f"run {run_id} is {run.state} and takes no {verb}", hint=hint)
        return wanted

    def go_on_in_windows(self) -> None:
        """Have the runs go on that were stopped until now: a maintenance window has opened."""
        now = self.audited.clock.now()
        for run in self.runs.runs():
            if run.state is RunState.STOPPED and run.goes_on is not None and run.goes_on <= now:
                with self.audited.act(WINDOW, "resume run", run.id, HERE):
                    self._resumed(run.id, WINDOW)

    def view(self, run: Run, tree: RunTree | None = None) -> RunView:
        """``tree``: the run's, where it was read already."""
        release = self.knowledge.release(run.update)
        title = release.title if release else run.update
        return run_view(run, title, self._actions(run, tree), self.audited.clock.now())

    def _actions(self, run: Run, tree: RunTree | None = None) -> tuple[RunAction, ...]:
        """What may be asked of this run now. Of a failed one only where its update is open to it: it failed
        in the install, and is the update's newest run."""
        offers = tuple(action for action in RUN_ACTIONS if run.state in action.states)
        if not offers:
            return ()
        if run.state is RunState.FAILED:
            state = self.knowledge.catalogues.update_states().get(run.update, UpdateState.READY)
            newest = next(iter(self.runs.runs(run.update, limit=1)), run)
            if state is not UpdateState.INSTALLATION_FAILED or newest.id != run.id:
                return ()
        if any(action.verb is RunVerb.ABORT for action in offers) and self._is_past_no_return(run, tree):
            return tuple(action for action in offers if action.verb is not RunVerb.ABORT)
        return offers

    def _is_past_no_return(self, run: Run, tree: RunTree | None) -> bool:
        if run.phase is not Phase.INSTALL:
            return False
        return passed_no_return(tree or self.journal.load(run.id)) is not None


def _require_way_back(tree: RunTree) -> None:
    """Raises NotAllowed: the run is past its point of no return."""
    passed = passed_no_return(tree)
    if passed is None:
        return
    why = "is declared the point of no return" if passed.no_return else "cannot be taken back"
    raise NotAllowed(
        f"run {tree.run.id} cannot be aborted: step {passed.index} {passed.name!r} has begun, and it {why}",
        hint="Resume it, or cancel it: that ends it where it is, with nodes put back into service.",
    )
