"""The checker of pages finds what it is there to find."""

from __future__ import annotations

import pytest

from portal.markup import read

FINE = "<!DOCTYPE html><html><head><title>t</title></head><body><main>{}</main></body></html>"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<h1>a</h1><p><div></div></p>", "<div> stands inside <p>"),
        ("<h1>a</h1><p>b", "</main> closes inside <p>"),
        ("<h1>a</h1><b id='x'></b><b id='x'></b>", "id 'x' is there twice"),
        ("<h1>a</h1><h3>b</h3>", "h3 follows h1"),
        ("<h2>a</h2>", "headings do not begin with the one h1: [2]"),
        ("<h1>a</h1><input name='n'>", "input 'n' has no label"),
        ("<h1>a</h1><label for='gone'>b</label>", "<label> points to 'gone', not there"),
        ("<h1>a</h1><i style='color:red'></i>", "<i> has an inline style"),
        ("<h1>a</h1><i onclick='x()'></i>", "<i> has an inline onclick"),
        ("<h1>a</h1><script>x()</script>", "a <script> is not a file of the portal's own"),
        (
            "<h1>a</h1><script src='//elsewhere/x.js'></script>",
            "a <script> is not a file of the portal's own",
        ),
        ("<h1>a</h1><style>b{}</style>", "there is an inline <style>"),
        ("<h1>a</h1><table></table>", "a table has no caption"),
        ("<h1>a</h1><table><caption>c</caption><th>x</th></table>", "a <th> has no scope"),
        ("<h1>a</h1><a href='/'></a>", "a <a> has no text"),
        ("<h1>a</h1><img src='/static/x.svg'>", "an <img> has no alt"),
        ("<h1>a</h1><select name='n'></select>", "input 'n' has no label"),
        ("<h1>a</h1><svg><rect/></svg>", "an <svg> is neither named nor hidden"),
        ("<h1>a</h1><svg role='img'><rect/></svg>", "an <svg> is neither named nor hidden"),
        ("<h1>a</h1><div/>", "<div/> closes itself"),
    ],
)
def test_each_fault_is_found(body: str, fault: str) -> None:
    assert fault in read(FINE.format(body)).faults


def test_a_page_without_fault_has_none() -> None:
    assert read(FINE.format("<h1>a</h1><p>b</p>")).faults == []


def test_a_page_without_doctype_is_found() -> None:
    assert read("<html><body><h1>a</h1></body></html>").faults == ["there is no doctype"]
