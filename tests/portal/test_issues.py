"""Known issues in the portal: next to the step that failed, as pages, and consent to their mends."""

from __future__ import annotations

from portal.visitor import Visitor, page_of
from simulators.scenes import RUN_FAILED

ISSUE = "/issues/northstar/busy-drain"
MEND = f"/runs/{RUN_FAILED}/mend/northstar/busy-drain"


def test_a_failed_run_shows_what_it_may_be_with_the_evidence_and_the_mend(failed: Visitor) -> None:
    answer = failed.get(f"/runs/{RUN_FAILED}")
    head = answer.text[: answer.text.index("Steps</h2>")]
    for words in ("Known issue", "A node is not given up", "Evidence: error", "not done within its deadline"):
        assert words in head
    assert "A workload may <strong>not</strong> leave the node." in head
    assert f'href="{MEND}"' in head
    assert "Mend it" in page_of(answer).texts("a")


def test_a_mend_is_asked_about_and_then_done(failed: Visitor) -> None:
    question = failed.get(MEND)
    for words in ("What will happen", "Ends the workload", "End the rebuild", "Nothing is rebuilt", "n3"):
        assert words in question.text
    assert failed.post(MEND).headers["location"] == f"/runs/{RUN_FAILED}?done=asked"
    assert failed.scene.reports[RUN_FAILED].run.state == "mending"
    assert "This mend is not offered" not in question.text
    again = failed.get("/runs/" + RUN_FAILED + "/mend/northstar/full-disk")
    assert "This mend is not offered for the run now." in again.text


def test_issues_are_listed_and_shown_and_agreed_to(failed: Visitor) -> None:
    assert "A node is not given up" in failed.get("/issues").text
    page = failed.get(ISSUE)
    assert "Mend it whenever it is met, without asking" in page.text
    failed.post(f"{ISSUE}/consent", {"given": "yes"})
    assert "ada has agreed to it" in failed.get(ISSUE).text
    failed.post(f"{ISSUE}/consent", {})
    assert "has agreed" not in failed.get(ISSUE).text


def test_who_only_sees_is_offered_no_mend(failed: Visitor) -> None:
    failed.sign_in("rea")
    assert "Mend it" not in failed.get(f"/runs/{RUN_FAILED}").text
    assert "Your role sees" in failed.get(MEND).text
    assert "whenever it is met, without asking" not in failed.get(ISSUE).text
