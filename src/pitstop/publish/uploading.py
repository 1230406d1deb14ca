"""Bring a site to where readers get it: an object store (``s3://bucket/path``) or a folder.

In the order in which readers may look: target files, numbered metadata, then ``media-timestamp.json`` and
``timestamp.json``, which make them known, then roots, and the pages and feeds, which tell people. Whoever
reads in between, or after an upload that was cut off, sees the old site complete. A new root comes after the
timestamp, which is signed for it as well as for the old one (:mod:`pitstop.publish.root_ceremony`). Nothing
is ever deleted, and what never changes under its name (targets, numbered metadata) is never written over: a
file of that name with another size is an error. What has arrived already is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import from_url

from pitstop.model.errors import Conflict, DigestMismatch, InvalidInput, Unreachable
from pitstop.package.site_layout import MEDIA_TIMESTAMP, METADATA_FOLDER, TARGETS_FOLDER
from pitstop.publish.repository import Repository

if TYPE_CHECKING:
    from obstore import Attributes
    from obstore.store import ObjectStore

Tell = Callable[[str], None]
"""Called with a line about each file that is sent."""

_TYPES = {
    ".json": "application/json",
    ".xml": "application/xml",
    ".md": "text/markdown; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".zip": "application/zip",
}
_FEED_TYPES = {".atom.xml": "application/atom+xml", ".rss.xml": "application/rss+xml"}
_LINK_OPTIONS = (
    "proxy_url",
    "proxy_excludes",
    "root_certificate",
    "timeout",
    "connect_timeout",
    "user_agent",
)
_FOR_GOOD = "public, max-age=31536000, immutable"
_FRESH = "no-cache"


@dataclass(frozen=True)
class Sent:
    """How many files were sent, with how many bytes, and how many were there."""

    files: int
    bytes: int
    there: int


def upload(repository: Repository, url: str, tell: Tell, options: Mapping[str, str] | None = None) -> Sent:
    """Bring the site to ``url``.

    Args:
        options: further settings of the store (``endpoint``, ``region``, ...) and of the connection
            (``proxy_url``, ``root_certificate``: a file, ...); what is not given comes from the environment
            (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, ...).

    Raises:
        InvalidInput: the address is none.
        Conflict: a file that never changes is there with other bytes.
        DigestMismatch: a target file here is not what was signed.
        Unreachable: the store does not take it.
    """
    site = repository.settings.site_folder
    published = repository.read()
    signed = {f"{TARGETS_FOLDER}/{path}": file.hashes["sha256"] for path, file in published.targets.items()}
    store = open_store(url, options)
    files, size, there = 0, 0, 0
    with _translated(url):
        for path in in_order(site, signed):
            local = site / path
            if _fixed(path) and _is_there(store, path, local):
                there += 1
                continue
            if path in signed:
                _require_signed(local, signed[path])
            obstore.put(store, path, local, attributes=_attributes(path, url))
            tell(f"{path} ({local.stat().st_size} bytes)")
            files, size = files + 1, size + local.stat().st_size
    return Sent(files, size, there)


def read_options(told: Sequence[str] | None) -> dict[str, str]:
    """``NAME=VALUE`` pairs. Raises InvalidInput: one is not of this form."""
    options = {}
    for pair in told or ():
        name, sign, value = pair.partition("=")
        if not (name and sign):
            raise InvalidInput(f"{pair!r} is not of the form NAME=VALUE")
        options[name] = value
    return options


def open_store(url: str, options: Mapping[str, str] | None = None) -> ObjectStore:
    """The store of this address; a plain path is a folder, which is made.

    Raises:
        InvalidInput: it is no address of a store, or it knows no such option.
    """
    told = dict(options or {})
    try:
        if "://" not in url:
            folder = Path(url).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            return from_url(folder.as_uri())
        if url.startswith("file://"):
            return from_url(url)
        link = _link(told)
        return from_url(url, client_options=link, **told)  # type: ignore[call-overload, no-any-return] # of any store
    except (BaseError, ValueError, TypeError, OSError) as error:
        raise InvalidInput(
            f"{url} is no place for a site: {_said(error)}", hint="It is s3://bucket/path, or a folder."
        ) from error


def _link(told: dict[str, str]) -> dict[str, Any]:
    """Those of the options that are about the connection, taken out of ``told``."""
    link: dict[str, Any] = {name: told.pop(name) for name in _LINK_OPTIONS if name in told}
    if "root_certificate" in link:
        link["root_certificate"] = Path(link["root_certificate"]).read_bytes()
    link["allow_http"] = any(value.startswith("http://") for value in told.values())
    return link


def _said(error: Exception) -> str:
    """The error without the library's dump of itself."""
    return str(error).partition("\n")[0]


def in_order(site: Path, signed: Mapping[str, str]) -> Iterator[str]:
    """The files to bring, by their paths on the site, in the order in which readers may look."""
    names = sorted(path.name for path in (site / METADATA_FOLDER).glob("*.json"))
    last = [MEDIA_TIMESTAMP, "timestamp.json", *(name for name in names if name.endswith(".root.json"))]
    yield from sorted(signed)
    yield from (f"{METADATA_FOLDER}/{name}" for name in names if name not in last)
    yield from (f"{METADATA_FOLDER}/{name}" for name in last if name in names)
    for path in sorted(site.rglob("*")):
        inside = path.relative_to(site)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and not hidden and inside.parts[0] not in (METADATA_FOLDER, TARGETS_FOLDER):
            yield inside.as_posix()


def _fixed(path: str) -> bool:
    """Whether what lies there never changes."""
    folder, _, name = path.partition("/")
    return folder == TARGETS_FOLDER or (folder == METADATA_FOLDER and name[:1].isdigit())


def _is_there(store: ObjectStore, path: str, local: Path) -> bool:
    try:
        size = obstore.head(store, path)["size"]
    except (NotFoundError, FileNotFoundError):
        return False
    if size != local.stat().st_size:
        raise Conflict(
            f"{path} is there with {size} bytes, and has {local.stat().st_size} here",
            hint="What is published never changes. Is this another publisher's site?",
        )
    return True


def _require_signed(local: Path, sha256: str) -> None:
    with local.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise DigestMismatch(
                f"{local} is not what was signed", hint="Bring it back from a backup, or build it again."
            )


def _attributes(path: str, url: str) -> Attributes | None:
    if "://" not in url or url.startswith("file:"):
        return None
    kind = next((told for end, told in _FEED_TYPES.items() if path.endswith(end)), None)
    suffix = Path(path).suffix
    return cast(
        "Attributes",
        {
            "Content-Type": kind or _TYPES.get(suffix, "application/octet-stream"),
            "Cache-Control": _FOR_GOOD if _fixed(path) else _FRESH,
        },
    )


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise Unreachable(
            f"{url} does not take the site: {_said(error)}",
            hint="Check address, credentials and network, then upload again: it goes on where it was.",
        ) from error
