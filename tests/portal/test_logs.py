"""The pages of logs: collecting, what came of it, and the file."""

from __future__ import annotations

import msgspec
import pytest

from pitstop.model.accounts import Role
from portal.visitor import Visitor, page_of
from simulators.logs import FILE, FOR_RUN, READY

BUNDLE = f"/logs/{READY}"


def test_the_page_lists_what_was_collected_and_offers_to_collect(quiet: Visitor) -> None:
    page = quiet.page("/logs")
    assert [link.attributes["href"] for link in page.all("a") if "/logs/" in link.attributes["href"]] == [
        f"/logs/{FOR_RUN}",
        BUNDLE,
    ]
    options = [option.attributes["value"] for option in page.all("option")]
    assert options == ["", "role host", "role storage", "node n1", "node n2"]


def test_logs_are_collected_and_their_page_is_shown(quiet: Visitor) -> None:
    answer = quiet.post("/logs", {"hours": "0.5", "place": "node n2", "pseudonyms": "yes"})
    assert answer.status_code == 303
    made = list(quiet.scene.logs.bundles.values())[-1]
    assert answer.headers["location"] == f"/logs/{made.id}?done=collecting"
    assert (made.nodes, (made.until - made.since).total_seconds()) == (("n2",), 1_800)
    quiet.page(answer.headers["location"])


@pytest.mark.parametrize(
    ("form", "says"), [({"hours": "soon"}, "no number of hours"), ({"place": "node n9"}, "no node n9")]
)
def test_what_is_refused_keeps_the_form(quiet: Visitor, form: dict[str, str], says: str) -> None:
    answer = quiet.post("/logs", {"hours": "2", "place": "", **form})
    page = page_of(answer, 400)
    assert says in answer.text
    fields = {field.attributes["id"]: field.attributes for field in page.all("input")}
    assert fields["hours"]["value"] == form.get("hours", "2")


def test_a_bundle_says_first_what_could_not_be_had(quiet: Visitor) -> None:
    text = quiet.get(BUNDLE).text
    assert text.index("Could not be collected") < text.index("What is in the file")
    assert "everything: node n2 at 10.0.0.12:22 cannot be reached: timed out" in text
    assert "Collected</span>: 0 lines" in text


def test_the_file_is_downloaded_whole_and_from_where_it_broke(quiet: Visitor) -> None:
    whole = quiet.get(f"{BUNDLE}/file")
    assert (whole.status_code, whole.content) == (200, FILE)
    assert whole.headers["content-security-policy"]
    part = quiet.get(f"{BUNDLE}/file", headers={"Range": "bytes=4-"})
    assert (part.status_code, part.content) == (206, FILE[4:])


@pytest.mark.parametrize("state", ["waiting", "collecting"])
def test_one_that_is_under_way_looks_again_and_can_be_cancelled(quiet: Visitor, state: str) -> None:
    bundles = quiet.scene.logs.bundles
    bundles[READY] = msgspec.structs.replace(
        bundles[READY], state=state, size=0, parts=6, parts_done=2, collected=(), removed={}
    )
    page = quiet.page(BUNDLE)
    (part,) = (element for element in page.all("div") if element.attributes.get("id") == "bundle")
    assert part.attributes["data-hx-get"] == BUNDLE
    assert "2 of 6 places read." in quiet.get(BUNDLE).text
    assert quiet.post(f"{BUNDLE}/cancel").headers["location"] == f"{BUNDLE}?done=cancelled"
    assert bundles[READY].state == "cancelled"
    after = quiet.page(BUNDLE)
    (part,) = (element for element in after.all("div") if element.attributes.get("id") == "bundle")
    assert "data-hx-get" not in part.attributes


def test_it_is_pinned_unpinned_sent_and_removed(quiet: Visitor) -> None:
    for verb, done in (("pin", "pinned"), ("unpin", "unpinned")):
        assert quiet.post(f"{BUNDLE}/{verb}").headers["location"] == f"{BUNDLE}?done={done}"
    assert quiet.post(f"{BUNDLE}/send", {"target": "vendor"}).headers["location"] == f"{BUNDLE}?done=sending"
    assert "sftp://logs@files.example:22/incoming/pitstop-logs" in quiet.get(BUNDLE).text
    assert quiet.post(f"{BUNDLE}/remove").headers["location"] == "/logs?done=logs-removed"
    quiet.page(BUNDLE, status=404)


@pytest.mark.parametrize("verb", ["cancel", "pin", "unpin", "send", "remove"])
def test_after_a_sign_in_in_between_the_way_leads_back_to_the_bundle(quiet: Visitor, verb: str) -> None:
    assert quiet.get(f"{BUNDLE}/{verb}").headers["location"] == BUNDLE


def test_a_reader_is_refused_and_support_is_offered_all_but_removal(quiet: Visitor) -> None:
    quiet.sign_in("rea")
    page_of(quiet.get("/logs"), 403)
    quiet.scene.accounts["sue"] = Role.SUPPORT
    quiet.sign_in("sue")
    forms = {form.attributes["action"] for form in quiet.page(BUNDLE).all("form")}
    assert forms == {"/sign-out", f"{BUNDLE}/pin", f"{BUNDLE}/send"}
