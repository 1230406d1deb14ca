"""Runs: seeing them, starting them, resuming them. Who drives them is told by submitting a job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import uuid4

from pitstop.engine.progress import Progress
from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import DigestMismatch, InvalidMove
from pitstop.model.releases import Release
from pitstop.model.runs import Run, RunPurpose, RunState
from pitstop.model.updates import ACTIONS, Action, UpdateState, Verb
from pitstop.package.fileset import METADATA
from pitstop.ports.jobs import Jobs
from pitstop.ports.journal import Journal
from pitstop.ports.payloads import PayloadStore
from pitstop.ports.records import Runs
from pitstop.service.audited import Audited
from pitstop.service.facts import Knowledge
from pitstop.service.outlooks import Outlooks
from pitstop.service.reports import run_report, run_view, step_view
from pitstop.steps.composition import compose
from pitstop.wire.views import EventView, RunReport, RunView, StepView

DRIVE = "drive-run"
"""The job that drives a run; its key is the run's id."""

PURPOSES = {
    Verb.APPLY: RunPurpose.APPLY,
    Verb.PREPARE: RunPurpose.PREPARE,
    Verb.CHECK_HEALTH: RunPurpose.HEALTH_CHECK,
}


@dataclass(frozen=True, slots=True)
class RunsService:
    """Implements :class:`pitstop.service.desk.RunsDesk`, and begins runs for the updates' desk."""

    journal: Journal
    runs: Runs
    payloads: PayloadStore
    knowledge: Knowledge
    jobs: Jobs
    progress: Progress
    audited: Audited
    outlooks: Outlooks

    def list(self, actor: Actor, update: str | None = None) -> tuple[RunView, ...]:
        actor.require(Permission.SEE)
        return tuple(self.view(run) for run in self.runs.runs(update))

    def show(self, actor: Actor, run_id: str) -> RunReport:
        actor.require(Permission.SEE)
        tree = self.journal.load(run_id)
        now = self.audited.clock.now()
        return run_report(
            tree,
            self.view(tree.run),
            lambda index: self.progress.of(run_id, index),
            now,
            self.outlooks.of(tree, now, lambda index: self._said(run_id, index)),
            together=self.progress.of_run(run_id),
        )

    def step(self, actor: Actor, run_id: str, index: str) -> StepView:
        actor.require(Permission.SEE)
        tree, now = self.journal.load(run_id), self.audited.clock.now()
        return step_view(tree, index, now, self.outlooks.of(tree, now, lambda at: self._said(run_id, at)))

    def _said(self, run_id: str, index: str) -> float | None:
        """Seconds that a step itself says it still needs; None where it says nothing."""
        portion = self.progress.of(run_id, index)
        return portion.seconds_left if portion else None

    def revision(self, actor: Actor, run_id: str) -> int:
        actor.require(Permission.SEE)
        return self.runs.run(run_id).revision

    def history(self, actor: Actor, run_id: str) -> tuple[EventView, ...]:
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
            for event in self.journal.history(run_id)
        )

    def resume(self, actor: Actor, run_id: str) -> RunView:
        with self.audited.change(actor, Permission.OPERATE, "resume run", run_id):
            run = self.runs.run(run_id)
            if not self._actions(run):
                raise InvalidMove(
                    f"run {run_id} is {run.state} and cannot be resumed",
                    hint="Only the newest run of an update whose installation failed can be resumed.",
                )
            self.journal.resume(run_id, actor.name, self.audited.clock.now())
            self.jobs.submit(DRIVE, run_id)
            return self.view(self.runs.run(run_id))

    def begin(self, actor: Actor, release: Release, verb: Verb, stored: UpdateState, showing: str) -> RunView:
        """Write a new run with its whole tree and have it driven. ``showing``: the system's version now.

        Raises:
            Conflict: another run began meanwhile. InvalidPlan: the plan does not fit this system.
            DigestMismatch: what is here is not the package that the release names.
        """
        package_sha256 = self._required_package(release)
        package = self.payloads.metadata(release.name)
        purpose = PURPOSES[verb]
        steps = compose(
            purpose,
            package,
            self.payloads.plan(release.name),
            self.knowledge.system,
            changes_version=release.changes_version,
        )
        run = Run(
            id=str(uuid4()),
            update=release.name,
            release=release.id,
            purpose=purpose,
            state=RunState.IN_PROGRESS,
            created=self.audited.clock.now(),
            requested_by=actor.name,
            from_version=showing,
            to_version=str(release.version),
            plan_sha256=package.plan_sha256,
            package_sha256=package_sha256,
        )
        self.journal.create(run, steps, expected=stored)
        self.jobs.submit(DRIVE, run.id)
        return self.view(run)

    def _required_package(self, release: Release) -> str:
        """The digest of the package that is here. Raises DigestMismatch: the release names another."""
        digest = hashlib.sha256(self.payloads.document(release.name, METADATA)).hexdigest()
        if release.package_sha256 not in ("", digest):
            raise DigestMismatch(
                f"{METADATA} of {release.name} that is here is not the one that its release entry names",
                hint="Check the sources again; if it stays, tell the publisher.",
            )
        return digest

    def take_up(self) -> None:
        """At the service's start: have the runs driven that were in progress when it ended."""
        for run_id in self.journal.unfinished():
            self.jobs.submit(DRIVE, run_id)

    def view(self, run: Run) -> RunView:
        release = self.knowledge.release(run.update)
        title = release.title if release else run.update
        return run_view(run, title, self._actions(run), self.audited.clock.now())

    def _actions(self, run: Run) -> tuple[Action, ...]:
        """What may be asked of this run: resume, if it is the newest of an update that is open to it."""
        state = self.knowledge.catalogues.update_states().get(run.update, UpdateState.READY)
        resume = next(action for action in ACTIONS if action.verb is Verb.RESUME)
        if run.state is not RunState.FAILED or state not in resume.states:
            return ()
        newest = next(iter(self.runs.runs(run.update)), run)
        return (resume,) if newest.id == run.id else ()
