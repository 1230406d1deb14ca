"""``pitstop download``: collect a transfer on any connected machine, without a service or a database."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pitstop.cli.nouns import verb_app
from pitstop.cli.output import field, finding_lines, note, say, say_json, table
from pitstop.model.errors import InvalidInput
from pitstop.wire.formats import count, day, size

if TYPE_CHECKING:
    from pitstop.ports.feeds import Source
    from pitstop.transport.collecting import Collector, Part
    from pitstop.transport.feeds import TufFeeds
    from pitstop.transport.link import Link
    from pitstop.wire.transfers import TransferIndex, TransferRequest

EVERY_SECONDS = 10.0

Sites = Annotated[
    list[str],
    typer.Argument(metavar="SITE|PITSTOP.TOML...", help="Addresses of sites, or a system's settings."),
]
Roots = Annotated[
    list[Path] | None,
    typer.Option("--root", help="The publisher's root of trust: one for each site, in the same order."),
]
To = Annotated[Path, typer.Option("--to", help="Folder of the transfer; it is made.")]
Versions = Annotated[
    list[str] | None, typer.Option("--version", help="A release, by build or name. Again for more.")
]
Families = Annotated[
    list[str] | None,
    typer.Option("--family", help="A family: what opens it, and its newest hotfix. Again for more."),
]
For = Annotated[
    Path | None,
    typer.Option("--for", help="What a system lacks: its request (`pitstop transfer request`)."),
]
Proxy = Annotated[
    str | None,
    typer.Option(envvar="PITSTOP_PROXY", help="http://HOST:PORT that the sites are reached through."),
]


def download(
    sites: Sites,
    *,
    to: To,
    root: Roots = None,
    version: Versions = None,
    family: Families = None,
    for_request: For = None,
    target: Annotated[str, typer.Option(help="With --for: newest, supported, or a release.")] = "newest",
    everything: Annotated[bool, typer.Option("--everything", help="All that is not withdrawn.")] = False,
    news: Annotated[
        bool,
        typer.Option("--news", help="What the publishers say: catalogues, notes, known issues; no release."),
    ] = False,
    volume_size: Annotated[
        str | None, typer.Option(help="Write volumes of this size, such as 4G, instead of a folder.")
    ] = None,
    proxy: Proxy = None,
    ca: Annotated[Path | None, typer.Option(help="Certificate authorities to trust (PEM).")] = None,
    bandwidth: Annotated[str | None, typer.Option(help="Bytes a second at most, such as 10M.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: the index of the transfer.")] = False,
) -> None:
    """Collect updates from publishers' sites into a transfer, for systems that have no connection.

    Everything is checked against the publishers' roots of trust, and once more at the end. Cut short, the
    same command goes on where it was.
    """
    from pitstop.model.sizes import parse_size
    from pitstop.transport.choosing import Wish, choose

    limit = parse_size(volume_size) if volume_size else None
    request = _request(for_request) if for_request is not None else None
    collector = _collector(to, sites, proxy, ca, bandwidth)
    chosen = collector.ask(_sources(collector, sites, root or []))
    wish = Wish(tuple(version or ()), tuple(family or ()), everything, request, target, news)
    choice = choose({site.source.name: site.catalogue for site in chosen}, wish, _now())
    for finding in choice.findings:
        for line in finding_lines(finding):
            note(line)
    held = {package.name: package for package in request.packages} if request is not None else {}
    parts = collector.parts(chosen, choice, held)
    note(_says(parts))
    index, places = _collected(collector, parts, limit)
    collector.done()
    if as_json:
        say_json(index)
        return
    for line in transfer_lines(index):
        say(line)
    note(f"\nDone: {', '.join(map(str, places))}")


app = verb_app(download)


def _collected(
    collector: Collector, parts: list[Part], limit: int | None
) -> tuple[TransferIndex, list[Path]]:
    if limit is None:
        index = collector.collect(parts)
        return index, [collector.folder]
    return collector.collect_volumes(parts, limit)


def _request(path: Path) -> TransferRequest:
    from pitstop.cli.assumed import read_bytes
    from pitstop.transport.transfer_files import read_request

    return read_request(read_bytes(path))


def _collector(
    to: Path, sites: list[str], proxy: str | None, ca: Path | None, bandwidth: str | None
) -> Collector:
    from pitstop.model.sizes import parse_size
    from pitstop.transport.collecting import Collector
    from pitstop.transport.feeds import TufFeeds, free_space
    from pitstop.transport.http_fetcher import proxy_parts
    from pitstop.transport.link import Link
    from pitstop.transport.traffic import Traffic

    general: Link = Link()
    own: Mapping[str, Link] = {}
    for settings in filter(_is_settings, sites):
        general, own = _links_of(Path(settings))
    if proxy:
        proxy_parts(proxy)
    traffic = Traffic(parse_size(bandwidth)) if bandwidth else general.traffic
    link = Link(ca_bundle=ca or general.ca_bundle, proxy=proxy or general.proxy, traffic=traffic)

    def feeds(folder: Path) -> TufFeeds:
        return TufFeeds(folder, link=link, links=own)

    to.mkdir(parents=True, exist_ok=True)
    return Collector(to, feeds, free_space, _now, note, shown_progress())


def _is_settings(site: str) -> bool:
    return site.endswith(".toml")


def _links_of(settings: Path) -> tuple[Link, Mapping[str, Link]]:
    from pitstop.daemon.links import links
    from pitstop.daemon.settings import read_settings

    return links(read_settings(settings).reach)


def _sources(collector: Collector, sites: list[str], roots: list[Path]) -> list[tuple[Source, bytes]]:
    """The sources that the call names, each with its root of trust."""
    from pitstop.cli.assumed import read_bytes
    from pitstop.daemon.settings import read_settings

    urls = [site for site in sites if not _is_settings(site)]
    if len(urls) != len(roots):
        raise InvalidInput(
            f"{count(len(urls), 'site')} and {count(len(roots), 'root')} of trust were named",
            hint="Give --root once for each site, in the same order. Settings name their own roots.",
        )
    found = []
    for settings in filter(_is_settings, sites):
        for source, file in read_settings(Path(settings)).sources:
            if source.connected:
                found.append((source, read_bytes(file)))
    for url, file in zip(urls, roots, strict=True):
        raw = read_bytes(file)
        found.append((collector.introduced(url, (), raw), raw))
    return found


def _says(parts: list[Part]) -> str:
    releases = sum(len(part.releases) for part in parts)
    whole = sum(part.size for part in parts)
    return f"{count(releases, 'release')} from {count(len(parts), 'source')}, {size(whole)} in all."


def transfer_lines(index: TransferIndex) -> list[str]:
    """What a transfer holds, for people."""
    volume = f", volume {index.volume} of {index.volumes}" if index.volumes > 1 else ""
    lines = [f"Transfer {index.id}{volume}"]
    lines += field("made", f"{day(index.created)} by {index.made_by}")
    lines += field("size", size(sum(entry.size for entry in index.entries)))
    for source in index.sources:
        signed = f"signed for media on {day(source.made)}, " if source.made else "not signed for media, "
        lines += field(source.publisher, f"{signed}good until {day(source.expires)}")
    rows = [
        (release.name, release.package_type, size(release.size))
        for source in index.sources
        for release in source.releases
    ]
    return [*lines, "", *table(("RELEASE", "TYPE", "SIZE"), rows)] if rows else lines


def shown_progress(
    *, clock: Callable[[], float] = time.monotonic, every: float = EVERY_SECONDS
) -> Callable[[int, int], None]:
    """Says how far it has come, how fast, and how long still: in place at a terminal, else now and then."""
    from pitstop.model.pace import Pace, seconds_left
    from pitstop.wire.formats import under_way
    from pitstop.wire.views import PortionView

    at_terminal = sys.stderr.isatty()
    pace, said = Pace(), clock() - (every if at_terminal else 0)

    def progress(done: int, whole: int) -> None:
        nonlocal pace, said
        now = clock()
        pace = pace.noted(now, done)
        ended = done >= whole
        if now - said < (0.2 if at_terminal else every) and not (ended and at_terminal):
            return
        said, rate = now, pace.per_second(now)
        left = seconds_left(done, whole, rate)
        portion = PortionView(
            done=done,
            whole=whole,
            percent=100.0 * done / whole if whole else 100.0,
            rate=rate,
            seconds_left=left,
        )
        if at_terminal:
            typer.echo(f"\r\x1b[K  {under_way(portion)}", nl=ended, err=True)
        else:
            note(f"  {under_way(portion)}")

    return progress


def _now() -> datetime:
    return datetime.now(UTC)
