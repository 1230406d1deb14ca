"""Where the pages for people and the feeds lie on a publisher's site, relative to its top."""

from __future__ import annotations

INDEX_PAGE = "index.html"
ISSUES_PAGE = "common-issues.html"
GUIDANCE_PAGE = "hardware-lifecycle-host.html"
STYLE_FILE = "style.css"
FEEDS_FOLDER = "feeds"


def release_page(package: str) -> str:
    return f"releases/{package}.html"


def article_page(package: str) -> str:
    return f"articles/{package}.html"


def feed_file(what: str, form: str) -> str:
    """``feeds/hotfixes.atom.xml``; ``form`` is ``rss`` or ``atom``."""
    return f"{FEEDS_FOLDER}/{what}.{form}.xml"


def on_site(site_url: str, path: str) -> str:
    """The path under the site's address, if it has one."""
    return f"{site_url.rstrip('/')}/{path}" if site_url else path
