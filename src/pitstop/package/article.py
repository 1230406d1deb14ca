"""A knowledge-base article (``kb.md``): Markdown with a title and the sections that every article has.

    # Title
    ## Issue        what goes wrong, as an operator meets it
    ## Cause        why
    ## Resolution   what the hotfix changes, and what is left to do
    ## Applies to   the builds it is for

in this order, each once, none empty. Within a section anything of CommonMark may stand, also deeper
headings; HTML is text. Where to download the package is not written here: the page and the system list its
files from the signed metadata, with sizes and digests.
"""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.model.errors import InvalidPackage
from pitstop.package.markdown_html import markdown_reader

MAX_ARTICLE_BYTES = 256 * 1024
SECTIONS = ("Issue", "Cause", "Resolution", "Applies to")
_HINT = (
    f"An article has a title (# ...) and then the sections {', '.join(f'## {name}' for name in SECTIONS)}."
)


@dataclass(frozen=True, slots=True)
class Article:
    """An article taken apart; the sections are Markdown."""

    title: str
    issue: str
    cause: str
    resolution: str
    applies_to: str

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """Heading and text, in order."""
        return tuple(zip(SECTIONS, (self.issue, self.cause, self.resolution, self.applies_to), strict=True))


def read_article(raw: bytes) -> Article:
    """The article that these bytes say.

    Raises:
        InvalidPackage: it is too large, not UTF-8, or a section is missing, empty, twice or out of order.
    """
    if len(raw) > MAX_ARTICLE_BYTES:
        raise InvalidPackage(f"the article has {len(raw)} bytes, at most {MAX_ARTICLE_BYTES} are allowed")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidPackage(f"the article is not UTF-8: byte {error.start} is wrong") from error
    headings = _headings(text)
    found = [name for level, name, _, _ in headings if level == 2]
    levels = [level for level, _, _, _ in headings if level <= 2]
    if levels[:1] != [1] or levels.count(1) != 1 or tuple(found) != SECTIONS:
        told = ", ".join(found) or "none"
        raise InvalidPackage(f"the article's sections are not as they must be: there is {told}", hint=_HINT)
    lines = text.splitlines()
    tops = [entry for entry in headings if entry[0] <= 2]
    ends = [first for _, _, first, _ in tops[1:]] + [len(lines)]
    parts = ["\n".join(lines[after:end]).strip() for (_, _, _, after), end in zip(tops, ends, strict=True)]
    for name, part in zip(SECTIONS, parts[1:], strict=True):
        if not part:
            raise InvalidPackage(f"the article's section {name!r} is empty", hint=_HINT)
    if not tops[0][1]:
        raise InvalidPackage("the article has no title", hint=_HINT)
    return Article(tops[0][1], *parts[1:])


def _headings(text: str) -> list[tuple[int, str, int, int]]:
    """Level, text, first line and the line after, of each heading that is not inside of something else."""
    tokens = markdown_reader().parse(text)
    return [
        (int(token.tag[1:]), tokens[number + 1].content.strip(), token.map[0], token.map[1])
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map is not None
    ]
