"""The pages for people: an index of releases, notes, articles, common issues, and an OEM's guidance.

Made of what is signed and verified alone, so that they can be made again at any time; the same site always
gives the same pages. Plain HTML with one style sheet and no script: they work under any path of any server,
from a folder, and on paper. They are not signed themselves: a browser has TLS, and systems read the same
Markdown as signed targets.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pitstop.model.known_issues import KnownIssue
from pitstop.model.packages import PackageType
from pitstop.model.releases import DatePrecision, Release, ReleaseDate, ReleaseStatus
from pitstop.package.article import read_article
from pitstop.package.known_issues_format import read_known_issues
from pitstop.package.markdown_html import markdown_html
from pitstop.package.site_layout import TARGETS_FOLDER, Numbered, article_target, notes_target, package_target
from pitstop.publish.feeds import FeedTimes, feeds, read_feed_times, site_feeds
from pitstop.publish.page_paths import (
    GUIDANCE_PAGE,
    INDEX_PAGE,
    ISSUES_PAGE,
    STYLE_FILE,
    article_page,
    release_page,
)
from pitstop.publish.published import Published
from pitstop.publish.repository import Repository
from pitstop.wire.formats import duration_range, size
from pitstop.wire.views import Range

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_TYPE_SAYS = {
    PackageType.FULL: "also updates the operating system of the hosts",
    PackageType.EXPRESS: "leaves the operating system of the hosts as it is",
    PackageType.HOTFIX: "one or a few fixes; holds the earlier ones of its family",
    PackageType.OEM: "firmware and drivers",
}


def put_pages(repository: Repository) -> int:
    """Make all pages and feeds anew and put those that have changed; how many have.

    Raises:
        NotFound, TrustError: the site is not whole, or not this publisher's.
    """
    with repository.alone():
        published = repository.read()
        times = read_feed_times(repository.settings).at(published.catalogue)
        written = 0
        for path, content in site_files(repository, published, times).items():
            place = repository.settings.site_folder / path
            if not place.exists() or place.read_bytes() != content:
                repository.put(place, io.BytesIO(content))
                written += 1
        times.put(repository)
        return written


def site_files(repository: Repository, published: Published, times: FeedTimes) -> dict[str, bytes]:
    """Every page and feed, by its path on the site."""
    pages = {path: text.encode() for path, text in _Pages(repository, published).all()}
    style = resources.files("pitstop.publish").joinpath("templates", STYLE_FILE).read_bytes()
    return {**pages, STYLE_FILE: style, **feeds(repository.settings, published.catalogue, times)}


@dataclass(frozen=True)
class _Pages:
    repository: Repository
    published: Published

    def all(self) -> Iterator[tuple[str, str]]:
        releases = sorted(self.published.catalogue.releases, key=_newest_first)
        render = self._renderer()
        facts = {entry.name: self._release(entry) for entry in releases}
        yield INDEX_PAGE, render("index.html", here="index", releases=facts.values(), **self._trust())
        for entry in releases:
            notes = self._text(notes_target(entry.name))
            page = render(
                "release.html", up="../", release=facts[entry.name], notes=_markup(notes, title=True)
            )
            yield release_page(entry.name), page
            if article_target(entry.name) in self.published.targets:
                yield article_page(entry.name), self._article(render, entry, facts[entry.name])
        yield ISSUES_PAGE, render("issues.html", here="issues", issues=list(self._issues()))
        guidance = self.repository.document(self.published, Numbered.GUIDANCE)
        if guidance is not None:
            text = _markup(guidance.decode(), below=1, title=True)
            yield GUIDANCE_PAGE, render("guidance.html", here="guidance", text=text)

    def _renderer(self) -> Callable[..., str]:
        settings, issued = self.repository.settings, self.published.catalogue.issued
        site = {
            "display_name": settings.display_name,
            "product": settings.product,
            "style": STYLE_FILE,
            "feeds": site_feeds(settings),
            "guidance": Numbered.GUIDANCE in self.published.documents,
            "support": settings.support_address,
            "issued": _machine(issued),
            "issued_words": _day_words(issued),
        }

        def render(template: str, **facts: object) -> str:
            return _templates().get_template(template).render({"site": site, "up": "", "here": "", **facts})

        return render

    def _trust(self) -> dict[str, object]:
        stamp = self.repository.media_stamp(self.published.root)
        media = {"machine": _machine(stamp.made), "words": _day_words(stamp.made)} if stamp else None
        root = self.repository.settings.root_file.read_bytes()
        return {"root_sha256": hashlib.sha256(root).hexdigest(), "media": media}

    def _text(self, target: str) -> str:
        file = self.published.targets.get(target)
        return self.repository.target_bytes(file).decode("utf-8", "replace") if file is not None else ""

    def _article(self, render: Callable[..., str], entry: Release, facts: Mapping[str, object]) -> str:
        article = read_article(self._text(article_target(entry.name)).encode())
        sections = [(heading, _markup(text)) for heading, text in article.sections]
        return render("article.html", up="../", release=facts, article=article, sections=sections)

    def _release(self, entry: Release) -> dict[str, object]:
        return {
            "name": entry.name,
            "version": str(entry.version),
            "title": entry.title,
            "type": entry.type.value,
            "type_says": _TYPE_SAYS[entry.type],
            "of": entry.family or ", ".join(entry.families),
            "released": _released(entry.released),
            "restarts_nodes": entry.restarts_nodes,
            "size": size(entry.size) if entry.size else "",
            "needs": list(_needs(entry)),
            "risks": [risk.message for risk in entry.risks],
            "support": entry.support_address,
            "revision": entry.revision,
            "withdrawn": entry.status is ReleaseStatus.WITHDRAWN,
            "status_reason": entry.status_reason,
            "replaced_by": self._replaced_by(entry),
            "page": release_page(entry.name),
            "article": self._article_path(entry),
            "files": list(self._files(entry)),
        }

    def _article_path(self, entry: Release) -> str:
        return article_page(entry.name) if article_target(entry.name) in self.published.targets else ""

    def _replaced_by(self, entry: Release) -> dict[str, str] | None:
        for other in self.published.catalogue.releases:
            if other.status is ReleaseStatus.AVAILABLE and (
                entry.version in other.replaces or other.reissues == entry.version
            ):
                return {"version": str(other.version), "path": f"../{release_page(other.name)}"}
        return None

    def _files(self, entry: Release) -> Iterator[dict[str, str]]:
        folder = package_target(entry.name, "")
        for path, file in sorted(self.published.targets.items()):
            if path.startswith(folder):
                name = path.removeprefix(folder)
                yield {
                    "name": name,
                    "path": f"../{TARGETS_FOLDER}/{path}",
                    "size": size(file.length),
                    "sha256": file.hashes.get("sha256", ""),
                }

    def _issues(self) -> Iterator[dict[str, object]]:
        raw = self.repository.document(self.published, Numbered.KNOWN_ISSUES)
        for issue in read_known_issues(raw).issues if raw is not None else ():
            yield {
                "id": issue.id,
                "title": issue.title,
                "applicable": applicable_words(issue),
                "occurrence": issue.occurrence.value,
                "fixed_in": issue.fixed_in,
                "link": issue.link,
                **{
                    name: _markup(getattr(issue, name), below=3)
                    for name in ("symptom", "cause", "remediation")
                },
            }


def applicable_words(issue: KnownIssue) -> str:
    """To which releases an issue applies, in words."""
    told = issue.applicable
    if told.all_supported:
        return "All supported releases"
    families = f"families {', '.join(told.families)}" if told.families else ""
    builds = f"builds {', '.join(told.builds)}" if told.builds else ""
    words = " and ".join(filter(None, (families, builds)))
    return words[:1].upper() + words[1:]


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("pitstop.publish", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _markup(text: str, *, below: int = 2, title: bool = False) -> Markup:
    # Safe to mark: markdown-it escapes all text, and with html off it passes no markup through.
    return Markup(markdown_html(text, below=below, without_title=title))  # noqa: S704


def _newest_first(entry: Release) -> tuple[int, tuple[int, ...]]:
    day = entry.released.day.toordinal() if entry.released else 0
    return -day, tuple(-number for number in entry.version.numbers)


def _needs(entry: Release) -> Iterator[tuple[str, str]]:
    """What the entry asks for, in words."""
    if entry.required_hotfix is not None:
        yield "Required hotfix", f"{entry.required_hotfix}, or a newer one of its family"
    if entry.min_oem_version is not None:
        yield "OEM package", f"{entry.min_oem_version} or newer"
    if entry.min_platform_version is not None:
        yield "Platform", f"{entry.min_platform_version} or newer"
    for match in entry.hardware:
        yield "Hardware", f"{match.family}, {match.model or 'all models'}"
    for condition in entry.conditions:
        yield "Prerequisite", condition.says
    for runtime in entry.expected_runtimes:
        span = duration_range(Range(runtime.least_minutes * 60, runtime.most_minutes * 60))
        yield (
            "Expected runtime",
            f"{span} on {f'up to {runtime.nodes}' if runtime.nodes else 'any number of'} nodes",
        )


def _released(released: ReleaseDate | None) -> dict[str, str] | None:
    if released is None:
        return None
    day = released.day
    if released.precision is DatePrecision.MONTH:
        return {"machine": f"{day:%Y-%m}", "words": f"{_MONTHS[day.month - 1]} {day.year}"}
    before = "not before " if released.precision is DatePrecision.NOT_BEFORE else ""
    return {"machine": day.isoformat(), "words": f"{before}{day.day} {_MONTHS[day.month - 1]} {day.year}"}


def _machine(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _day_words(at: datetime) -> str:
    day = at.astimezone(UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
