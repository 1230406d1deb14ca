"""How the policy's values read to people, alike in portal and command line. Pure, in English.

What is not known for certain says so: a range reads as a range, an estimate as an estimate.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pitstop.wire.formats import NOTHING, count, duration_range
from pitstop.wire.policy_views import ContractView, DaysView, ForecastView, PathView, SupportReport

OBJECTIVE_WORDS: Final = {
    "least-time": "the least time",
    "fewest-restarts": "the fewest restarts",
    "fewest-windows": "the fewest windows",
}
STANDING_WORDS: Final = {
    "affected": "Affected",
    "not-affected": "Not affected",
    "unknown": "Not known",
    "accepted": "Accepted",
}
MET_WORDS: Final[dict[bool | None, str]] = {True: "met", False: "not met", None: "not known"}
_ENTITLED: Final[dict[bool | None, str]] = {
    True: "a hardware contract covers the day",
    False: "no hardware contract covers the day",
    None: "whether there is a hardware contract is not recorded",
}
_ONE_DAY = timedelta(days=1)


def day_text(day: date | None) -> str:
    """``2020-08-11``."""
    return NOTHING if day is None else day.isoformat()


def days_text(days: DaysView | None) -> str:
    """``2020-08-11``; ``2020-08 (estimated)`` for some day of a month; ``2020-08-03 to 2020-09-12
    (estimated)``; ``after``, ``before`` or ``not known`` where there is less to say."""
    if days is None:
        return NOTHING
    first, last = days.earliest, days.latest
    if first is None or last is None:
        if first is None and last is None:
            return "not known"
        return f"on or after {first}" if last is None else f"on or before {last}"
    if days.exact:
        return first.isoformat()
    if _is_month(first, last):
        return f"{first:%Y-%m} (estimated)"
    return f"{first} to {last} (estimated)"


def _is_month(first: date, last: date) -> bool:
    whole = first.replace(day=monthrange(first.year, first.month)[1])
    return first.day == 1 and last == whole


def ends_text(ahead: ForecastView | None) -> str:
    """When support ends if nothing is installed, by its last day."""
    if ahead is None:
        return "cannot be said"
    first, last = (None if day is None else day - _ONE_DAY for day in (ahead.earliest, ahead.latest))
    if ahead.certain:
        return f"supported until {day_text(first)}"
    if first is None or last is None:
        return f"supported until {day_text(first or last)}, or {'sooner' if first is None else 'later'}"
    if first == last:
        return f"supported until about {first} (forecast)"
    return f"supported until some day from {first} to {last} (forecast)"


def support_headline(report: SupportReport, words: str) -> str:
    """``Supported on 2024-05-14: N-2``; ``words`` are those of the status."""
    forecast = " (forecast)" if report.about == "forecast" else ""
    return f"{words} on {report.at}{forecast}: {report.position}"


def known_text(known_on: date | None) -> str:
    return f"as known on {known_on}" if known_on else "nothing is known of the platform's releases"


def entitled_text(entitled: bool | None) -> str:
    return _ENTITLED[entitled]


def contract_text(contract: ContractView) -> str:
    if contract.valid is None:
        return "Nothing is recorded."
    if not contract.valid:
        return "There is no hardware support contract."
    until = f" until {contract.last_day}, that day included" if contract.last_day else ", without an end"
    return f"There is a hardware support contract{until}."


def path_headline(path: PathView) -> str:
    """``4 updates from 1.2305.0.10 to 1.2402.0.8``, or that there is nothing to do, or no way."""
    if not path.steps:
        return "Nothing to do: the target is reached." if path.reached else "There is no way to the target."
    far = "" if path.reached else ", as far as there is a way"
    steps = count(len(path.steps), "update")
    return f"{steps} from {path.from_version} to {path.to_version}{far}"


def total_text(path: PathView) -> str:
    """How long all of it takes; says what it leaves out."""
    if path.total is None:
        return "nobody has said how long any of it takes"
    more = f", and {count(len(path.unknown), 'update')} of which nobody has said" if path.unknown else ""
    return f"{duration_range(path.total)}{more}"


def local_text(at: datetime | None, zone: str) -> str:
    """``Sat 2026-03-14 22:00 CET``: in the zone of a maintenance window."""
    if at is None:
        return NOTHING
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"
