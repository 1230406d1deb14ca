"""How values read to people, alike in portal and command line: durations, sizes, instants, states.

Pure: the same value always reads the same, in UTC and in English. Durations are seconds, sizes are bytes
(read in powers of a thousand), percentages are 0 to 100.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from pitstop.wire.views import PortionView, Range, RunReport, RunView, StepView, SystemView

NOTHING: Final = "\N{EN DASH}"
"""What stands where there is no value."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def hardware(system: SystemView) -> str:
    """``Lumen R4``: family and model; the family once where the model says it too."""
    family, model = system.hardware_family, system.hardware_model
    return model if model.startswith(family) else f"{family} {model}".strip()


def duration(seconds: float | None) -> str:
    """``43 s``, ``2 min 5 s``, ``14 h 43 min``, ``3 d 4 h``: the two greatest units; never negative."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1, "s")
    whole = round(whole / _MINUTE) * _MINUTE
    if whole < _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "min")
    whole = round(whole / _HOUR) * _HOUR
    return _two(whole, _DAY, "d", _HOUR, "h")


def _two(whole: int, great: int, great_word: str, small: int, small_word: str) -> str:
    many, rest = divmod(whole, great)
    few = rest // small
    return f"{many} {great_word} {few} {small_word}" if few else f"{many} {great_word}"


_STEPS = ((20, 1), (120, 5), (300, 30), (7_200, 60), (_DAY, 600), (math.inf, _HOUR))
"""Up to so many seconds a range is told in steps of so many."""


_SOON = 300
"""Seconds."""


def duration_range(span: Range | None) -> str:
    """``3 to 5 min``, ``45 s to 2 min 30 s``: without digits that mean nothing; its ends are moved apart to
    whole steps."""
    if span is None:
        return NOTHING
    least, most = both_ends(span)
    if least == most:
        return least
    few, few_unit, *more = least.split()
    many_unit = most.split()[1:]
    return f"{few} to {most}" if not more and [few_unit] == many_unit else f"{least} to {most}"


def both_ends(span: Range) -> tuple[str, str]:
    """``3 min``, ``5 min``: the same where there is a line for each."""
    return duration(_coarse(span.least, math.floor)), duration(_coarse(span.most, math.ceil))


def _coarse(seconds: float, whole: Callable[[float], int]) -> float:
    step = next(step for below, step in _STEPS if seconds <= below)
    return whole(seconds / step) * step


def usually(step: StepView) -> str:
    """``usually 3 to 5 min``; where it was not timed here ``about 4 min by its package``; else empty."""
    if step.usual is not None:
        return f"usually {duration_range(step.usual)}"
    return f"about {duration(step.expected)} by its package" if step.expected else ""


def lateness(step: StepView) -> str:
    """``late: for 12 min now, usually 3 to 5 min, given up at 03:12:09``; empty for one that is not late."""
    if not step.late:
        return ""
    end = f", given up at {clock_time(step.until)}" if step.until else ""
    return f"late: for {duration(step.seconds)} now, {usually(step)}{end}"


def until(run: RunView) -> str:
    """Up to what the time left of this run reaches, where that is not its aim; else empty."""
    return {"stopping": "until it stops", "cancelling": "until it has ended"}.get(run.state, "")


def ending(report: RunReport) -> str:
    """``between 03:05 and 03:20 UTC``: when a run that goes on will have ended, or stands still; empty where
    it cannot be said, or is so near that the time left says it better."""
    left = report.remaining
    if left is None or left.most < _SOON:
        return ""
    now = report.run.started + timedelta(seconds=report.run.seconds)
    first, last = (now + timedelta(seconds=seconds) for seconds in (left.least, left.most))
    same_day = day(last) == day(now)
    begin, end = (f"{at.astimezone(UTC):{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}}" for at in (first, last))
    return f"at {end} UTC" if begin == end else f"between {begin} and {end} UTC"


def size(count: int | None) -> str:
    """``512 B``, ``1.5 MB``, ``18 GB``: three digits at most, in powers of a thousand."""
    if count is None or count < 0:
        return NOTHING
    value, unit = float(count), 0
    while round(value) >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 9.95 else 0
    return f"{value:.{digits}f}".removesuffix(".0") + f" {_UNITS[unit]}"


def rate(per_second: float | None) -> str:
    """``12 MB/s``: a size a second."""
    return NOTHING if per_second is None else f"{size(round(per_second))}/s"


def under_way(portion: PortionView | None) -> str:
    """``1.2 GB of 3.4 GB, 35 %, 12 MB/s, 3 min 4 s left``; empty where nothing is under way."""
    if portion is None:
        return ""
    said = [f"{size(portion.done)} of {size(portion.whole)}", percent(portion.percent)]
    if portion.rate:
        said += [rate(portion.rate), f"{duration(portion.seconds_left)} left"]
    return ", ".join(said)


def capitalised(text: str) -> str:
    """The first letter in upper case, the others as they are."""
    return text[:1].upper() + text[1:]


def instant(at: datetime | None) -> str:
    """``2026-03-14 03:07:09 UTC``."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def clock_time(at: datetime | None) -> str:
    """``03:07:09``: the time of day alone, UTC."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%H:%M:%S}"


def day(at: datetime | date | None) -> str:
    """``2026-03-14``; of an instant, its day in UTC."""
    if at is None:
        return NOTHING
    return f"{at.astimezone(UTC) if isinstance(at, datetime) else at:%Y-%m-%d}"


def machine_instant(at: datetime) -> str:
    """``2026-03-14T03:07:09Z``: for ``<time datetime>`` and sorting."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def percent(value: float) -> str:
    """``43 %``; 100 only when all is done, 0 only when nothing is."""
    bounded = min(100.0, max(0.0, value))
    whole = round(bounded)
    if whole in (0, 100) and bounded not in (0.0, 100.0):
        whole = 1 if whole == 0 else 99
    return f"{whole} %"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 node``, ``4 nodes``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


