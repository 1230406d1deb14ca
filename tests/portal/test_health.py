"""System health: what is wrong, since when, what to do; running the checks again; skipping with a reason."""

from __future__ import annotations

from pitstop.checks.kind import CheckHabits
from portal.visitor import Visitor, page_of
from simulators.checks import SimulatedChecks
from simulators.scenes import HOTFIX


def test_results_are_grouped_by_check_with_remedy_and_since_when(quiet: Visitor) -> None:
    text = quiet.get("/health").text
    page = quiet.page("/health")
    assert page.texts("h2") == [
        "How the system is",
        "Nodes answer nodes",
        "Clocks agree clock",
        "Room on nodes node-space",
        "No service has failed services",
        "No restart is pending restart",
    ]
    for words in (
        "2 findings keep updates off",
        "12 s behind this machine",
        "have it kept by NTP",
        "2024-05-14 06:30:00 UTC",
        "Skipped by ada: restarts with the update",
        "no systemd runs there",
        "/var/log 22 GB",
    ):
        assert words in text


def test_only_what_is_wrong(quiet: Visitor) -> None:
    page = quiet.page("/health?show=wrong")
    assert [title.rpartition(" ")[2] for title in page.texts("h2")[1:]] == ["clock", "node-space", "restart"]
    quiet.scene.checks.records.kept = {
        key: kept for key, kept in quiet.scene.checks.records.kept.items() if key[0] == "nodes"
    }
    assert "Nothing is wrong." in quiet.get("/health?show=wrong").text
    assert "All is as it should be" in quiet.get("/health").text


def test_a_system_that_was_not_checked_yet(quiet: Visitor) -> None:
    quiet.scene.checks = SimulatedChecks()
    quiet.page("/health")
    assert "Not checked yet" in quiet.get("/health").text
    quiet.page("/health/clock")


def test_the_checks_are_run_again(quiet: Visitor) -> None:
    answer = quiet.post("/health/run")
    assert (answer.status_code, answer.headers["location"]) == (303, "/health?done=checks-run")
    assert "The checks were run." in quiet.get(answer.headers["location"]).text
    assert quiet.scene.checks.records.begun[-1].why == "asked by ada"


def test_a_check_is_skipped_with_a_reason_and_taken_up_again(quiet: Visitor) -> None:
    answer = quiet.post("/health/clock/skip", {"target": "node n3", "reason": "no NTP in the lab"})
    assert answer.headers["location"] == "/health/clock?done=check-skipped"
    text = quiet.get("/health").text
    assert "Skipped by ada: no NTP in the lab" in text
    assert "1 finding keeps updates off" in text, "what is critical is not set aside"
    assert quiet.scene.entries[0].what == "skip check: no NTP in the lab"
    quiet.page("/health/clock")
    quiet.post("/health/clock/unskip", {"target": "node n3"})
    assert "2 findings keep updates off" in quiet.get("/health").text


def test_without_a_reason_nothing_is_skipped(quiet: Visitor) -> None:
    answer = quiet.post("/health/clock/skip", {"target": "", "reason": " "})
    page_of(answer, 400)
    assert "reason must have" in answer.text


def test_a_check_that_is_not_there(quiet: Visitor) -> None:
    page_of(quiet.get("/health/none"), 404)
    page_of(quiet.post("/health/none/skip", {"reason": "why not"}), 404)


def test_a_reader_sees_and_is_offered_nothing(quiet: Visitor) -> None:
    quiet.sign_in("rea")
    for path in ("/health", "/health/clock", "/health/restart"):
        assert quiet.page(path).texts("button") == ["Sign out"]


def test_a_system_where_warnings_are_blockers_says_so(quiet: Visitor) -> None:
    quiet.scene.checks.habits = CheckHabits(strict=True)
    text = quiet.get("/health").text
    assert "warnings keep updates off whatever is skipped" in text
    assert "3 findings keep updates off" in text


def test_the_page_of_an_update_shows_readiness_with_what_to_do(quiet: Visitor) -> None:
    text = quiet.get(f"/updates/{HOTFIX}").text
    assert "Not ready" in text
    assert "2 findings of the checks keep it off." in text
    assert "Free 3.3 GB at least" in text
    assert "Skipped by ada: restarts with the update" in text


def test_after_signing_in_the_way_leads_back_to_the_page(quiet: Visitor) -> None:
    assert quiet.get("/health/run").headers["location"] == "/health"
    assert quiet.get("/health/clock/skip").headers["location"] == "/health/clock"
