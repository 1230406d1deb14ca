"""One update: what it is, what may be begun, and the page that asks before."""

from __future__ import annotations

import msgspec
import pytest

from pitstop.model.updates import UpdateState, actions_for
from portal.visitor import Visitor, page_of
from simulators.aurora import RISK
from simulators.scenes import FULL_2311, FULL_2402, HOTFIX, RUN_FAILED


def test_all_about_it_is_on_its_page(quiet: Visitor) -> None:
    answer = quiet.get(f"/updates/{HOTFIX}")
    page = page_of(answer)
    for words in ("Hotfix", "2305", "Northstar", "73 MB", "4 to 7 min", "support@northstar.example"):
        assert words in answer.text
    assert "A lamp that was drained twice stays drained." in answer.text
    assert page.texts("h2")[1:] == ["Readiness", "What it asks for", "Release notes", "Its runs"]


@pytest.mark.parametrize("state", list(UpdateState))
def test_buttons_are_the_actions_of_its_state_and_no_others(quiet: Visitor, state: UpdateState) -> None:
    quiet.scene.set_state(HOTFIX, state, last_run="r-1")
    page = quiet.page(f"/updates/{HOTFIX}")
    links = [a for a in page.all("a") if "button" in a.attributes.get("class", "")]
    forms = [f.attributes["action"] for f in page.all("form") if f.attributes["action"] != "/sign-out"]
    offered = [a.attributes["href"] for a in links] + forms
    open_ = [
        "/runs/r-1/resume" if action.verb == "rerun" else f"/updates/{HOTFIX}/{action.verb}"
        for action in actions_for(state)
    ]
    assert offered == open_


def test_the_page_before_says_what_will_happen(quiet: Visitor) -> None:
    answer = quiet.get(f"/updates/{HOTFIX}/apply")
    page = page_of(answer)
    assert page.texts("h1") == ["Update now: Lantern 2305, hotfix 1"]
    for words in ("1.2305.0.10", "1.2305.1.22", "4 to 7 min", "Nodes restart", "73 MB", "4 nodes"):
        assert words in answer.text
    assert page.texts("button") == ["Sign out", "Update now"]
    assert quiet.scene.calls["updates.start"] == 0


def test_the_button_begins_it_and_leads_to_the_run(quiet: Visitor) -> None:
    answer = quiet.post(f"/updates/{HOTFIX}/apply")
    assert answer.status_code == 303
    run_id = next(iter(quiet.scene.reports))
    assert answer.headers["location"] == f"/runs/{run_id}"
    assert quiet.scene.reports[run_id].run.requested_by == "ada"
    assert "▸In progress" in quiet.page(f"/runs/{run_id}").texts("span")


def test_what_only_prepares_says_that_nothing_is_installed(quiet: Visitor) -> None:
    text = quiet.get(f"/updates/{HOTFIX}/prepare").text
    assert "Installed by this" in text
    assert "<strong>Install.</strong>" not in text


def test_what_is_not_open_has_no_button_and_says_why(quiet: Visitor) -> None:
    answer = quiet.get(f"/updates/{FULL_2402}/apply")
    page = page_of(answer, 409)
    assert page.texts("button") == ["Sign out"]
    assert "Update now is not open" in answer.text
    assert "Install Northstar1.2308.0.15, then Northstar1.2311.0.9." in answer.text


def test_a_refusal_is_shown_with_its_findings(quiet: Visitor) -> None:
    answer = quiet.post(f"/updates/{FULL_2402}/apply")
    page_of(answer, 409)
    assert "cannot go on yet" in answer.text
    assert "not-allowed" in answer.text
    assert len(quiet.scene.reports) == 1  # the old one


def test_a_refusal_that_came_between_keeps_the_page(quiet: Visitor) -> None:
    quiet.scene.set_state(HOTFIX, UpdateState.INSTALLING)
    answer = quiet.post(f"/updates/{HOTFIX}/apply")
    page_of(answer, 409)
    assert "invalid-move" in answer.text


def test_resume_is_asked_of_the_run(failed: Visitor) -> None:
    assert failed.get(f"/updates/{HOTFIX}/rerun").headers["location"] == f"/runs/{RUN_FAILED}"
    assert failed.post(f"/updates/{HOTFIX}/rerun").headers["location"] == f"/runs/{RUN_FAILED}"
    assert failed.scene.reports[RUN_FAILED].run.state == "in-progress"


def test_an_update_without_notes_or_figures_still_has_a_page(quiet: Visitor) -> None:
    bare = msgspec.structs.replace(
        quiet.scene.updates[FULL_2402],
        expected=None,
        released="",
        notes_link="",
        requires=(),
        family="",
        support_address="",
        percent=12.5,
    )
    quiet.scene.updates[FULL_2402] = bare
    assert "There are none on this system." in quiet.get(f"/updates/{FULL_2402}").text
    quiet.page(f"/updates/{FULL_2402}")


def test_its_page_says_what_it_asks_for_and_whether_that_is_met(quiet: Visitor) -> None:
    page = quiet.page(f"/updates/{FULL_2311}")
    rows = [" ".join(row.text.split()) for row in page.all("tr")]
    assert "family 2308 ✕Not met Install Northstar1.2308.0.15 first" in rows
    assert any(row.startswith("Every node has at least 12 GiB") and "✓Met" in row for row in rows)
    assert f'href="/path?to={FULL_2311}"' in quiet.get(f"/updates/{FULL_2311}").text
    assert "session-store" in quiet.get(f"/updates/{FULL_2402}").text


def test_a_risk_is_accepted_by_name_with_a_reason_and_taken_back(quiet: Visitor) -> None:
    text = quiet.get(f"/updates/{FULL_2402}").text
    assert "Not known whether affected" in text
    answer = quiet.post(f"/updates/{FULL_2402}/risks/{RISK}/accept", {"reason": "sessions are short"})
    assert answer.headers["location"] == f"/updates/{FULL_2402}?done=risk-accepted"
    text = quiet.get(f"/updates/{FULL_2402}").text
    assert "sessions are short" in text
    assert "Accept the risk" not in text
    answer = quiet.post(f"/updates/{FULL_2402}/risks/{RISK}/revoke")
    assert answer.headers["location"] == f"/updates/{FULL_2402}?done=risk-revoked"
    assert "Accept the risk" in quiet.get(f"/updates/{FULL_2402}").text


def test_a_risk_without_a_reason_is_refused_on_the_page(quiet: Visitor) -> None:
    page = page_of(quiet.post(f"/updates/{FULL_2402}/risks/{RISK}/accept", {"reason": " "}), 400)
    assert page.texts("h1") == ["Lantern 2402"]
    assert (
        "why this system may take the risk"
        in quiet.post(f"/updates/{FULL_2402}/risks/{RISK}/accept", {"reason": ""}).text
    )
    page_of(quiet.post(f"/updates/{FULL_2402}/risks/none/accept", {"reason": "x"}), 404)
    page_of(quiet.post(f"/updates/{FULL_2402}/risks/{RISK}/revoke"), 404)


def test_a_reader_sees_risks_and_takes_none(quiet: Visitor) -> None:
    quiet.sign_in("rea")
    assert "Accept the risk" not in quiet.get(f"/updates/{FULL_2402}").text
    page_of(quiet.post(f"/updates/{FULL_2402}/risks/{RISK}/accept", {"reason": "x"}), 403)
