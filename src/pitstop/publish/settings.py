"""``publisher.toml``: who publishes what, where keys and site lie, how long signatures hold.

Paths are relative to the file's folder. The file holds no secret.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.package.content_paths import package_name_problem, short_name_problem

SETTINGS_FILE = "publisher.toml"
ROOT_FILE = "root.json"
SETTINGS_FORMAT = 1
ROLES = ("root", "targets", "snapshot", "timestamp")

TYPES = {
    PublisherKind.PLATFORM: frozenset({PackageType.FULL, PackageType.EXPRESS, PackageType.HOTFIX}),
    PublisherKind.OEM: frozenset({PackageType.OEM}),
}
"""What a publisher of each kind may publish."""

_Days = Annotated[int, msgspec.Meta(ge=1, le=3660)]
_Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\n\r]*$")]


class ExpiryDays(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """For how many days signed metadata holds, by role. ``renew`` signs snapshot and timestamp anew."""

    root: _Days = 730
    targets: _Days = 365
    snapshot: _Days = 90
    timestamp: _Days = 30

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
    support_address: str = ""
    root: RootKeys = RootKeys()
    expiry_days: ExpiryDays = ExpiryDays()


@dataclass(frozen=True, slots=True)
class PublisherSettings:
    """A publisher, as its ``publisher.toml`` says.

    Attributes:
        publisher: the short name that catalogue and packages carry.
        prefix: what the names of its packages begin with: ``Northstar`` gives ``Northstar1.2311.3.62``.
        site_url: address that customers reach the site under; "" while there is none.
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
    support_address: str = ""
    root: RootKeys = field(default=RootKeys())
    expiry: ExpiryDays = field(default=ExpiryDays())

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


def read_settings(folder: Path) -> PublisherSettings:
    """The settings of the publisher in this folder.

    Raises:
        NotFound: there is no publisher here.
        InvalidInput: the file is not as it must be.
    """
    path = folder / SETTINGS_FILE
    try:
        document = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Document)
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
    lines += _table({name: getattr(settings, name) for name in (*names, "keys", "site")})
    for name, part in (("root", settings.root), ("expiry_days", settings.expiry)):
        lines += ["", f"[{name}]", *_table(msgspec.structs.asdict(part))]
    return "\n".join(lines) + "\n"


def _table(values: Mapping[str, object]) -> list[str]:
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
