"""Templates into answers: the one place that makes HTML responses, with what protects them.

Everything is escaped unless a template says otherwise (none does); a name that a template misses is an
error, not an empty place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar.datastructures import Cookie
from litestar.response import Response

from pitstop.portal.notes import notes_html
from pitstop.wire import formats, policy_formats
from pitstop.wire.views import RunReport, leaves

STATIC: Final = {path.name: path.read_bytes() for path in (Path(__file__).parent / "static").iterdir()}
"""Style sheet, scripts, icon and their licences: name and content."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers would then send "Origin: null" with this portal's own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def render(template: str, facts: dict[str, Any]) -> str:
    return _ENVIRONMENT.get_template(template).render(facts)


def html(template: str, facts: dict[str, Any], status: int = 200) -> Response[str]:
    """An HTML answer."""
    return Response(
        render(template, facts),
        status_code=status,
        media_type="text/html",
        headers=HEADERS,
    )


def go_to(path: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """After a form: look at this page next."""
    return Response("", status_code=303, headers={**HEADERS, "Location": path}, cookies=list(cookies))


def in_path(text: str) -> str:
    """``text`` as one segment of a path."""
    return quote(text, safe="")


def is_web_link(text: str) -> bool:
    """Whether a link that came from outside may be made one here."""
    return urlsplit(text).scheme in ("http", "https")


def doing(report: RunReport) -> Iterator[tuple[str, str, bool]]:
    """What is being done: the step's index ("": the tree has none), the words, and whether it is late."""
    by_index = {step.index: step for step in leaves(report.steps)}
    for line in report.now:
        index, _, words = line.partition(" ")
        step = by_index.get(index)
        yield (index, words, step.late) if step else ("", line, False)


def tail(text: str, lines: int = 12, characters: int = 1_500) -> str:
    """The end of an output: at most so many lines and characters, whole lines where that is possible."""
    ending = "\n".join(text.rstrip("\n").splitlines()[-lines:])
    if len(ending) <= characters:
        return ending
    cut = ending[-characters:]
    return cut.partition("\n")[2] or cut


def _static_url(name: str) -> str:
    """The address changes with the content, so that it can be kept for ever."""
    return f"/static/{name}?v={_DIGESTS[name]}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pitstop.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "hardware": formats.hardware,
        "duration": formats.duration,
        "duration_range": formats.duration_range,
        "usually": formats.usually,
        "ending": formats.ending,
        "until": formats.until,
        "doing": lambda report: list(doing(report)),
        "size": formats.size,
        "under_way": formats.under_way,
        "standing": formats.STANDING_WORDS.__getitem__,
        "instant": formats.instant,
        "clock_time": formats.clock_time,
        "machine_instant": formats.machine_instant,
        "day": formats.day,
        "percent": formats.percent,
        "days": policy_formats.days_text,
        "ends": policy_formats.ends_text,
        "known": policy_formats.known_text,
        "entitled": policy_formats.entitled_text,
        "headline": policy_formats.path_headline,
        "total": policy_formats.total_text,
        "local": policy_formats.local_text,
        "met": policy_formats.MET_WORDS.__getitem__,
        "capitalised": formats.capitalised,
        "in_path": in_path,
        "tail": tail,
        "notes": notes_html,
    }
    environment.tests["web_link"] = is_web_link
    environment.globals |= {
        "spoken": formats.spoken,
        "count": formats.count,
        "static": _static_url,
        "NOTHING": formats.NOTHING,
    }
    return environment


_DIGESTS = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in STATIC.items()}
_ENVIRONMENT = _environment()
