"""Sign the media timestamp: what a transfer carries in the timestamp's place (docs/decisions/0006).

Its key is offline, and it holds for as long as a medium may be used. It names the same snapshot as the wire's
timestamp, under the same version, so that a system which has seen the wire's is not led back by it. Signed
again whenever transfers are to carry something newer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tuf.api.metadata import MetaFile, Timestamp  # type: ignore[attr-defined] # documented, without __all__

from pitstop.model.errors import NotAllowed, TrustError
from pitstop.package.media_timestamp import made_field, media_keyids
from pitstop.package.site_layout import MEDIA_TIMESTAMP
from pitstop.publish.keys import KeyFolder
from pitstop.publish.published import MediaStamp
from pitstop.publish.repository import Repository
from pitstop.publish.settings import MEDIA
from pitstop.publish.signed_metadata import signed_bytes


def sign_for_media(repository: Repository, keys: KeyFolder, now: datetime) -> MediaStamp:
    """Sign what is published now for media, until ``expiry_days.media`` from now.

    Raises:
        NotAllowed: something that it rests on expires sooner.
        TrustError: the key is not the publisher's for media.
        NotFound, InvalidInput: the key is not here, or cannot be opened.
    """
    with repository.alone():
        published = repository.read()
        expires = repository.expiry(MEDIA, now)
        _require_lasting({role: at for role, at in published.expires.items() if role != "timestamp"}, expires)
        signers = keys.usable(MEDIA, media_keyids(published.root))
        if not signers:
            raise TrustError(
                f"the key {MEDIA}.pem in {keys.folder} is not this publisher's key for media",
                hint="Add it with `pitstop publish root prepare --add media=KEY`.",
            )
        version = published.versions["snapshot"]
        timestamp = Timestamp(
            published.versions["timestamp"],
            expires=expires,
            snapshot_meta=MetaFile(version),
            unrecognized_fields=made_field(now),
        )
        raw = signed_bytes(timestamp, signers)
        repository.put_source(repository.metadata_folder / MEDIA_TIMESTAMP, raw)
    return MediaStamp(now.replace(microsecond=0), expires, version)


def _require_lasting(expires: dict[str, datetime], until: datetime) -> None:
    short = sorted(role for role, at in expires.items() if at < until - timedelta(days=1))
    if not short:
        return
    remedy = {
        "root": "sign a new root (`pitstop publish root prepare`)",
        "targets": "`pitstop publish renew --role targets`",
        "snapshot": "`pitstop publish renew --role snapshot`",
    }
    todo = [remedy.get(role, f"let team {role} sign again (`pitstop publish hand-in`)") for role in short]
    raise NotAllowed(
        f"a medium made now would not last until {until:%Y-%m-%d}: {', '.join(short)} expire sooner",
        hint=f"First: {'; '.join(todo)}. If it stays, raise expiry_days in publisher.toml.",
    )
