"""Articles: every section there, once, in order; what Markdown may hold inside of them is left alone."""

from __future__ import annotations

import pytest

from pitstop.model.errors import InvalidPackage
from pitstop.package.article import MAX_ARTICLE_BYTES, read_article

WHOLE = """# A title with `code`

## Issue

It *fails*.

### On some nodes

    ## Cause

Only there.

## Cause
Because.
## Resolution

1. Install it.

## Applies to

Builds before 1.2.
"""


def test_an_article_is_taken_apart() -> None:
    article = read_article(WHOLE.encode())
    assert article.title == "A title with `code`"
    assert article.issue == "It *fails*.\n\n### On some nodes\n\n    ## Cause\n\nOnly there."
    assert (article.cause, article.applies_to) == ("Because.", "Builds before 1.2.")
    assert [heading for heading, _ in article.sections] == ["Issue", "Cause", "Resolution", "Applies to"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("# A title with `code`\n", "", "not as they must be"),
        ("# A title with `code`", "#", "no title"),
        ("## Cause\nBecause.", "", "there is Issue, Resolution, Applies to"),
        ("Because.", "", "'Cause' is empty"),
        ("## Resolution", "## Remedy", "Remedy"),
        ("## Applies to", "## Cause\n\nTwice.\n\n## Applies to", "not as they must be"),
        ("## Applies to", "# Another title\n\n## Applies to", "not as they must be"),
        ("Builds before 1.2.", "", "'Applies to' is empty"),
    ],
)
def test_what_lacks_a_section_is_refused(old: str, new: str, says: str) -> None:
    assert old in WHOLE
    with pytest.raises(InvalidPackage, match=says):
        read_article(WHOLE.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    ("raw", "says"),
    [(b"# \xff", "not UTF-8"), (b"#" * (MAX_ARTICLE_BYTES + 1), "bytes, at most"), (b"", "there is none")],
)
def test_what_is_no_text_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidPackage, match=says):
        read_article(raw)
