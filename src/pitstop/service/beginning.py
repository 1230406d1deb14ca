"""The one place where runs begin: with their whole tree, for now or for a maintenance window."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

from pitstop.engine.windows import BY as WINDOW
from pitstop.model.accounts import Actor
from pitstop.model.errors import DigestMismatch, NotAllowed, NotFound
from pitstop.model.expected import expected_time
from pitstop.model.releases import Release
from pitstop.model.run_events import StopRequested
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Rider, Run, RunPurpose, RunState, Step, WindowUse
from pitstop.model.system import SystemDescription
from pitstop.model.updates import UpdateState, Verb
from pitstop.package.fileset import METADATA
from pitstop.policy.riding import riding_hotfix
from pitstop.ports.hours import Hours
from pitstop.ports.jobs import Jobs
from pitstop.ports.journal import Journal
from pitstop.ports.payloads import PayloadStore
from pitstop.service.facts import Knowledge
from pitstop.service.runs import DRIVE
from pitstop.steps.composition import Part, compose
from pitstop.wire.formats import duration, instant

PURPOSES = {
    Verb.APPLY: RunPurpose.APPLY,
    Verb.PREPARE: RunPurpose.PREPARE,
    Verb.CHECK_HEALTH: RunPurpose.HEALTH_CHECK,
}


@dataclass(frozen=True, slots=True)
class Beginning:
    """Composes runs and writes them down."""

    journal: Journal
    payloads: PayloadStore
    knowledge: Knowledge
    jobs: Jobs
    hours: Hours

    def composed(self, release: Release, verb: Verb) -> tuple[tuple[Step, ...], Release | None]:
        """The whole tree of a run that would begin now, and the hotfix that would go along.

        Raises:
            InvalidPlan, FactMissing: a plan cannot be laid over this system.
            NotFound: the package's documents are not here yet.
        """
        rider = self._rider(release) if verb is Verb.APPLY else None
        parts = [self._part(each) for each in (release, rider) if each is not None]
        return compose(PURPOSES[verb], parts[0], self.facing(), *parts[1:], checked=True), rider

    def begin(
        self,
        actor: Actor,
        release: Release,
        verb: Verb,
        *,
        stored: UpdateState,
        showing: str,
        windows: WindowUse = WindowUse.NONE,
    ) -> Run:
        """Write a new run with its whole tree and have it driven: now, or once a window opens.

        Args:
            showing: the system's version now.

        Raises:
            Conflict: another run began meanwhile.
            InvalidPlan, FactMissing: the plan does not fit this system.
            DigestMismatch: what is here is not the package that the release names.
            NotAllowed: it is to keep to the windows, and fits into none.
        """
        package_sha256 = self._required_package(release)
        steps, rider = self.composed(release, verb)
        package = self.payloads.metadata(release.name)
        last = rider if rider is not None and rider.changes_version else release
        run = Run(
            id=str(uuid4()),
            update=release.name,
            release=release.id,
            purpose=PURPOSES[verb],
            state=RunState.IN_PROGRESS,
            created=self.knowledge.clock.now(),
            requested_by=actor.name,
            from_version=showing,
            to_version=str(last.version),
            plan_sha256=package.plan_sha256,
            package_sha256=package_sha256,
            riders=(Rider(rider.name, rider.id, self._required_package(rider)),) if rider else (),
            windows=windows,
        )
        later = self._later(run, steps)
        self.journal.create(run, steps, expected=stored)
        if later is not None:
            run = self.journal.request(run.id, later)
        self.jobs.submit(DRIVE, run.id)
        return run

    def _later(self, run: Run, steps: tuple[Step, ...]) -> StopRequested | None:
        """What holds the run until its window; None: it may begin now.

        Raises:
            NotAllowed: there is no window for it.
        """
        if run.windows is WindowUse.NONE:
            return None
        tree, now = RunTree(run, steps), run.created
        whole = run.windows is WindowUse.WHOLE
        need = expected_time(tree) if whole else _longest_piece(tree)
        closes = self.hours.open_until(now)
        if closes is not None and now + need <= closes:
            return None
        opens = self.hours.next_opening(closes or now, need)
        if opens is None:
            what = "The run" if whole else "Its longest batch"
            raise NotAllowed(
                f"{what} is expected to take {duration(need.total_seconds())}, and no maintenance window of "
                "the next year is that long",
                hint="Declare longer windows (`pitstop windows set`), or let the run spread over several "
                "(`--in-windows spread`), or begin it now.",
            )
        return StopRequested(now, WINDOW, f"until the window that opens at {instant(opens)}", opens)

    def _rider(self, release: Release) -> Release | None:
        """The hotfix that goes on with it, if its package is here."""
        rider = riding_hotfix(self.knowledge.graph(), release)
        if rider is None:
            return None
        try:
            self.payloads.plan(rider.name)
        except NotFound:
            return None
        return rider

    def _part(self, release: Release) -> Part:
        return Part(
            self.payloads.metadata(release.name), self.payloads.plan(release.name), release.changes_version
        )

    def facing(self) -> SystemDescription:
        """The system that a plan is laid over: with the facts that were recorded beside the declared ones."""
        system = self.knowledge.system
        return replace(system, facts={**system.facts, **self.knowledge.facts().facts})

    def _required_package(self, release: Release) -> str:
        """The digest of the package that is here. Raises DigestMismatch: the release names another."""
        digest = hashlib.sha256(self.payloads.document(release.name, METADATA)).hexdigest()
        if release.package_sha256 not in ("", digest):
            raise DigestMismatch(
                f"{METADATA} of {release.name} that is here is not the one that its release entry names",
                hint="Check the sources again; if it stays, tell the publisher.",
            )
        return digest


def _longest_piece(tree: RunTree) -> timedelta:
    """Of what is begun and ended in one go, the longest."""
    pieces = [step.index for step in tree.steps.values() if step.whole or step.is_leaf]
    return max((expected_time(tree, index) for index in pieces), default=timedelta(0))
