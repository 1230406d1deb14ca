"""A publisher's Markdown as HTML that can do no harm on a page.

HTML in the text is shown as text, links go only to where links may go, nothing is loaded (an image is shown
as its description), and headings are renumbered so that they stand below the page's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LOWEST: Final = 6


def markdown_reader() -> MarkdownIt:
    """CommonMark with tables, without HTML and images."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def markdown_html(text: str, *, below: int = 2, without_title: bool = False) -> str:
    """The text; its first level of headings comes right ``below`` that level of the page.

    Args:
        without_title: leave out a first heading of level 1: the page says it already.
    """
    reader = markdown_reader()
    tokens = reader.parse(text)
    if without_title and tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        tokens = tokens[3:]
    _renumber_headings(tokens, below)
    _mark_links(tokens)
    _name_columns(tokens)
    return str(reader.renderer.render(tokens, reader.options, {}))


def _renumber_headings(tokens: Sequence[Token], below: int) -> None:
    """Levels as authors use them (``##`` first, ``####`` under it) become levels without a gap."""
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1:])
            while above and above[-1] >= level:
                above.pop()
            above.append(level)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(_LOWEST, below + len(above))}"


def _mark_links(tokens: Sequence[Token]) -> None:
    for token in tokens:
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrSet("rel", "noreferrer noopener")


def _name_columns(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")
            token.attrs.pop("style", None)
        elif token.type == "td_open":
            token.attrs.pop("style", None)
