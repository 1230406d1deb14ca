"""Updates: every release as this system sees it, with all reasons, and the one place where runs begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pitstop.engine.progress import Portion, Progress
from pitstop.model.accounts import Actor, Permission
from pitstop.model.errors import NotAllowed, NotFound
from pitstop.model.releases import Release
from pitstop.model.runs import DRIVEN, Run, WindowUse
from pitstop.model.updates import Action, UpdateState, Verb, actions_for, require_open
from pitstop.package.fileset import NOTES
from pitstop.policy.applicability import Applicability, applicabilities
from pitstop.policy.checklist import Item
from pitstop.policy.durations import Durations
from pitstop.policy.facts import SystemFacts
from pitstop.ports.payloads import PayloadStore
from pitstop.service.audited import Audited
from pitstop.service.beginning import Beginning
from pitstop.service.facts import Knowledge
from pitstop.service.findings import action_view, finding_view
from pitstop.service.policy_paths import duration_view
from pitstop.service.released import released_text
from pitstop.service.reports import portion_view
from pitstop.service.runs import RunsService
from pitstop.service.system import current_versions
from pitstop.wire.views import RunView, UpdateView

_BEGINS_ANEW = frozenset({Verb.APPLY, Verb.PREPARE})


@dataclass(frozen=True, slots=True)
class _Seen:
    """What all views of one answer are made from. ``newest``: the newest run of each update."""

    facts: SystemFacts
    durations: Durations
    newest: Mapping[str, Run]


class KeptLists(Protocol):
    """The checklist before an update, and that a run keeps it."""

    def before(self, update: str) -> Sequence[Item]: ...

    def keep(self, run_id: str, update: str, items: Sequence[Item]) -> None: ...


@dataclass(frozen=True, slots=True)
class UpdatesService:
    """Implements :class:`pitstop.service.desk.UpdatesDesk`."""

    knowledge: Knowledge
    runs: RunsService
    beginning: Beginning
    payloads: PayloadStore
    progress: Progress
    audited: Audited
    checklists: KeptLists

    def list(self, actor: Actor) -> tuple[UpdateView, ...]:
        actor.require(Permission.SEE)
        graph, facts = self.knowledge.graph(), self.knowledge.facts()
        verdicts = applicabilities(graph, facts)
        seen = _Seen(facts, Durations(graph, facts), self._newest_runs())
        return tuple(self._view(verdict, seen) for verdict in reversed(list(verdicts.values())))

    def show(self, actor: Actor, name: str) -> UpdateView:
        actor.require(Permission.SEE)
        facts = self.knowledge.facts()
        durations = Durations(self.knowledge.graph(), facts)
        return self._view(self._verdict(name, facts), _Seen(facts, durations, self._newest_runs()))

    def notes(self, actor: Actor, name: str) -> str:
        actor.require(Permission.SEE)
        self._verdict(name, self.knowledge.facts())
        try:
            return self.payloads.document(name, NOTES).decode("utf-8", "replace")
        except NotFound:
            return ""

    def start(self, actor: Actor, name: str, verb: Verb, windows: WindowUse = WindowUse.NONE) -> RunView:
        if verb is Verb.RESUME:
            return self._resume(actor, name)
        with self.audited.change(actor, Permission.OPERATE, f"start {verb}", name):
            facts = self.knowledge.facts()
            verdict = self._verdict(name, facts)
            _require_may(verdict, verb)
            platform, _ = current_versions(self.knowledge.graph(), facts)
            stored = facts.states.get(name, UpdateState.READY)
            standing = self.checklists.before(name) if verb is Verb.APPLY else ()
            run = self.beginning.begin(
                actor, verdict.release, verb, stored=stored, showing=platform, windows=windows
            )
            if verb is Verb.APPLY:
                self.checklists.keep(run.id, name, standing)
            return self.runs.view(run)

    def _resume(self, actor: Actor, name: str) -> RunView:
        """Resuming an update is resuming its newest run."""
        run = self._newest_runs().get(name)
        if run is None:
            raise NotFound(f"there is no run of {name} to resume", hint="List them with `pitstop run list`.")
        return self.runs.resume(actor, run.id)

    def _verdict(self, name: str, facts: SystemFacts) -> Applicability:
        verdict = applicabilities(self.knowledge.graph(), facts).get(name)
        if verdict is None:
            raise NotFound(f"there is no update {name}", hint="List them with `pitstop update list`.")
        return verdict

    def _newest_runs(self) -> Mapping[str, Run]:
        """The newest run of each update."""
        return {run.update: run for run in reversed(self.runs.runs.runs())}

    def _view(self, verdict: Applicability, seen: _Seen) -> UpdateView:
        release = verdict.release
        run = seen.newest.get(release.name)
        portion = self._portion(run)
        return UpdateView(
            name=release.name,
            title=release.title,
            description=release.description,
            publisher=release.id.publisher,
            product=release.id.product,
            version=str(release.version),
            package_type=release.type,
            family=release.family or ", ".join(release.families),
            state=verdict.state,
            reasons=tuple(finding_view(finding) for finding in verdict.reasons),
            actions=tuple(action_view(action) for action in open_actions(verdict)),
            released=released_text(release.released),
            installed=_installed_at(release, seen.facts),
            size=release.size,
            restarts_nodes=release.restarts_nodes,
            expected=duration_view(seen.durations.of(release)),
            min_version=str(release.required_hotfix or ""),
            min_oem_version=str(release.min_oem_version or ""),
            requires=tuple(item.what for item in verdict.prerequisites),
            notes_link=release.notes_link,
            article_link=release.article_link,
            support_address=release.support_address,
            last_run=run.id if run else None,
            percent=round(portion.percent, 1) if portion else None,
            progress=portion_view(portion),
        )

    def _portion(self, run: Run | None) -> Portion | None:
        """Of the step that reports how far it has come, such as the download; None where none does."""
        if run is None or run.state not in DRIVEN:
            return None
        return self.progress.of_run(run.id)


def open_actions(verdict: Applicability) -> tuple[Action, ...]:
    """What may be asked of an update now: what its state opens, less what its reasons keep off."""
    return tuple(
        action
        for action in actions_for(verdict.state)
        if verdict.installable or action.verb not in _BEGINS_ANEW
    )


def _require_may(verdict: Applicability, verb: Verb) -> None:
    """Raises InvalidMove (the state does not open it) or NotAllowed (reasons keep it off), all named."""
    blocking = verdict.blocking
    if blocking and verb in _BEGINS_ANEW:
        refusal = NotAllowed(f"update {verdict.release.name} is {verdict.state} and cannot go on yet")
        refusal.findings = blocking
        raise refusal
    require_open(verdict.release.name, verdict.state, verb)


def _installed_at(release: Release, facts: SystemFacts) -> datetime | None:
    return next((entry.at for entry in reversed(facts.installed) if entry.release == release.id), None)
