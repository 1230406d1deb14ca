"""Release notes: a publisher's Markdown as HTML that can do no harm on this page.

HTML in the text is shown as text, links go only to where links may go, nothing is loaded (an image is shown
as its description), and headings are renumbered so that they stand below the page's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_LOWEST: Final = 6


def notes_html(text: str, *, below: int = 2) -> Markup:
    """The notes; their first level of headings comes right ``below`` that level of the page."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(text)
    _renumber_headings(tokens, below)
    _mark_links(tokens)
    # Safe to mark: markdown-it escapes all text, and with html off it passes no markup through.
    return Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704


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
