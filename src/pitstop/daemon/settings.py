"""The service's settings: ``pitstop.toml``, with ``PITSTOP_*`` in the environment overriding it.

Paths in the file are relative to it. State never lies in a checkout: by default it is in
``/var/lib/pitstop`` for root and below ``XDG_STATE_HOME`` for users.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.ports.feeds import Source

SETTINGS_NAME = "pitstop.toml"


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A ``[[source]]``: a publisher's feed that the operator trusts.

    ``root`` is the file with the publisher's root of trust, as it was handed over; it is pinned at the first
    start. ``types``: the package types that the source may publish.
    """

    name: str
    publisher: str
    kind: PublisherKind
    url: str
    types: list[PackageType]
    root: str


class FileSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``pitstop.toml`` may say."""

    system: str
    state: str | None = None
    listen: str = "127.0.0.1:8460"
    poll_minutes: float = 60.0
    source: list[SourceSettings] = []


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds, from file and environment, checked; all paths absolute."""

    folder: Path
    system_file: Path
    state: Path
    host: str
    port: int
    poll_minutes: float
    sources: tuple[tuple[Source, Path], ...]


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in this file.

    Raises:
        NotFound: the file is not there.
        InvalidInput: it does not hold to the form; the message names the place.
    """
    if not path.is_file():
        raise NotFound(
            f"there is no settings file {path}", hint="Name one with --settings or PITSTOP_SETTINGS."
        )
    try:
        said = msgspec.toml.decode(path.read_bytes(), type=FileSettings)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{path}: {error}", hint="The settings are in docs/settings.md.") from error
    folder = path.resolve().parent
    host, port = _address(environment.get("PITSTOP_LISTEN", said.listen))
    return Settings(
        folder=folder,
        system_file=folder / environment.get("PITSTOP_SYSTEM", said.system),
        state=folder / (environment.get("PITSTOP_STATE") or said.state or default_state(environment)),
        host=host,
        port=port,
        poll_minutes=_positive(environment.get("PITSTOP_POLL_MINUTES", said.poll_minutes)),
        sources=tuple((_source(source), folder / source.root) for source in said.source),
    )


def default_state(environment: Mapping[str, str]) -> str:
    """Where state lies when nothing says otherwise: by root or user."""
    if os.geteuid() == 0:
        return "/var/lib/pitstop"
    home = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return str(Path(home) / "pitstop")


def _source(said: SourceSettings) -> Source:
    return Source(said.name, said.publisher, said.kind, said.url, frozenset(said.types))


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise InvalidInput(f"listen = {listen!r} is not an address and a port, such as 127.0.0.1:8460")
    host = host.strip("[]")
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise InvalidInput(f"listen: {host!r} is not an address of this machine") from error
    if not loopback:
        raise InvalidInput(
            f"listen = {listen!r} is not on loopback, and the service speaks plain HTTP",
            hint="Listen on 127.0.0.1 and put a TLS proxy of this machine in front.",
        )
    return host, int(port)


def _positive(value: str | float) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise InvalidInput(f"poll_minutes = {value!r} is not a number") from error
    if not 0 < number < float("inf"):
        raise InvalidInput(f"poll_minutes = {value!r} is not a positive number")
    return number
