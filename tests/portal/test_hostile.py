"""What nodes, publishers and people wrote is shown as text, and leads nowhere it should not."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from pitstop.portal.notes import notes_html
from portal.test_runs import with_output
from portal.visitor import Visitor
from simulators.scenes import ALERT_FAILED, HOTFIX, NOW, RUN_FAILED

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_names_and_outputs_are_escaped_wherever_they_are_shown(failed: Visitor) -> None:
    scene = failed.scene
    update = scene.updates[HOTFIX]
    finding = msgspec.structs.replace(update.reasons[0], what=EVIL, remedy=EVIL, detail=EVIL, subject=EVIL)
    scene.updates[HOTFIX] = msgspec.structs.replace(
        update, title=EVIL, description=EVIL, publisher=EVIL, reasons=(finding, finding), requires=(EVIL,)
    )
    report = with_output(scene.reports[RUN_FAILED], EVIL)
    run = msgspec.structs.replace(report.run, title=EVIL, requested_by=EVIL, finding=finding)
    steps = (msgspec.structs.replace(report.steps[0], name=EVIL, description=EVIL), *report.steps[1:])
    scene.change_run(msgspec.structs.replace(report, run=run, steps=steps, now=(EVIL,)))
    scene.alerts[ALERT_FAILED] = msgspec.structs.replace(scene.alerts[ALERT_FAILED], finding=finding)
    scene.system = msgspec.structs.replace(scene.system, name=EVIL, findings=(finding,))
    declared = scene.nodes.declared.declared
    evil = replace(declared["n4"].node, address=EVIL, roles=(EVIL,), fault_domain=EVIL, user=EVIL, root=EVIL)
    declared["n4"] = replace(declared["n4"], node=evil, by=EVIL)
    scene.nodes.declared.saw("n4", {EVIL: EVIL}, NOW)
    paths = ["/", f"/updates/{HOTFIX}", f"/updates/{HOTFIX}/apply", f"/runs/{RUN_FAILED}", "/runs", "/alerts"]
    for path in [*paths, "/nodes", "/nodes/n4", f"/runs/{RUN_FAILED}/steps/1.1"]:
        text = failed.get(path).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text, path
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        failed.page(path, status=409 if path.endswith("/apply") else 200)


def test_a_link_of_a_publisher_is_a_link_only_to_the_web(quiet: Visitor) -> None:
    quiet.scene.updates[HOTFIX] = msgspec.structs.replace(
        quiet.scene.updates[HOTFIX], notes_link="javascript:alert(1)", article_link="https://kb.example/1"
    )
    links = [a.attributes["href"] for a in quiet.page(f"/updates/{HOTFIX}").all("a")]
    assert "https://kb.example/1" in links
    assert not [link for link in links if link.startswith("javascript:")]


def test_a_name_in_an_address_stays_one_segment(quiet: Visitor) -> None:
    name = "a b?c#d%e"
    quiet.scene.updates = {name: msgspec.structs.replace(quiet.scene.updates[HOTFIX], name=name)}
    page = quiet.page("/updates/a%20b%3Fc%23d%25e")
    actions = [a.attributes["href"] for a in page.all("a") if "button" in a.attributes.get("class", "")]
    assert actions[0] == "/updates/a%20b%3Fc%23d%25e/apply"
    quiet.page(actions[0])


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("a <b onmouseover=x()>b</b>", "&lt;b onmouseover=x()&gt;"),
        ("[a](javascript:alert)", "<p>[a](javascript:alert)</p>"),
        ("[a](https://x.example)", '<a href="https://x.example" rel="noreferrer noopener">a</a>'),
        ("![a picture](https://x.example/p.png)", '!<a href="https://x.example/p.png"'),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<td>1</td>"),
    ],
)
def test_notes_do_no_harm(text: str, html: str) -> None:
    assert html in notes_html(text)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("# A\n## B\n### C\n## D", ["h3", "h4", "h5", "h4"]),
        ("## A\n#### B\n# C\n###### D", ["h3", "h4", "h3", "h4"]),
        ("\n".join(f"{'#' * n} x" for n in range(1, 7)), ["h3", "h4", "h5", "h6", "h6", "h6"]),
        ("A\n===\n\nB\n---", ["h3", "h4"]),
    ],
)
def test_headings_of_notes_stand_below_the_pages_without_a_gap(text: str, tags: list[str]) -> None:
    html = str(notes_html(text))
    found = [part[:2] for part in html.split("<h")[1:]]
    assert [f"h{part[0]}" for part in found] == tags
