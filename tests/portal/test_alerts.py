"""The pages of alerts: which are shown, one of them with what to do, closing it, channels, runbooks."""

from __future__ import annotations

import re

import msgspec
import pytest

from pitstop.model.alerts import AlertState
from pitstop.model.findings import Severity
from pitstop.portal.pages.runbooks import runbook
from pitstop.wire.alert_views import ChannelView
from simulators.scenes import ALERT_FAILED, NOW, RUN_FAILED, alert_failed

from .visitor import Visitor, page_of


def test_an_alerts_page_says_what_to_do_in_order_and_where_to_go(failed: Visitor) -> None:
    page = failed.page(f"/alerts/{ALERT_FAILED}")
    assert page.texts("h1") == ["Replace files ended with status 1: no space left on device"]
    text = failed.get(f"/alerts/{ALERT_FAILED}").text
    assert text.index("Free at least 120 MB on n3") < text.index(f"pitstop run resume {RUN_FAILED}")
    assert f'href="/runs/{RUN_FAILED}"' in text
    assert "look at it as soon as possible" in text
    milder = msgspec.structs.replace(failed.scene.alerts[ALERT_FAILED], verdict="needs-attention")
    failed.scene.alerts[ALERT_FAILED] = milder
    text = failed.get(f"/alerts/{ALERT_FAILED}").text
    assert "Needs attention" in text
    assert "it can wait for business hours" in text


def test_it_names_the_known_issue_and_leads_to_where_the_run_tells_of_it(failed: Visitor) -> None:
    text = failed.get(f"/alerts/{ALERT_FAILED}").text
    assert "It is a known issue: " in text
    there, place = re.findall(r'href="(/runs/[^"#]+)#([^"]+)"[^>]*>Known issue: ', text)[0]
    assert f'id="{place}"' in failed.get(there).text


def test_it_is_closed_with_a_reason_that_is_shown(failed: Visitor) -> None:
    answer = failed.post(f"/alerts/{ALERT_FAILED}/close", {"reason": "the new disk comes on Monday"})
    assert answer.headers["location"] == "/alerts?done=closed"
    assert "the new disk comes on Monday" in failed.page("/alerts").texts("td")
    page = failed.page(f"/alerts/{ALERT_FAILED}")
    assert "the new disk comes on Monday" in page.texts("dd")
    assert page.texts("button") == ["Sign out"]


def test_the_page_shows_what_is_asked_for(failed: Visitor) -> None:
    alert = alert_failed()
    failed.scene.alerts["b"] = msgspec.structs.replace(alert, id="b", state=AlertState.CLOSED, closed=NOW)
    failed.scene.alerts["c"] = msgspec.structs.replace(alert, id="c", state=AlertState.HELD)
    shown = {
        path: failed.page(path).texts("h2")
        for path in ("/alerts", "/alerts?show=active", "/alerts?show=closed")
    }
    assert shown == {
        "/alerts": ["Active", "Held back", "Closed"],
        "/alerts?show=active": ["Active", "Held back"],
        "/alerts?show=closed": ["Closed"],
    }
    assert failed.page("/alerts?show=<script>").texts("h2") == shown["/alerts"]


def test_the_worst_comes_first(failed: Visitor) -> None:
    alert = alert_failed()
    mild = msgspec.structs.replace(alert.finding, severity=Severity.INFORMATIONAL, what="Mild.")
    failed.scene.alerts = {"a": msgspec.structs.replace(alert, id="a", finding=mild), "b": alert}
    text = failed.get("/alerts").text
    assert text.index("no space left on device") < text.index("Mild.")


def test_channels_are_shown_and_tried(failed: Visitor) -> None:
    assert "Sent on to" not in failed.get("/alerts").text
    failed.scene.channels["mail"] = ChannelView(
        name="mail",
        says="e-mail to ada",
        at_least=Severity.WARNING,
        failures=3,
        problem="nobody there",
        due=NOW,
        took=None,
    )
    text = failed.get("/alerts").text
    assert "3 times in a row: nobody there" in text
    assert failed.post("/alert-channels/mail/test").headers["location"] == "/alerts?done=channel-took"
    assert failed.scene.calls["channels.test"] == 1
    assert "Works" in failed.get("/alerts").text
    assert "The channel has taken the test message" in failed.get("/alerts?done=channel-took").text
    page_of(failed.post("/alert-channels/none/test"), 404)


def test_a_runbook_can_be_read_here(failed: Visitor) -> None:
    assert 'href="/runbooks/' in failed.get("/alerts").text
    page = failed.page("/runbooks/step-failed")
    assert page.texts("h2") == ["Meaning", "Impact", "Fix"]
    page_of(failed.get("/runbooks/nothing-of-the-kind"), 404)


@pytest.mark.parametrize(
    "code", ["../errors", "..%2ferrors", "step-failed.md", "", "STEP-FAILED", "a" * 3000]
)
def test_a_code_is_no_path(code: str) -> None:
    assert runbook(code) is None
