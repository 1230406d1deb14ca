"""The page of a bundle: opens without a connection, says everything, and runs nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

from pitstop.diagnostics.index_page import index_page
from pitstop.model.logs import Bundle, BundleState, Collected, Outcome, Wanted, Why
from portal.markup import read

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BAD = "<script>alert(1)</script> & \"x\" 'y'"
THINGS = [
    Collected("service", "service.log", Outcome.COLLECTED, "service/service.log", 12, 900),
    Collected("node n1", "journal", Outcome.COLLECTED),
    Collected("node n1", "/var/log/a b.log", Outcome.CUT, "nodes/n1/files/a b.log", 3, 40, "the newest 40 B"),
    Collected("node n2", BAD, Outcome.FAILED, note=f"it said {BAD}"),
    Collected("node n2", "/var/log/wtmp", Outcome.LEFT_OUT, note="no text"),
]


def page(things: list[Collected] = THINGS, removed: dict[str, int] | None = None) -> str:
    bundle = Bundle("b-1", "ada", Why.ASKED, Wanted(NOW, NOW, run="r-1"), BundleState.READY, NOW)
    return index_page(bundle, "ada", things, removed if removed is not None else {"header": 2, "setting": 1})


def test_it_is_right_and_needs_nothing_from_elsewhere() -> None:
    text = page()
    read_page = read(text)
    assert [fault for fault in read_page.faults if "inline <style>" not in fault] == []
    assert not re.search(r"(?i)<(script|link|img|iframe|object)\b|\bon\w+=|url\(|@import|https?:", text)
    assert '<html lang="en">' in text
    assert all(head.attributes.get("scope") in ("row", "col") for head in read_page.all("th"))


def test_what_came_from_nodes_is_text_and_nothing_else() -> None:
    assert "<script" not in page()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page()


def test_failures_stand_first_and_every_outcome_is_said() -> None:
    text = page()
    assert text.index("What could not be collected") < text.index("What was collected")
    for said in ("✓ collected: 0 lines", "! cut: the newest", "✕ failed: it said", "○ left out: no text"):
        assert said in text
    assert "Nothing: all of it could be had." in page(THINGS[:2])
    assert "Nothing that looks like a secret was found." in page(removed={})


def test_links_lead_to_the_members() -> None:
    links = {unquote(link.attributes["href"]) for link in read(page()).all("a")}
    assert links == {thing.member for thing in THINGS if thing.member}
