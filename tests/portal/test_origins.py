"""What another site's page sends changes nothing."""

from __future__ import annotations

import pytest

from pitstop.portal.origins import is_from_here
from portal.visitor import Visitor, page_of
from simulators.scenes import HOTFIX

HERE = "portal.example:8470"


@pytest.mark.parametrize(
    ("headers", "is_here"),
    [
        ({"origin": f"http://{HERE}"}, True),
        ({"origin": f"https://{HERE}"}, True),  # TLS may end before this process
        ({"origin": f"http://{HERE}", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://portal.example"}, False),
        ({"origin": f"http://{HERE}.evil.example"}, False),
        ({"origin": f"http://{HERE}", "sec-fetch-site": "cross-site"}, False),
        ({"origin": f"http://{HERE}", "sec-fetch-site": "same-site"}, False),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
    ],
)
def test_only_a_page_of_this_host_is_from_here(headers: dict[str, str], is_here: bool) -> None:
    assert is_from_here({"host": HERE, **headers}) is is_here


def test_without_a_host_nothing_is_from_here() -> None:
    assert not is_from_here({"origin": "http://"})


@pytest.mark.parametrize(
    "path",
    [
        "/check",
        f"/updates/{HOTFIX}/apply",
        "/runs/r/resume",
        "/alerts/a/close",
        "/account",
        "/sign-in",
        "/sign-out",
    ],
)
def test_a_form_of_another_site_is_refused_before_anything_is_asked(quiet: Visitor, path: str) -> None:
    before = dict(quiet.scene.tokens)
    answer = quiet.client.post(path, headers={"Origin": "https://evil.example"}, follow_redirects=False)
    page_of(answer, 403)
    assert "not sent from a page of this portal" in answer.text
    changes = {"sources.check", "updates.start", "runs.resume", "alerts.close", "accounts.sign_in"}
    assert changes.isdisjoint(quiet.scene.calls)
    assert quiet.scene.tokens == before


def test_pages_may_be_asked_for_from_anywhere(quiet: Visitor) -> None:
    answer = quiet.get("/runs", headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
    page_of(answer)
