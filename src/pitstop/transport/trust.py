"""What went wrong, in Pitstop's words: the one place where errors of tuf and of the disk are translated.

Every message says which source, which role or file, and what is the case; the hint says what to do.
python-tuf's errors do not always name the role: what was asked for last is what failed then.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.serialization import DeserializationError

from pitstop.model.errors import (
    DigestMismatch,
    MetadataExpired,
    NoSpace,
    PitstopError,
    StateUnusable,
    TrustError,
    Unreachable,
)
from pitstop.transport.fetcher import SiteFetcher

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_ROLE = re.compile(r"\b(root|timestamp|snapshot|targets)\b")


@contextmanager
def translated(source: str, fetcher: SiteFetcher) -> Iterator[None]:
    """Lets Pitstop's own errors through, and raises every other as one of them."""
    try:
        yield
    except PitstopError:
        raise
    except RepositoryError as error:
        raise _refused(source, _subject(error, fetcher.asked), error) from error
    except DownloadError as error:
        raise _not_given(source, fetcher.asked, error) from error
    except OSError as error:
        raise disk_error(error) from error


def _subject(error: RepositoryError, asked: str) -> str:
    """The role that an error is about, or else the file that was asked for last; nothing is asked for
    before the pinned root has been read."""
    said = _ROLE.search(str(error))
    if said is not None:
        return said[1]
    name = unquote(urlsplit(asked).path.rpartition("/")[2])
    role = _ROLE.search(name)
    return role[1] if role is not None else name or "pinned root"


def _refused(source: str, role: str, error: RepositoryError) -> TrustError:
    where = f"source {source}: the {role} metadata"
    match error:
        case ExpiredMetadataError():
            return MetadataExpired(f"{where} has expired")
        case UnsignedMetadataError():
            return TrustError(
                f"{where} is not signed by enough of the publisher's keys ({error})",
                hint="Somebody else may have written it. Take nothing from this source until the publisher "
                "has explained it.",
            )
        case BadVersionNumberError():
            return TrustError(
                f"{where} goes back behind what this system has already seen ({error})",
                hint="An old copy, or an attack: renew the copy; if it is the publisher's own site, tell it.",
            )
        case LengthOrHashMismatchError():
            return DigestMismatch(f"{where} is not what the metadata above it lists ({error})")
        case DeserializationError():
            return TrustError(f"{where} cannot be read: it is no TUF metadata")
        case _:
            return TrustError(f"{where} is refused: {error}")


def _not_given(source: str, asked: str, error: DownloadError) -> Unreachable:
    if isinstance(error, DownloadHTTPError):
        return Unreachable(
            f"source {source}: {asked} is not there (status {error.status_code})",
            hint="Check the source's address; if it is right, the publisher's site is incomplete: tell it.",
        )
    return Unreachable(f"source {source}: {asked}: {error}")


def disk_error(error: OSError) -> PitstopError:
    """What the operating system refused to this side."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if error.errno in _FULL:
        return NoSpace(f"no space left: {what}")
    return StateUnusable(
        f"cannot be read or written: {what}", hint="Check the folder's owner, permissions and file system."
    )
