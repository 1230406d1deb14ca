"""Before a machine drives a run: it has the package's content, or a source to bring it from.

Where several machines work, each brings content for itself. One that cannot, for the package came on a medium
to another machine, leaves the run to that one.
"""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.errors import NotFound
from pitstop.model.runs import RunState
from pitstop.ports.payloads import PayloadStore
from pitstop.ports.records import Runs
from pitstop.service.sources import SourcesService


@dataclass(frozen=True, slots=True)
class Supply:
    """Says whether this machine can drive a run."""

    runs: Runs
    payloads: PayloadStore
    sources: SourcesService

    def require(self, run_id: str) -> None:
        """Blocks.

        Raises:
            NotFound: the run's content is not here, and nothing to bring it from.
        """
        run = self.runs.run(run_id)
        if run.state is not RunState.IN_PROGRESS or self.sources.is_connected(run.update):
            return
        try:
            missing = len(self.payloads.missing_content(run.update))
        except NotFound:  # no machine has its documents: the run itself says what it lacks
            return
        if missing:
            raise NotFound(
                f"{missing} files of {run.update} are not on this machine, and its source is not connected",
                hint="Start Pitstop on the machine where the package was imported, or import it on this "
                "machine too.",
            )
