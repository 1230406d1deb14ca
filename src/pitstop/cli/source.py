"""``pitstop source``: the publishers' feeds that this system looks into."""

from __future__ import annotations

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import finding_lines, note, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.model.errors import Unreachable
from pitstop.wire.formats import count, instant
from pitstop.wire.views import SourceView

app = noun_app("Sources of updates: list, check.")


@app.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """List the sources, when each was last looked into, and what is wrong with it."""
    with connect() as client:
        sources = client.sources()
    _show(sources, as_json)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Look for new updates now. Ends with 7 when a source could not be looked into."""
    with connect() as client:
        note("Looking into all sources ...")
        sources = client.check_sources()
    _show(sources, as_json)
    bad = [source.name for source in sources if source.finding is not None]
    if bad:
        raise Unreachable(
            f"{count(len(bad), 'source')} could not be looked into: {', '.join(bad)}",
            hint="What is wrong, and what to do, is shown with each of them.",
        )


def _show(sources: tuple[SourceView, ...], as_json: bool) -> None:
    if as_json:
        say_json(sources)
        return
    for line in source_lines(sources):
        say(line)


def _state(source: SourceView) -> str:
    if not source.declared:
        return "switched off"
    return "in order" if source.finding is None else "see below"


def source_lines(sources: tuple[SourceView, ...]) -> list[str]:
    rows = (
        (
            source.name,
            source.publisher,
            ", ".join(source.types),
            instant(source.last_checked),
            _state(source),
            ", ".join((source.url, *source.mirrors)) if source.url else "(by medium)",
        )
        for source in sources
    )
    lines = table(("NAME", "PUBLISHER", "TYPES", "LAST CHECKED", "STATE", "ADDRESS"), rows)
    for source in sources:
        if source.finding is not None:
            lines += ["", *finding_lines(source.finding)]
    return lines
