"""``publisher.toml``: who publishes what, where keys and site lie, how long signatures hold.

Paths are relative to the file's folder. The file holds no secret. ``[signers]`` names the keys that are not
PEM files in the key folder, each with its address (see :mod:`pitstop.publish.keys`).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.package.content_paths import package_name_problem, short_name_problem
from pitstop.package.typed import converted

SETTINGS_FILE = "publisher.toml"
ROOT_FILE = "root.json"
SETTINGS_FORMAT = 1
ROLES = ("root", "targets", "snapshot", "timestamp")
MEDIA = "media"
"""What the key of media timestamps is called. TUF has no such role: see docs/decisions/0006."""

KEY_ROLES = (*ROLES, MEDIA)

TYPES = {
    PublisherKind.PLATFORM: frozenset({PackageType.FULL, PackageType.EXPRESS, PackageType.HOTFIX}),
    PublisherKind.OEM: frozenset({PackageType.OEM}),
}
"""What a publisher of each kind may publish."""

_Days = Annotated[int, msgspec.Meta(ge=1, le=3660)]
_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\n\r]*$")]


class ExpiryDays(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """For how many days signed metadata holds, by role.

    Freshness is the timestamp's business. The others hold longer than a medium may be old (``media``), so
    that a transfer made today is still whole on the day on which it is refused for its age.
    """

    root: _Days = 1095
    targets: _Days = 730
    snapshot: _Days = 730
    timestamp: _Days = 30
    media: _Days = 365

    def after(self, role: str) -> timedelta:
        return timedelta(days=getattr(self, role))


class RootKeys(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How many root keys there are, and how many of them must sign."""

    keys: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    threshold: Annotated[int, msgspec.Meta(ge=1, le=20)] = 2


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    publisher: str
    display_name: _Line
    prefix: str
    kind: PublisherKind
    product: str
    keys: str = "keys"
    site: str = "site"
    site_url: str = ""
    feed_authority: str = ""
    support_address: str = ""
    root: RootKeys = RootKeys()
    expiry_days: ExpiryDays = ExpiryDays()
    signers: dict[str, _Line] = {}


@dataclass(frozen=True, slots=True)
class PublisherSettings:
    """A publisher, as its ``publisher.toml`` says.

    Attributes:
        publisher: the short name that catalogue and packages carry.
        prefix: what the names of its packages begin with: ``Northstar`` gives ``Northstar1.2311.3.62``.
        site_url: address that customers reach the site under; "" while there is none.
        feed_authority: what the ids of feed entries begin with, such as ``updates.example,2026-11-21``: a
            domain and a day on which it was this publisher's. Never changed, also when ``site_url`` is.
        signers: address of each key that is no PEM file in the key folder, by the key's name.
    """

    folder: Path
    publisher: str
    display_name: str
    prefix: str
    kind: PublisherKind
    product: str
    keys: str = "keys"
    site: str = "site"
    site_url: str = ""
    feed_authority: str = ""
    support_address: str = ""
    root: RootKeys = field(default=RootKeys())
    expiry: ExpiryDays = field(default=ExpiryDays())
    signers: Mapping[str, str] = field(default_factory=dict)

    @property
    def key_folder(self) -> Path:
        return self.folder / self.keys

    @property
    def site_folder(self) -> Path:
        return self.folder / self.site

    @property
    def root_file(self) -> Path:
        """The first root of trust: what customers pin."""
        return self.folder / ROOT_FILE

    def check(self) -> None:
        """Raises InvalidInput naming what cannot be."""
        for name in (self.publisher, self.product):
            if problem := short_name_problem(name):
                raise InvalidInput(f"{SETTINGS_FILE}: {problem}")
        if problem := package_name_problem(f"{self.prefix}1.0"):
            raise InvalidInput(f"{SETTINGS_FILE}: prefix: {problem}")
        if self.root.threshold > self.root.keys:
            raise InvalidInput(
                f"{SETTINGS_FILE}: {self.root.threshold} of {self.root.keys} root keys cannot sign"
            )
        for name in self.signers:
            if problem := short_name_problem(name):
                raise InvalidInput(f"{SETTINGS_FILE}: signers: {problem}")
        if self.site_url and not _is_site_url(self.site_url):
            raise InvalidInput(f"{SETTINGS_FILE}: site_url {self.site_url!r} is no http or https address")
        if self.feed_authority and not _AUTHORITY.fullmatch(self.feed_authority):
            raise InvalidInput(
                f"{SETTINGS_FILE}: feed_authority {self.feed_authority!r} is not of the form domain,date",
                hint="Such as updates.example,2026-11-21: a domain, and a day on which it was yours.",
            )


_AUTHORITY = re.compile(r"[a-z0-9][a-z0-9.-]{0,200},[0-9]{4}(-[0-9]{2}){0,2}", re.ASCII)


def _is_site_url(url: str) -> bool:
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        return False
    plain = url.isprintable() and " " not in url and not address.query and not address.fragment
    return plain and address.scheme in ("http", "https") and bool(address.hostname)


def read_settings(folder: Path) -> PublisherSettings:
    """The settings of the publisher in this folder.

    Raises:
        NotFound: there is no publisher here.
        InvalidInput: the file is not as it must be.
    """
    path = folder / SETTINGS_FILE
    try:
        document = converted(tomllib.loads(path.read_text(encoding="utf-8")), _Document)
    except FileNotFoundError:
        raise NotFound(
            f"there is no publisher in {folder}: {SETTINGS_FILE} is missing",
            hint="Name its folder with --publisher, or make one with `pitstop publish init`.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InvalidInput(f"{path}: {error}") from error
    if document.format != SETTINGS_FORMAT:
        raise InvalidInput(f"{path}: format {document.format} is not known, {SETTINGS_FORMAT} is")
    told = {name: getattr(document, name) for name in document.__struct_fields__}
    del told["format"]
    settings = PublisherSettings(folder, expiry=told.pop("expiry_days"), **told)
    settings.check()
    return settings


def settings_text(settings: PublisherSettings) -> str:
    """The settings as ``publisher.toml``. JSON's strings and numbers are also TOML's."""
    lines = ["# A publisher of Pitstop packages. No secrets in here: the keys are in their own folder."]
    lines.append(f"format = {SETTINGS_FORMAT}")
    names = ("publisher", "display_name", "prefix", "kind", "product", "support_address", "site_url")
    lines += _table({name: getattr(settings, name) for name in (*names, "feed_authority", "keys", "site")})
    for name, part in (("root", settings.root), ("expiry_days", settings.expiry)):
        lines += ["", f"[{name}]", *_table(msgspec.structs.asdict(part))]
    lines += ["", "[signers]", *_table(settings.signers)] if settings.signers else []
    return "\n".join(lines) + "\n"


def _table(values: Mapping[str, object]) -> list[str]:
    return [f"{_key(name)} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]


def _key(name: str) -> str:
    """A TOML key: as it is, or between quotes."""
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else json.dumps(name)
