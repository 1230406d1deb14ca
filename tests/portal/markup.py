"""What must be right in every page's HTML, checked without a browser: nesting, names, headings, labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"meta", "link", "input", "img", "br", "hr"})
PHRASING_ONLY = frozenset(
    {"p", "span", "summary", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "label", "button", "strong", "code"}
)
BLOCKS = frozenset(
    {"p", "div", "ul", "ol", "li", "dl", "table", "form", "section", "details", "pre", "h2", "h3"}
)
REFERENCES = ("for", "aria-labelledby", "aria-describedby")
NAMED_BY = ("aria-label", "aria-labelledby", "title")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A page taken apart. ``faults`` are sentences; none is how it must be."""

    faults: list[str] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice")
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        for name in names:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"<{tag}> has an inline {name}")
        holder = next((outer.tag for outer in reversed(self._open) if outer.tag in PHRASING_ONLY), None)
        if tag in BLOCKS and holder:
            self.faults.append(f"<{tag}> stands inside <{holder}>")
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        in_drawing = any(outer.tag == "svg" for outer in self._open)
        self.handle_starttag(tag, attrs)
        if in_drawing:
            self.handle_endtag(tag)
        elif tag not in VOID:
            self.faults.append(f"<{tag}/> closes itself")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            within = self._open[-1].tag if self._open else "nothing"
            self.faults.append(f"</{tag}> closes inside <{within}>")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def texts(self, tag: str) -> list[str]:
        return [" ".join(element.text.split()) for element in self.all(tag)]

    def finish(self) -> Page:
        self.close()
        self.faults += [f"<{element.tag}> is never closed" for element in self._open]
        self._check_ids()
        self._check_headings()
        self._check_names()
        self._check_tables()
        return self

    def _check_ids(self) -> None:
        ids = [element.attributes["id"] for element in self.elements if "id" in element.attributes]
        self.faults += [
            f"id {name!r} is there twice" for name in sorted({i for i in ids if ids.count(i) > 1})
        ]
        for element in self.elements:
            wanted = [word for name in REFERENCES for word in element.attributes.get(name, "").split()]
            href = element.attributes.get("href", "")
            wanted += [href[1:]] if href.startswith("#") else []
            self.faults += [f"<{element.tag}> points to {w!r}, not there" for w in wanted if w not in ids]

    def _check_headings(self) -> None:
        levels = [int(e.tag[1]) for e in self.elements if len(e.tag) == 2 and e.tag[1:].isdigit()]
        if levels.count(1) != 1 or levels[0] != 1:
            self.faults.append(f"headings do not begin with the one h1: {levels}")
        self.faults += [
            f"h{after} follows h{before}" for before, after in pairwise(levels) if after > before + 1
        ]

    def _check_names(self) -> None:
        labelled = {element.attributes.get("for") for element in self.all("label")}
        for field_ in (*self.all("input"), *self.all("select")):
            named = any(name in field_.attributes for name in NAMED_BY)
            hidden = field_.attributes.get("type") == "hidden"
            if not (hidden or named or field_.attributes.get("id") in labelled):
                self.faults.append(f"input {field_.attributes.get('name')!r} has no label")
        for tag in ("a", "button", "summary"):
            self.faults += [f"a <{tag}> has no text" for element in self.all(tag) if not element.text.strip()]
        self.faults += ["an <img> has no alt" for img in self.all("img") if "alt" not in img.attributes]
        for drawing in self.all("svg"):
            named = drawing.attributes.get("role") == "img" and "aria-labelledby" in drawing.attributes
            if not (named or drawing.attributes.get("aria-hidden") == "true"):
                self.faults.append("an <svg> is neither named nor hidden")
        for script in self.all("script"):
            if script.text.strip() or not script.attributes.get("src", "").startswith("/static/"):
                self.faults.append("a <script> is not a file of the portal's own")
        if self.all("style"):
            self.faults.append("there is an inline <style>")

    def _check_tables(self) -> None:
        if len(self.all("caption")) != len(self.all("table")):
            self.faults.append("a table has no caption")
        self.faults += ["a <th> has no scope" for th in self.all("th") if "scope" not in th.attributes]


def read(html: str) -> Page:
    """A whole page, checked."""
    page = Page()
    page.feed(html)
    page.finish()
    if not html.lstrip().startswith("<!DOCTYPE html>"):
        page.faults.append("there is no doctype")
    return page