class Tone(StrEnum):
    """How a state is to be taken; ``open``: something may be begun. Never shown alone: its words and its
    mark stand beside it."""

    CALM = "calm"
    OPEN = "open"
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"


MARKS: Final[dict[Tone, str]] = {
    Tone.CALM: "○",
    Tone.OPEN: "↑",
    Tone.GOOD: "✓",
    Tone.BUSY: "▸",
    Tone.WARN: "!",
    Tone.BAD: "✕",
}
"""A shape for each tone, so that nothing is told by colour alone."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A state as people read it."""

    words: str
    tone: Tone

    @property
    def mark(self) -> str:
        return MARKS[self.tone]


_C, _O, _G, _B, _W, _X = Tone.CALM, Tone.OPEN, Tone.GOOD, Tone.BUSY, Tone.WARN, Tone.BAD
SPOKEN: Final[dict[str, Spoken]] = {
    # of a system
    "Unknown": Spoken("Not known yet", _W),
    "UpdateAvailable": Spoken("Update available", _O),
    "PreparationInProgress": Spoken("Preparation in progress", _B),
    "PreparationFailed": Spoken("Preparation failed", _X),
    "UpdateInProgress": Spoken("Update in progress", _B),
    "UpdateFailed": Spoken("Update failed", _X),
    "NeedsAttention": Spoken("Needs attention", _W),
    "AppliedSuccessfully": Spoken("Up to date", _G),
    "AppliedUpdateAvailableSuccessfully": Spoken("Updated; a further update is available", _G),
    # of an update
    "Ready": Spoken("Ready", _O),
    "Downloading": Spoken("Downloading", _B),
    "DownloadFailed": Spoken("Download failed", _X),
    "Preparing": Spoken("Preparing", _B),
    "HealthChecking": Spoken("Checking health", _B),
    "HealthCheckFailed": Spoken("Health check failed", _X),
    "ReadyToInstall": Spoken("Ready to install", _O),
    "Installing": Spoken("Installing", _B),
    "InstallationFailed": Spoken("Installation failed", _X),
    "Installed": Spoken("Installed", _G),
    "HasPrerequisite": Spoken("Needs something first", _W),
    "Invalid": Spoken("Not for this system", _C),
    "Recalled": Spoken("Withdrawn by its publisher", _W),
    "Obsolete": Spoken("Superseded", _C),
    "NotApplicableBecauseAnotherUpdateIsInProgress": Spoken("Another update is in progress", _W),
    "AdditionalContentRequired": Spoken("Needs content that you bring", _W),
    "HealthCheckExpired": Spoken("Health check is too old", _W),
    # of a run and its steps
    "pending": Spoken("Pending", _C),
    "in-progress": Spoken("In progress", _B),
    "waiting": Spoken("Waiting", _W),
    "succeeded": Spoken("Succeeded", _G),
    "failed": Spoken("Failed", _X),
    "stopping": Spoken("Stopping", _B),
    "stopped": Spoken("Stopped", _W),
    "undoing": Spoken("Undoing", _B),
    "undo-failed": Spoken("Undoing failed", _X),
    "mending": Spoken("Mending", _B),
    "cancelling": Spoken("Cancelling", _B),
    "cancelled": Spoken("Cancelled", _W),
    "aborted": Spoken("Aborted, all is as before", _W),
    # of an import
    "receiving": Spoken("Receiving", _B),
    "importing": Spoken("Importing", _B),
    # of a log bundle, and of what is in it
    "collecting": Spoken("Collecting", _B),
    "ready": Spoken("Ready", _G),
    "collected": Spoken("Collected", _G),
    "cut": Spoken("Cut", _W),
    "left-out": Spoken("Left out", _C),
    # of an item of a checklist
    "done": Spoken("Done", _G),
    "todo": Spoken("To see to", _W),
    # of a support case, and of its file
    "case-open": Spoken("Open, their turn", _B),
    "case-answered": Spoken("Answered, our turn", _W),
    "case-closed": Spoken("Closed", _C),
    "making": Spoken("Being made", _B),
    # of support
    "supported": Spoken("Supported", _G),
    "out-of-compliance": Spoken("Out of support", _X),
    "unknown": Spoken("Not known", _W),
    # of a check
    "pass": Spoken("Passed", _G),
    "warning": Spoken("Warning", _W),
    "fail": Spoken("Failed", _X),
    # of a finding
    "Critical": Spoken("Critical", _X),
    "Warning": Spoken("Warning", _W),
    "Informational": Spoken("For information", _C),
    # of an alert
    "needs-attention": Spoken("Needs attention", _W),
    "active": Spoken("Active", _W),
    "held": Spoken("Held back while an update goes on", _C),
    "closed": Spoken("Closed", _C),
    # phases and purposes of runs
    "download": Spoken("Download", _B),
    "prepare": Spoken("Prepare", _B),
    "health-check": Spoken("Health check", _B),
    "install": Spoken("Install", _B),
    "apply": Spoken("Update", _B),
}
"""The words of every state, purpose and phase that read models name."""


STAGE_WORDS: Final[dict[str, str]] = {
    "before": "Before the update",
    "during": "During the update",
    "after": "After the update",
}
"""Of a checklist, in order."""

STANDING_WORDS: Final[dict[str, str]] = {
    "newer": "newer than what was known",
    "same": "nothing new",
    "older": "older than what is known: its payloads were taken, nothing else",
}
"""What a publisher's part of an import was, beside what was known of the publisher."""


def spoken(state: str) -> Spoken:
    """A name of a state in words. One that is not known here is taken apart: ``NewState`` reads New state."""
    return SPOKEN.get(state) or Spoken(_apart(state), Tone.CALM)


def _apart(state: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", state).replace("-", " ").lower()
    return words[:1].upper() + words[1:] or NOTHING
