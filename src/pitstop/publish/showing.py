"""What a publisher wants to see of its own site: releases as they stand, and what expires when."""

from __future__ import annotations

from datetime import datetime

from tuf.api.metadata import Root  # type: ignore[attr-defined] # documented, without __all__

from pitstop.package.media_timestamp import media_keyids
from pitstop.publish.published import MediaStamp, Published
from pitstop.publish.root_ceremony import Share, Standing, name_of
from pitstop.publish.settings import KEY_ROLES, MEDIA, ROLES, PublisherSettings
from pitstop.publish.signed_metadata import role_keyids
from pitstop.publish.team_metadata import delegated_roles


def site_document(published: Published, stamp: MediaStamp | None) -> dict[str, object]:
    """The site as JSON values, for ``pitstop publish show --json``."""
    catalogue = published.catalogue
    return {
        "publisher": catalogue.publisher,
        "product": catalogue.product,
        "kind": catalogue.kind.value,
        "catalogue": published.number,
        "issued": catalogue.issued.isoformat(),
        "expires": {role: at.isoformat() for role, at in published.expires.items()},
        "media": {"made": stamp.made.isoformat(), "expires": stamp.expires.isoformat()} if stamp else None,
        "teams": sorted(delegated_roles(published.top)),
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


def site_text(published: Published, stamp: MediaStamp | None, now: datetime) -> str:
    """The site as a page for a terminal."""
    catalogue = published.catalogue
    whose = f"{catalogue.publisher}/{catalogue.product} ({catalogue.kind})"
    lines = [
        f"{whose}, catalogue {published.number} of {catalogue.issued:%Y-%m-%d %H:%M} UTC",
        "",
        *(_expiry_line(role, published.expires[role], now) for role in (*ROLES, *published.teams)),
        *([_expiry_line(MEDIA, stamp.expires, now)] if stamp else ["media      not signed yet"]),
        "",
    ]
    width = max((len(release.name) for release in catalogue.releases), default=0)
    for release in catalogue.releases:
        day = f"{release.released.day}" if release.released else "no date   "
        of = release.family or ", ".join(release.families)
        told = f"{release.name:<{width}}  {release.type:<7}  {of:<10}  {day}  {release.status}"
        lines.append(f"{told}: {release.status_reason}" if release.status_reason else told)
    return "\n".join(lines if catalogue.releases else [*lines, "No releases yet."])


_RENEW = {
    "root": "pitstop publish root prepare",
    "timestamp": "pitstop publish renew",
    MEDIA: "pitstop publish media",
}


def _expiry_line(role: str, expires: datetime, now: datetime) -> str:
    days = (expires - now).days
    how = _RENEW.get(role, f"pitstop publish renew --role {role}" if role in ROLES else "team signs again")
    left = f"EXPIRED: {how}" if expires <= now else f"{days} days left"
    return f"{role:<10} signed until {expires:%Y-%m-%d %H:%M} UTC ({left})"


def standing_document(told: Standing) -> dict[str, object]:
    """A draft of a root as JSON values."""
    return {
        "version": told.version,
        "expires": told.expires.isoformat(),
        "ready": told.ready,
        "changes": list(told.changes),
        "present_root": _share_document(told.old),
        "next_root": _share_document(told.new),
    }


def _share_document(share: Share) -> dict[str, object]:
    return {"threshold": share.threshold, "signed": dict(share.signed), "missing": dict(share.missing)}


def standing_text(told: Standing) -> str:
    """A draft of a root as a page for a terminal."""
    lines = [f"Root {told.version}, until {told.expires:%Y-%m-%d}", ""]
    lines += [f"  {change}" for change in told.changes] or ["  no key changes"]
    for share, whose in ((told.old, "the present root"), (told.new, "the next root")):
        lines += ["", f"{len(share.signed)} of {share.threshold} needed signatures by keys of {whose}"]
        lines += [f"  signed   {name} ({keyid[:12]})" for keyid, name in share.signed.items()]
        lines += [f"  missing  {name} ({keyid[:12]})" for keyid, name in share.missing.items()]
    lines += [
        "",
        "Enough have signed: pitstop publish root finish" if told.ready else "Not enough have signed.",
    ]
    return "\n".join(lines)


def keys_text(root: Root, settings: PublisherSettings) -> str:
    """The keys of the root of trust, by role, and where they are."""
    lines = [f"Root {root.version}"]
    for role in KEY_ROLES:
        keyids = media_keyids(root) if role == MEDIA else role_keyids(root, role)
        must = f", {root.roles[role].threshold} must sign" if role != MEDIA else ""
        lines += ["", f"{role}: {len(keyids)} keys{must}"]
        for name, keyid in sorted((name_of(root.keys[keyid]), keyid) for keyid in keyids):
            lines.append(f"  {name:<14} {keyid[:12]}  {_place(name, settings)}")
    return "\n".join(lines)


def _place(name: str, settings: PublisherSettings) -> str:
    if name in settings.signers:
        return settings.signers[name]
    path = settings.key_folder / f"{name}.pem"
    return str(path) if path.exists() else "not here"
