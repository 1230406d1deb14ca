"""Markdown of a publisher becomes HTML that can do no harm and fits into a page."""

from __future__ import annotations

import pytest

from pitstop.package.markdown_html import markdown_html


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("[x](javascript:alert(1))", "href"),
        ("[x](data:text/html,hi)", "href"),
        ("![x](https://elsewhere.example/x.png)", "<img"),
    ],
)
def test_what_could_act_or_load_is_text(text: str, absent: str) -> None:
    assert absent not in markdown_html(text)


def test_headings_stand_below_the_pages_own_without_a_gap() -> None:
    assert markdown_html("# A\n\n### B\n\n## C\n", below=2) == "<h3>A</h3>\n<h4>B</h4>\n<h4>C</h4>\n"
    assert markdown_html("# A\n\n## B\n", without_title=True) == "<h3>B</h3>\n"


def test_tables_say_what_their_heads_are_for_and_have_no_inline_style() -> None:
    html = markdown_html("| a | b |\n|--:|---|\n| 1 | 2 |\n")
    assert '<th scope="col">a</th>' in html
    assert "style" not in html


def test_links_do_not_tell_where_they_were_followed() -> None:
    assert markdown_html("<https://a.example>").count('rel="noreferrer noopener"') == 1
