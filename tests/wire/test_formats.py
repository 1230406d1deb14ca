"""How values read."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from pitstop.model.findings import Severity
from pitstop.model.runs import Phase, RunPurpose, RunState, StepStatus
from pitstop.model.system import SystemState
from pitstop.model.updates import UpdateState
from pitstop.wire import formats
from pitstop.wire.formats import MARKS, NOTHING, Tone
from pitstop.wire.views import Range, leaves
from simulators import scenes

AT = datetime(2026, 3, 14, 3, 7, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "reads"),
    [
        (None, NOTHING),
        (math.inf, NOTHING),
        (-3, "0 s"),
        (0, "0 s"),
        (0.4, "0 s"),
        (43, "43 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3_599.7, "1 h"),
        (52_980, "14 h 43 min"),
        (52_999, "14 h 43 min"),
        (86_399, "1 d"),
        (273_600, "3 d 4 h"),
        (259_200, "3 d"),
    ],
)
def test_a_duration_reads_in_its_two_greatest_units(seconds: float | None, reads: str) -> None:
    assert formats.duration(seconds) == reads


@pytest.mark.parametrize(
    ("span", "reads"),
    [
        (None, NOTHING),
        (Range(least=0.2, most=0.4), "0 to 1 s"),
        (Range(least=8.1, most=13.9), "8 to 14 s"),
        (Range(least=36, most=63), "35 s to 1 min 5 s"),
        (Range(least=181, most=299), "3 to 5 min"),
        (Range(least=152, most=583), "2 min 30 s to 10 min"),
        (Range(least=3_000, most=9_000), "50 min to 2 h 30 min"),
        (Range(least=7_300, most=10_700), "2 to 3 h"),
        (Range(least=90_000, most=200_000), "1 d 1 h to 2 d 8 h"),
        (Range(least=60, most=60), "1 min"),
        (Range(least=600, most=1_500), "10 to 25 min"),
    ],
)
def test_a_range_is_told_without_digits_that_mean_nothing(span: Range | None, reads: str) -> None:
    assert formats.duration_range(span) == reads


@pytest.mark.parametrize(
    ("left", "reads"),
    [
        (None, ""),
        (Range(least=100, most=200), ""),
        (Range(least=150, most=600), "between 09:32 and 09:40 UTC"),
        (Range(least=610, most=615), "at 09:40 UTC"),
        (Range(least=3_600, most=86_400), "between 2024-05-14 10:30 and 2024-05-15 09:30 UTC"),
    ],
)
def test_a_run_that_takes_long_says_when_it_ends(left: Range | None, reads: str) -> None:
    assert formats.ending(msgspec.structs.replace(scenes.report_now(), remaining=left)) == reads


@pytest.mark.parametrize(
    ("state", "reads"),
    [("stopping", "until it stops"), ("cancelling", "until it has ended"), ("in-progress", "")],
)
def test_the_time_left_of_a_run_that_is_asked_to_end_says_until_when_it_is(state: str, reads: str) -> None:
    report = scenes.report_now()
    assert formats.until(msgspec.structs.replace(report.run, state=state)) == reads


def test_a_late_step_says_since_when_how_long_usually_and_when_it_is_given_up() -> None:
    (late,) = [step for step in leaves(scenes.report_late().steps) if step.late]
    said = "late: for 3 min 13 s now, usually 35 s to 1 min 5 s, given up at 09:36:47"
    assert formats.lateness(late) == said
    by_package = msgspec.structs.replace(late, usual=None, until=None)
    assert formats.lateness(by_package) == "late: for 3 min 13 s now, about 45 s by its package"
    assert formats.lateness(msgspec.structs.replace(late, late=False)) == ""


@pytest.mark.parametrize(
    ("count", "reads"),
    [
        (None, NOTHING),
        (-1, NOTHING),
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (1_500_000, "1.5 MB"),
        (9_960_000, "10 MB"),
        (73_400_321, "73 MB"),
        (999_600, "1 MB"),
        (18_300_000_000, "18 GB"),
        (5_000_000_000_000_000_000, "5000 PB"),
    ],
)
def test_a_size_reads_in_powers_of_a_thousand(count: int | None, reads: str) -> None:
    assert formats.size(count) == reads


@pytest.mark.parametrize(
    ("value", "reads"),
    [(0, "0 %"), (0.2, "1 %"), (43.4, "43 %"), (99.7, "99 %"), (100, "100 %"), (104, "100 %"), (-1, "0 %")],
)
def test_a_percentage_is_whole_only_when_all_is_done(value: float, reads: str) -> None:
    assert formats.percent(value) == reads


def test_instants_read_in_utc_whatever_their_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert formats.instant(elsewhere) == "2026-03-14 03:07:09 UTC"
    assert formats.machine_instant(elsewhere) == "2026-03-14T03:07:09Z"
    assert formats.clock_time(elsewhere) == "03:07:09"
    assert formats.day(elsewhere) == "2026-03-14"
    assert formats.instant(None) == formats.day(None) == formats.clock_time(None) == NOTHING


def test_a_count_goes_with_its_word() -> None:
    assert [formats.count(n, "node") for n in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]
    assert formats.count(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    "state",
    [*SystemState, *UpdateState, *RunState, *StepStatus, *Severity, *Phase, *RunPurpose],
)
def test_every_state_of_the_model_has_words_of_its_own(state: str) -> None:
    assert state in formats.SPOKEN


def test_a_state_that_is_not_known_here_is_still_readable() -> None:
    assert formats.spoken("SomethingNewHappens").words == "Something new happens"
    assert formats.spoken("half-done").words == "Half done"
    assert formats.spoken("").words == NOTHING


def test_every_tone_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(Tone)
    assert len(set(MARKS.values())) == len(Tone)


@pytest.mark.parametrize(
    ("family", "model", "said"),
    [
        ("Lumen", "R4", "Lumen R4"),
        ("Lumen", "Lumen R4", "Lumen R4"),
        ("", "R4", "R4"),
        ("Lumen", "", "Lumen"),
    ],
)
def test_hardware_is_said_with_its_family_once(family: str, model: str, said: str) -> None:
    system = msgspec.structs.replace(scenes.quiet_system(), hardware_family=family, hardware_model=model)
    assert formats.hardware(system) == said
