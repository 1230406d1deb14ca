"""What a publisher wants to see of its own site: releases as they stand, and what expires when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pitstop.publish.published import Published
from pitstop.publish.settings import ROLES


def site_document(published: Published) -> dict[str, object]:
    """The site as JSON values, for ``pitstop publish show --json``."""
    catalogue = published.catalogue
    return {
        "publisher": catalogue.publisher,
        "product": catalogue.product,
        "kind": catalogue.kind.value,
        "catalogue": published.number,
        "issued": catalogue.issued.isoformat(),
        "expires": {role: at.isoformat() for role, at in published.expires.items()},
        "families": [{"id": family.id, "predecessor": family.predecessor} for family in catalogue.families],
        "releases": [
            {
                "name": release.name,
                "version": str(release.version),
                "type": release.type.value,
                "family": release.family,
                "families": list(release.families),
                "released": release.released.day.isoformat() if release.released else None,
                "revision": release.revision,
                "status": release.status.value,
                "status_reason": release.status_reason,
                "size": release.size,
            }
            for release in catalogue.releases
        ],
    }


def site_text(published: Published, now: datetime) -> str:
    """The site as a page for a terminal."""
    catalogue = published.catalogue
    whose = f"{catalogue.publisher}/{catalogue.product} ({catalogue.kind})"
    lines = [
        f"{whose}, catalogue {published.number} of {catalogue.issued:%Y-%m-%d %H:%M} UTC",
        "",
        *(_expiry_line(role, published.expires, now) for role in ROLES),
        "",
    ]
    width = max((len(release.name) for release in catalogue.releases), default=0)
    for release in catalogue.releases:
        day = f"{release.released.day}" if release.released else "no date   "
        of = release.family or ", ".join(release.families)
        told = f"{release.name:<{width}}  {release.type:<7}  {of:<10}  {day}  {release.status}"
        lines.append(f"{told}: {release.status_reason}" if release.status_reason else told)
    return "\n".join(lines if catalogue.releases else [*lines, "No releases yet."])


def _expiry_line(role: str, expires: Mapping[str, datetime], now: datetime) -> str:
    days = (expires[role] - now).days
    left = "EXPIRED: run `pitstop publish renew`" if expires[role] <= now else f"{days} days left"
    return f"{role:<10} signed until {expires[role]:%Y-%m-%d %H:%M} UTC ({left})"
