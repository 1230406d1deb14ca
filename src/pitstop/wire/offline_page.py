"""A page that opens in any browser, from a file: it needs nothing but itself, no script among it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from pitstop import __version__

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886}
td.number{text-align:right;white-space:nowrap}
caption{text-align:left;font-weight:600;padding:.3rem 0}
dt{font-weight:600}dd{margin:0 0 .5rem}
.failed{font-weight:600}
code{overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
"""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
<footer><p>Written by Pitstop {version}. All times are UTC.{more}</p></footer>
</body>
</html>
"""


def offline_page(title: str, body: Iterable[str], more: str = "") -> str:
    """The page; ``body`` and ``more`` (for its foot) are HTML already."""
    return _PAGE.format(
        title=escape(title), style=_STYLE, body="\n".join(body), version=escape(__version__), more=more
    )


def fact_list(facts: Iterable[tuple[str, str]]) -> str:
    """What is known, by name; what is empty is left out."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts if value)
    return f"<dl>{rows}</dl>"
