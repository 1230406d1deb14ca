"""A page taken apart, and what must be right in every page: nesting, names, headings, landmarks, links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"meta", "link", "input", "img", "br", "hr"})
LANDMARKS = ("header", "main", "footer")


@dataclass
class Page(HTMLParser):
    """``faults`` are sentences; none is how it must be."""

    faults: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if len(attributes) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if "title" not in self._open:
            self.text += data

    def named(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in tags]

    @property
    def links(self) -> list[str]:
        """Where the page leads or what it loads, on this site."""
        found = [a["href"] for a in self.named("a", "link") if "href" in a]
        return [link for link in found if "://" not in link]


def read_page(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    page.faults += page._open
    page.faults += _faults(page)
    return page


def _faults(page: Page) -> list[str]:
    faults = []
    if page.named("html") != [{"lang": "en"}]:
        faults.append("the page does not name its language")
    if not page.named("title") or len(page.named("h1")) != 1:
        faults.append("the page has no title, or not one h1")
    faults += [f"not one <{tag}>" for tag in LANDMARKS if len(page.named(tag)) != 1]
    levels = [int(tag[1]) for tag, _ in page.tags if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()]
    faults += [f"h{after} follows h{before}" for before, after in pairwise(levels) if after > before + 1]
    faults += ["a nav has no name" for nav in page.named("nav") if not nav.get("aria-label")]
    faults += ["a th has no scope" for th in page.named("th") if th.get("scope") not in ("col", "row")]
    if len(page.named("table")) != len(page.named("caption")) and not page.named("td"):
        faults.append("a table has no caption")
    if page.named("script", "style", "iframe", "object", "img"):
        faults.append("the page holds something active, inline or foreign")
    for tag, attributes in page.tags:
        faults += [f"<{tag} {name}>" for name in attributes if name == "style" or name.startswith("on")]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    faults += [f"id {name} is there twice" for name in ids if ids.count(name) > 1]
    skip = next(iter(page.named("a")), {}).get("href", "")
    if skip.removeprefix("#") not in ids:
        faults.append("the first link does not skip to the content")
    return faults
