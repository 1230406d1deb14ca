"""The page that a bundle is read from: opens in any browser, needs nothing but itself, no script among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Final
from urllib.parse import quote

import msgspec

from pitstop import __version__
from pitstop.model.logs import Bundle, Collected, Outcome, Why
from pitstop.wire.formats import count, instant, size
from pitstop.wire.offline_page import fact_list, offline_page

FORMAT: Final = 1
_WORDS: Final = {
    Outcome.COLLECTED: "✓ collected",
    Outcome.CUT: "! cut",
    Outcome.LEFT_OUT: "○ left out",
    Outcome.FAILED: "✕ failed",
}


def index_page(bundle: Bundle, by: str, collected: Sequence[Collected], removed: Mapping[str, int]) -> str:
    """All of it; the arguments are as the bundle may show them."""
    failed = [thing for thing in collected if thing.outcome is Outcome.FAILED]
    body = [
        "<h1>Logs</h1>",
        *_asked(bundle, by),
        "<h2>What could not be collected</h2>",
        *(
            _table("Failed", failed, with_origin=True)
            if failed
            else ["<p>Nothing: all of it could be had.</p>"]
        ),
        "<h2>What was collected</h2>",
    ]
    for origin, things in groupby(collected, key=lambda thing: thing.origin):
        body += _table(origin, list(things))
    body += ["<h2>What was removed</h2>", *_removed(bundle, removed)]
    return offline_page("Logs", body)


def _asked(bundle: Bundle, by: str) -> list[str]:
    wanted = bundle.wanted
    why = {Why.ASKED: f"asked for by {by}", Why.RUN_FAILED: "by itself, for a run has failed"}[bundle.why]
    facts = [
        ("Collected", f"{instant(bundle.created)}, {why}"),
        ("Span", f"{instant(wanted.since)} to {instant(wanted.until)}"),
        ("Run", wanted.run or ""),
        ("Names", "addresses and names are pseudonyms" if wanted.pseudonyms else "as they are"),
        ("Bundle", bundle.id),
    ]
    return ["<h2>What was asked for</h2>", fact_list(facts)]


def _table(caption: str, things: Sequence[Collected], *, with_origin: bool = False) -> list[str]:
    first = '<th scope="col">From</th>' if with_origin else ""
    return [
        f"<table><caption>{escape(caption)}</caption>",
        f'<thead><tr>{first}<th scope="col">What</th><th scope="col">Outcome</th>',
        '<th scope="col">Lines</th><th scope="col">Size</th></tr></thead><tbody>',
        *(_row(thing, with_origin=with_origin) for thing in things),
        "</tbody></table>",
    ]


def _row(thing: Collected, *, with_origin: bool) -> str:
    name = f"<code>{escape(thing.name)}</code>"
    if thing.member:
        name = f'<a href="{escape(quote(thing.member))}">{name}</a>'
    origin = f"<td>{escape(thing.origin)}</td>" if with_origin else ""
    words = escape(outcome_words(thing))
    return (
        f'<tr>{origin}<th scope="row">{name}</th><td class="{thing.outcome}">{words}</td>'
        f'<td class="number">{thing.lines}</td><td class="number">{escape(size(thing.size))}</td></tr>'
    )


def outcome_words(thing: Collected) -> str:
    """``collected: 0 lines`` says that nothing was there; ``failed`` why it could not be had."""
    words = _WORDS[thing.outcome]
    if thing.outcome is Outcome.COLLECTED and not thing.size:
        words += ": 0 lines"
    return f"{words}: {thing.note}" if thing.note else words


def _removed(bundle: Bundle, removed: Mapping[str, int]) -> list[str]:
    if not removed:
        return ["<p>Nothing that looks like a secret was found.</p>"]
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{number}</td></tr>'
        for name, number in removed.items()
    )
    total = count(sum(removed.values()), "find")
    return [
        f"<p>{total} replaced. In the place of a secret stands the name of the pattern that has found it."
        + (" The key of the pseudonyms is in no file." if bundle.wanted.pseudonyms else "")
        + "</p>",
        "<table><caption>Finds by pattern</caption>",
        '<thead><tr><th scope="col">Pattern</th><th scope="col">Finds</th></tr></thead>',
        f"<tbody>{rows}</tbody></table>",
    ]


def result_json(bundle: Bundle, by: str, collected: Sequence[Collected], removed: Mapping[str, int]) -> str:
    """The same for programs."""
    said = {
        "format": FORMAT,
        "pitstop": __version__,
        "id": bundle.id,
        "by": by,
        "why": bundle.why,
        "created": bundle.created,
        "since": bundle.wanted.since,
        "until": bundle.wanted.until,
        "run": bundle.wanted.run,
        "pseudonyms": bundle.wanted.pseudonyms,
        "collected": list(collected),
        "removed": dict(removed),
    }
    return msgspec.json.format(msgspec.json.encode(said), indent=2).decode()
