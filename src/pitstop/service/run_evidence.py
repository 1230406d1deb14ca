"""What the journal has about runs, as texts for a log bundle: the tree, the events, the outputs of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from pitstop.model.logs import Wanted
from pitstop.model.run_tree import RunTree
from pitstop.ports.clock import Clock
from pitstop.ports.journal import Journal
from pitstop.ports.records import Runs
from pitstop.wire.formats import machine_instant


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """Implements :class:`pitstop.diagnostics.own_logs.Evidence`."""

    journal: Journal
    records: Runs
    clock: Clock

    def runs(self, wanted: Wanted) -> Sequence[str]:
        """The run that is asked for, and those that were under way in the span."""
        now = self.clock.now()
        within = [
            run.id
            for run in self.records.runs()
            if run.created <= wanted.until and (run.ended or now) >= wanted.since and run.id != wanted.run
        ]
        return [*([wanted.run] if wanted.run else []), *within]

    def of(self, run_id: str) -> Iterator[tuple[str, str]]:
        tree = self.journal.load(run_id)
        yield "run.json", _as_stored(tree)
        yield "events.txt", self._events(run_id)
        for leaf in tree.leaves():
            if leaf.output:
                where = f"-{leaf.node}" if leaf.node else ""
                yield f"output-{leaf.index}{where}.txt", leaf.output

    def _events(self, run_id: str) -> str:
        lines = [
            f"{machine_instant(event.at)} {event.sequence} epoch {event.epoch} {event.kind} "
            f"{event.index or '-'} {event.text}"
            for event in self.journal.history(run_id)
        ]
        return "\n".join([*lines, ""])


def _as_stored(tree: RunTree) -> str:
    """The tree as the journal has it, without the outputs, which are texts of their own."""
    steps = [replace(step, output="") for step in tree.steps.values()]
    stored = msgspec.json.encode({"run": tree.run, "steps": steps})
    return msgspec.json.format(stored, indent=2).decode()
