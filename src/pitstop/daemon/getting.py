"""Wiring of what gets updates: sources, imports, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.daemon.ground import Ground
from pitstop.daemon.links import links
from pitstop.daemon.settings import WatchedBucket
from pitstop.service.bucket_watch import BucketWatch
from pitstop.service.importing import Importing
from pitstop.service.imports import ImportsService
from pitstop.service.retention import Retention
from pitstop.service.sources import SourcesService
from pitstop.service.supply import Supply
from pitstop.service.transfers import TransfersService
from pitstop.transport.arrivals import FileArrivals
from pitstop.transport.bucket import ObjectBucket
from pitstop.transport.feeds import TufFeeds, free_space
from pitstop.transport.link import Link


@dataclass(frozen=True, slots=True)
class Getting:
    sources: SourcesService
    imports: ImportsService
    bucket: BucketWatch | None
    retention: Retention
    supply: Supply
    transfers: TransfersService


def getting(on: Ground) -> Getting:
    settings, stored = on.settings, on.stored
    link, own_links = links(settings.reach)
    feeds = TufFeeds(stored.folder / "sources", link=link, links=own_links, bounds=settings.medium)
    sources = SourcesService(
        stored.catalogues, stored.alerts, feeds, stored.payloads, on.audited, on.clock, stored.known_issues
    )
    importing = Importing(feeds, feeds, sources, stored.payloads, settings.medium)
    arrivals = FileArrivals(stored.folder / "imports", free_space)
    imports = ImportsService(arrivals, importing, on.jobs, stored.alerts, on.audited, on.clock)
    return Getting(
        sources=sources,
        imports=imports,
        bucket=_bucket_watch(settings.import_bucket, link, imports),
        retention=Retention(on.knowledge, stored.payloads, on.audited, on.clock, settings.keep_payloads),
        supply=Supply(stored.runs, stored.payloads, sources),
        transfers=TransfersService(on.knowledge, sources, feeds, stored.payloads),
    )


def _bucket_watch(said: WatchedBucket | None, link: Link, imports: ImportsService) -> BucketWatch | None:
    if said is None:
        return None
    return BucketWatch(ObjectBucket(said.url, said.options, link), said.url, imports)
