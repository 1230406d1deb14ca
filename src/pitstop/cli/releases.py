"""``pitstop releases``: every release, and how it stands on this system."""

from __future__ import annotations

from pitstop.cli.assumed import CatalogueFiles, Facts, Hardware, InstalledBuilds, Nodes, assumed
from pitstop.cli.connection import connect
from pitstop.cli.nouns import verb_app
from pitstop.cli.output import note, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.wire.formats import NOTHING, spoken
from pitstop.wire.policy_views import ReleaseView


def releases(
    *,
    catalogue: CatalogueFiles = None,
    installed: InstalledBuilds = None,
    fact: Facts = None,
    hardware: Hardware = "",
    nodes: Nodes = None,
    as_json: AsJson = False,
) -> None:
    """List every release, newest first, with its state on this system and the first reason why not."""
    from pitstop.service.policy_releases import release_views

    system = assumed(catalogue, installed, facts=fact, hardware=hardware, nodes=nodes)
    if system is not None:
        found = release_views(system.graph, system.facts)
    else:
        with connect() as client:
            found = client.releases()
    if as_json:
        say_json(found)
        return
    if not found:
        note("No catalogue is known yet, so there are no releases: pitstop source check")
        return
    for line in release_lines(found):
        say(line)


def release_lines(found: tuple[ReleaseView, ...]) -> list[str]:
    rows = (
        (
            item.name,
            item.package_type,
            ", ".join(item.families) or NOTHING,
            item.released or "not known",
            _state(item),
            _reason(item),
        )
        for item in found
    )
    return table(("NAME", "TYPE", "FAMILY", "RELEASED", "STATE", "WHY NOT"), rows)


def _state(item: ReleaseView) -> str:
    words = spoken(item.state).words
    return f"{words}, not recommended" if item.installable and not item.recommended else words


def _reason(item: ReleaseView) -> str:
    return item.reason + (f" (and {item.reasons - 1} more)" if item.reasons > 1 else "")


app = verb_app(releases)
