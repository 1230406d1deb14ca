"""The alert that a run in progress does not get on: its journal cannot be written, or the engine breaks.

What a step fails with is the run's own end, and its own alert. This is about what keeps the run from coming
to any end.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from pitstop.model.errors import PitstopError
from pitstop.model.findings import Finding, Severity
from pitstop.ports.clock import Clock
from pitstop.ports.records import Alerts

CODE = "run-not-driven"
_UNKNOWN = "See the service's log for what it broke with, and open a support case with it."


@dataclass(frozen=True, slots=True)
class NotDriven:
    """Raises the alert, and closes it once the run has come to an end."""

    alerts: Alerts
    clock: Clock

    def tell(self, run_id: str, error: Exception | None) -> None:
        """``error``: what the driving of the run broke with, again; None: it has ended. Blocks."""
        now, subject = self.clock.now(), f"run {run_id}"
        if error is None:
            self.alerts.close_alerts(CODE, subject, "pitstop", now)
        else:
            self.alerts.raise_alert(_finding(subject, _first(error)), now)


def _finding(subject: str, error: Exception) -> Finding:
    is_known = isinstance(error, PitstopError)
    return Finding(
        CODE,
        Severity.CRITICAL,
        subject,
        f"The run breaks again and again, outside its steps: {type(error).__name__}: {error}",
        error.hint if isinstance(error, PitstopError) else _UNKNOWN,
        impact="The run is in progress and does not get on; nodes stay as they are. It is tried again every "
        "minute.",
        detail="" if is_known else "".join(traceback.format_exception(error)),
    )


def _first(error: Exception) -> Exception:
    """The first single error in what was broken with side by side."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
