"""From settings to links: how each source is reached, and the one limit that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pitstop.daemon.settings import Reach
from pitstop.transport.link import Link
from pitstop.transport.traffic import Traffic


def links(reach: Reach) -> tuple[Link, Mapping[str, Link]]:
    """The link of sources in general, and by name those of sources that have something of their own."""
    general = Link(ca_bundle=reach.ca, proxy=reach.proxy, traffic=Traffic(reach.bandwidth))
    own = {
        name: replace(
            general,
            proxy=reach.proxies.get(name, general.proxy),
            ca_bundle=reach.authorities.get(name, general.ca_bundle),
        )
        for name in {*reach.proxies, *reach.authorities}
    }
    return general, own
